using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.VirtualCpus;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>What the monitor did: the virtual machines, where the CPUs' time went, and why. [Disco 5.2]</summary>
internal sealed class MonitorSection
{
    private readonly DiscoMachine _machine;
    private readonly GuestConsoles _consoles;
    private readonly MonitorReport _figures;
    private readonly MemorySection _memory;
    private readonly ShootdownSection _shootdowns;
    private readonly PlacementReport _placement;
    private readonly double _nanosecondsPerCycle;

    public MonitorSection(DiscoMachine machine, GuestConsoles consoles, MemoryPeak peak, Cycle now)
    {
        _machine = machine;
        _consoles = consoles;
        _figures = MonitorReport.Of(machine, now);
        _memory = new MemorySection(machine, peak, now.Value);
        _shootdowns = new ShootdownSection(machine);
        _placement = PlacementReport.Of(machine, now);
        _nanosecondsPerCycle = 1e9 / machine.Config.Board.ClockHz;
    }

    private long Cycles => Math.Max(1, _figures.Total.Cycles);

    public object ToJson() => new
    {
        vms = _machine.Vms.Select(vm => new
        {
            vm.Config.Name,
            guest = vm.Config.Image.Name,
            vm.Config.Vcpus,
            vm.Config.MemoryBytes,
            vm.Processors.ExitCode,
            vm.Processors.IsLost,
            outcome = OutcomeOf(vm),
            console = _consoles.Of(vm.Console),
        }),
        losses = _machine.Losses.Select(loss => new
        {
            cycle = loss.At.Value,
            nodes = loss.Nodes.ToString(),
            vms = loss.Vms.Select(lost => new { _machine.Vms[lost.Vm].Config.Name, lost.Why }),
        }),
        time = _figures.Total,
        cpus = _figures.Cpus,
        causes = _figures.Causes.ToDictionary(
            row => row.Cause.ToString(), row => new { row.Count, row.Cycles }),
        memory = _memory.ToJson(),
        placement = new
        {
            policy = _placement.Policy.ToString(),
            first = _placement.First.ToString(),
            _placement.LocalShare,
            _placement.HotPages,
            moves = _placement.Moves.ToDictionary(
                move => move.Kind.ToString(), move => new { move.Count, move.PerSecond, move.MeanMicroseconds }),
        },
        shootdowns = _shootdowns.ToJson(),
        scheduler = new
        {
            dispatches = Scheduled(node => node.Dispatches),
            switches = Scheduled(node => node.Switches),
            handOvers = Scheduled(node => node.HandOvers),
            preemptions = Scheduled(node => node.Preemptions),
            steals = Scheduled(node => node.Steals),
            waitedCycles = Scheduled(node => node.WaitedCycles),
        },
        devices = new DeviceSection(_machine).ToJson(),
    };

    public void Print()
    {
        PrintMachines();
        PrintTime();
        PrintCauses();
        _memory.Print();
        PrintPlacement();
        _shootdowns.Print();
        new DeviceSection(_machine).Print();
    }

    private void PrintMachines()
    {
        Table table = Tables.New("vm", "guest", "vcpus", "memory", "how it ended");
        foreach (VirtualMachine vm in _machine.Vms)
        {
            table.AddRow(
                Markup.Escape(vm.Config.Name),
                Markup.Escape(vm.Config.Image.Name),
                Number(vm.Config.Vcpus),
                $"{vm.Config.MemoryBytes >> 10:N0} KiB",
                Markup.Escape(OutcomeOf(vm)));
        }
        Tables.Print(table);
        foreach (LossReport loss in _machine.Losses)
        {
            string vms = string.Join(", ", loss.Vms.Select(lost => _machine.Vms[lost.Vm].Config.Name));
            string them = loss.Nodes.Count == 1 ? "it" : "them";
            Console.WriteLine($"{NodesOf(loss.Nodes)} lost at {loss.At}, and with {them} "
                + (vms.Length == 0 ? "no virtual machine" : vms));
        }
    }

