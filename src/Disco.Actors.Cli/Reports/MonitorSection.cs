using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.VirtualCpus;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>What the monitor did: the virtual machines, where the CPUs' time went, and why. [Disco 5.2]</summary>
internal sealed class MonitorSection
{
    private readonly DiscoMachine _machine;
    private readonly GuestConsoles _consoles;
    private readonly MonitorStatistics[] _cpus;
    private readonly double _nanosecondsPerCycle;

    public MonitorSection(DiscoMachine machine, GuestConsoles consoles, Cycle now)
    {
        _machine = machine;
        _consoles = consoles;
        _cpus = [.. machine.Monitors.Select(monitor => monitor.Statistics)];
        _nanosecondsPerCycle = 1e9 / machine.Config.Board.ClockHz;
        foreach (DiscoCpu monitor in machine.Monitors)
        {
            monitor.AccountTo(now.Value);
        }
    }

    private long Cycles => Math.Max(1, _cpus.Sum(cpu =>
        cpu.UserCycles + cpu.KernelCycles + cpu.MonitorCycles + cpu.IdleCycles));

    public object ToJson() => new
    {
        vms = _machine.Vms.Select(vm => new
        {
            vm.Config.Name,
            guest = vm.Config.Image.Name,
            vm.Config.Vcpus,
            vm.Config.MemoryBytes,
            vm.Processors.ExitCode,
            outcome = OutcomeOf(vm),
            console = _consoles.Of(vm.Console),
        }),
        time = new
        {
            userCycles = _cpus.Sum(cpu => cpu.UserCycles),
            kernelCycles = _cpus.Sum(cpu => cpu.KernelCycles),
            monitorCycles = _cpus.Sum(cpu => cpu.MonitorCycles),
            idleCycles = _cpus.Sum(cpu => cpu.IdleCycles),
        },
        causes = Enum.GetValues<MonitorCause>().ToDictionary(
            cause => cause.ToString(),
            cause => new { count = CountOf(cause), cycles = CyclesOf(cause) }),
        secondLevelHits = _cpus.Sum(cpu => cpu.SecondLevelHits),
        scheduler = new
        {
            dispatches = Scheduled(node => node.Dispatches),
            switches = Scheduled(node => node.Switches),
            handOvers = Scheduled(node => node.HandOvers),
            preemptions = Scheduled(node => node.Preemptions),
            steals = Scheduled(node => node.Steals),
            waitedCycles = Scheduled(node => node.WaitedCycles),
        },
    };

    public void Print()
    {
        PrintMachines();
        PrintTime();
        PrintCauses();
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
    }

    private void PrintTime()
    {
        Table table = Tables.New("time of all CPUs", "user %", "kernel %", "monitor %", "idle %");
        table.AddRow(
            $"{Cycles * _nanosecondsPerCycle / 1e6:F3} ms",
            Percent(_cpus.Sum(cpu => cpu.UserCycles)),
            Percent(_cpus.Sum(cpu => cpu.KernelCycles)),
            Percent(_cpus.Sum(cpu => cpu.MonitorCycles)),
            Percent(_cpus.Sum(cpu => cpu.IdleCycles)));
        Tables.Print(table);
    }

    private void PrintCauses()
    {
        Table table = Tables.New("monitor's time for", "count", "mean ns", "share of all time %");
        foreach (MonitorCause cause in Enum.GetValues<MonitorCause>().OrderByDescending(CyclesOf))
        {
            if (CountOf(cause) != 0)
            {
                double mean = CyclesOf(cause) * _nanosecondsPerCycle / CountOf(cause);
                table.AddRow(
                    NameOf(cause),
                    Number(CountOf(cause)),
                    mean.ToString("F0", CultureInfo.InvariantCulture),
                    Percent(CyclesOf(cause)));
            }
        }
        Tables.Print(table);
        long dispatches = Math.Max(1, Scheduled(node => node.Dispatches));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_cpus.Sum(cpu => cpu.SecondLevelHits):N0} hits of second-level TLBs; "
            + $"{Scheduled(node => node.Dispatches):N0} dispatches of virtual CPUs, "
            + $"{Scheduled(node => node.HandOvers):N0} to another CPU, {Scheduled(node => node.Steals):N0} stolen, "
            + $"{Scheduled(node => node.Preemptions):N0} preemptions, mean wait "
            + $"{Scheduled(node => node.WaitedCycles) * _nanosecondsPerCycle / 1e3 / dispatches:F1} us"));
        Console.WriteLine();
    }

    private long CountOf(MonitorCause cause) => _cpus.Sum(cpu => cpu.CountOf(cause));

    private long CyclesOf(MonitorCause cause) => _cpus.Sum(cpu => cpu.CyclesOf(cause));

    private long Scheduled(Func<SchedulerStatistics, long> figure) =>
        _machine.Schedulers.Sum(scheduler => figure(scheduler.Statistics));

    private static string OutcomeOf(VirtualMachine vm) => vm.Processors switch
    {
        { ExitCode: null } => "still runs",
        { Failed: true } => "failed: its guest went where no handler is",
        { ExitCode: 0 } => "ok",
        { ExitCode: var code } => $"failed with code {code}",
    };

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

    private string Percent(long cycles) =>
        (100.0 * cycles / Cycles).ToString("F1", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