    private void PrintTime()
    {
        Table table = Tables.New("time of all CPUs", "user %", "kernel %", "monitor %", "idle %");
        table.AddRow(
            $"{Cycles * _nanosecondsPerCycle / 1e6:F3} ms",
            Percent(_figures.Total.UserCycles),
            Percent(_figures.Total.KernelCycles),
            Percent(_figures.Total.MonitorCycles),
            Percent(_figures.Total.IdleCycles));
        Tables.Print(table);
    }

    private void PrintCauses()
    {
        Table table = Tables.New("monitor's time for", "count", "mean ns", "share of all time %");
        foreach (MonitorCauseReport row in _figures.Causes.Where(row => row.Count != 0)
            .OrderByDescending(row => row.Cycles))
        {
            table.AddRow(
                NameOf(row.Cause),
                Number(row.Count),
                Fixed(row.MeanCycles * _nanosecondsPerCycle, 0),
                Percent(row.Cycles));
        }
        Tables.Print(table);
        long dispatches = Math.Max(1, Scheduled(node => node.Dispatches));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_figures.Total.SecondLevelHits:N0} hits of second-level TLBs; "
            + $"{Scheduled(node => node.Dispatches):N0} dispatches of virtual CPUs, "
            + $"{Scheduled(node => node.HandOvers):N0} to another CPU, {Scheduled(node => node.Steals):N0} stolen, "
            + $"{Scheduled(node => node.Preemptions):N0} preemptions, mean wait "
            + $"{Scheduled(node => node.WaitedCycles) * _nanosecondsPerCycle / 1e3 / dispatches:F1} us"));
        Console.WriteLine();
    }

    /// <summary>Figure 8's shares and Table 3 of the paper.</summary>
    private void PrintPlacement()
    {
        if (_placement.HotPages == 0 && _placement.First == FirstFrame.Near)
        {
            return;
        }
        string[] moves = [.. _placement.Moves.Select(move => move.Kind.ToString())];
        Table table = Tables.New(["placement", "pages at first", "local misses %", "hot pages", .. moves]);
        table.AddRow(
        [
            _placement.Policy.ToString(),
            _placement.First == FirstFrame.Near ? "near" : "round-robin",
            Fixed(100 * _placement.LocalShare, 1),
            Number(_placement.HotPages),
            .. _placement.Moves.Select(move => move.Count == 0
                ? "0"
                : $"{Number((long)move.PerSecond)}/s, {Fixed(move.MeanMicroseconds, 1)} us"),
        ]);
        Tables.Print(table);
    }

    private long Scheduled(Func<SchedulerStatistics, long> figure) =>
        _machine.Schedulers.Sum(scheduler => figure(scheduler.Statistics));

    private string OutcomeOf(VirtualMachine vm) => _figures.Vms[vm.Number] switch
    {
        _ when vm.Processors.IsLost => "lost" + WhyLost(vm.Number),
        { Failure: { } failure } => $"failed: {failure}",
        { ExitCode: null } => "still runs",
        { ExitCode: 0 } => "ok",
        { ExitCode: var code } => $"failed with code {code}",
    };

    private string WhyLost(int vm) => _machine.Losses
        .SelectMany(loss => loss.Vms.Where(lost => lost.Vm == vm).Select(
            lost => $" with {NodesOf(loss.Nodes)} at {loss.At}: {lost.Why}"))
        .FirstOrDefault("");

    private static string NodesOf(NodeSet nodes) => $"{(nodes.Count == 1 ? "node" : "nodes")} {nodes}";

    private static string NameOf(MonitorCause cause) => cause switch
    {
        MonitorCause.TlbMiss => "TLB misses the guest does not see",
        MonitorCause.TlbWrite => "TLB writes",
        MonitorCause.Privileged => "other privileged instructions",
        MonitorCause.Exception => "exceptions handed to guests",
        MonitorCause.Interrupt => "interrupts handed to guests",
        MonitorCause.Fill => "pages asked for, the wait included",
        MonitorCause.Device => "device accesses, the wait included",
        MonitorCause.Call => "monitor calls, the wait included",
        MonitorCause.Shootdown => "shootdowns",
        MonitorCause.Switch => "changes of virtual CPU",
    };

    private string Percent(long cycles) => Fixed(100.0 * cycles / Cycles, 1);

    private static string Fixed(double value, int digits) =>
        value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
