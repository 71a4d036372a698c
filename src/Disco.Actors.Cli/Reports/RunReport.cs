using System.Globalization;
using System.Text;
using System.Text.Json;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Verification.Observers;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>How a run ended and what the machine did, for people (tables) and machines (JSON).</summary>
internal sealed class RunReport
{
    private readonly Experiment _experiment;
    private readonly Multiprocessor _machine;
    private readonly Engine _engine;
    private readonly RunResult _result;
    private readonly double _hostSeconds;
    private readonly GuestConsoles _consoles;
    private readonly MonitorSection? _monitor;
    private readonly MachineReport _figures;
    private readonly string _stateHash;
    private readonly string[] _notes;
    private readonly RunChecks? _checks;

    private RunReport(
        Experiment experiment, BuiltMachine machine, Engine engine, RunResult result, TimeSpan host,
        GuestConsoles consoles, MemoryPeak? peak, RunChecks? checks)
    {
        _experiment = experiment;
        _machine = machine.Hardware;
        _engine = engine;
        _result = result;
        _hostSeconds = host.TotalSeconds;
        _consoles = consoles;
        _checks = checks;
        _monitor = machine.Disco is { } disco ? new MonitorSection(disco, consoles, peak!, engine.Now) : null;
        _figures = MachineReport.Of(_machine, engine.Now, engine.DeliveriesByKind());
        // Of a run that has failed the state is what was left in the middle of a step.
        _stateHash = result.Outcome == Outcome.Faulted
            ? "none"
            : engine.StateHash().ToString("x16", CultureInfo.InvariantCulture);
        _notes = [.. result.Outcome is Outcome.ReachedLimit or Outcome.Cancelled ? LostCpus.Describe(_machine) : []];
    }

    private double GuestMips => _figures.Instructions / _hostSeconds / 1e6;

    private string OutcomeText => _result.Outcome switch
    {
        Outcome.Stopped => _result.ExitCode == 0 ? "ok" : $"failed with code {_result.ExitCode}: {_result.Reason}",
        Outcome.ReachedLimit => "limit reached, the guest still runs",
        Outcome.Cancelled => "interrupted",
        Outcome.NoProgress => $"no progress: {_result.Reason}",
        Outcome.Faulted => $"fault of the emulator: {_result.Reason}",
    };

    public static RunReport Of(
        Experiment experiment, BuiltMachine machine, Engine engine, RunResult result, TimeSpan host,
        GuestConsoles consoles, MemoryPeak? peak, RunChecks? checks) =>
        new(experiment, machine, engine, result, host, consoles, peak, checks);

    /// <param name="registers">Whether to show them.</param>
    /// <param name="recording">What is known of the recording; null without one.</param>
    public string ToJson(bool registers, object? recording = null)
    {
        Dictionary<string, object?> report = new()
        {
            ["outcome"] = OutcomeText,
            ["exitCode"] = _result.ExitCode,
            ["reason"] = _result.Reason,
            ["stateHash"] = _stateHash,
            ["board"] = _experiment.Board.Name,
            ["guest"] = _experiment.Guests,
            ["seed"] = _experiment.Options.Seed,
            ["cycles"] = _figures.Cycles,
            ["virtualSeconds"] = _figures.VirtualSeconds,
            ["instructions"] = _figures.Instructions,
            ["hostSeconds"] = _hostSeconds,
            ["guestMips"] = GuestMips,
            ["deliveries"] = _engine.Deliveries,
            ["windowDelay"] = _engine.WindowDelay,
            ["threads"] = _engine.ThreadTimes.Select(ThreadObject),
            ["messages"] = _figures.Messages.ToDictionary(message => message.Name, message => message.Count),
            ["misses"] = _figures.Misses,
            ["localMissShare"] = _figures.LocalShare,
            ["missLatencyCycles"] = _figures.MissLatency,
            ["cpus"] = _figures.Cpus.Select(CpuObject),
            ["nodes"] = _figures.Nodes,
            ["console"] = Encoding.UTF8.GetString(_consoles.Shown),
        };
        if (_notes.Length > 0)
        {
            report["notes"] = _notes;
        }
        if (recording is not null)
        {
            report["recording"] = recording;
        }
        if (_checks is not null)
        {
            report["checked"] = _checks.Counts.ToDictionary(each => each.What, each => each.Count);
        }
        if (_monitor is not null)
        {
            report["monitor"] = _monitor.ToJson();
        }
        if (_result.Report.Length > 0)
        {
            report["report"] = _result.Report;
        }
        if (registers)
        {
            report["registers"] = _machine.Cpus.ToDictionary(cpu => cpu.Address.ToString(), RegisterDump.Of);
        }
        return JsonSerializer.Serialize(report, JsonReport.Options);
    }

    public void Print(bool registers)
    {
        if (_consoles.Shown is [.., not (byte)'\n'])
        {
            Console.WriteLine();
        }
        Console.WriteLine();
        PrintSummary();
        _monitor?.Print();
        PrintCpus();
        PrintMessages();
        if (registers)
        {
            foreach (Machine.Cpus.Cpu cpu in _machine.Cpus)
            {
                Console.WriteLine(RegisterDump.Text(cpu));
            }
        }
        if (_result.Report.Length > 0)
        {
            Console.Error.WriteLine(_result.Report);
        }
    }

    private static object ThreadObject(ThreadTime thread) => new
    {
        windowsSeconds = thread.Windows.TotalSeconds,
        waitingSeconds = thread.Waiting.TotalSeconds,
        idleSeconds = thread.Idle.TotalSeconds,
        thread.Waits,
    };

    private static object CpuObject(CpuReport cpu) => new
    {
        cpu.Number,
        cpu.Node,
        cpu.Instructions,
        busyCycles = cpu.Time.BusyCycles,
        stallCycles = cpu.Time.StallCycles,
        idleCycles = cpu.Time.IdleCycles,
        l2Hits = cpu.SecondLevelHits,
        missesLocal = cpu.LocalMisses,
        missesRemote = cpu.RemoteMisses,
        cpu.Upgrades,
        cpu.Nacks,
        cpu.Writebacks,
        cpu.Invalidations,
    };

    private void PrintSummary()
    {
        LatencySummary latency = _figures.MissLatency;
        double nanosecondsPerCycle = 1e9 / _machine.Config.ClockHz;
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("result", Markup.Escape(OutcomeText));
        foreach (string note in _notes)
        {
            grid.AddRow("note", Markup.Escape(note));
        }
        grid.AddRow("machine", Markup.Escape(MachineText()));
        grid.AddRow("virtual time", $"{_figures.VirtualSeconds * 1e3:F3} ms, {_figures.Cycles:N0} cycles");
        grid.AddRow("instructions", $"{_figures.Instructions:N0}");
        grid.AddRow("host time", $"{_hostSeconds:F2} s, {GuestMips:F1} guest MIPS, {MessageRate()}");
        if (_engine.ThreadTimes.Count > 1)
        {
            grid.AddRow("threads", string.Join("; ", _engine.ThreadTimes.Select(ThreadText)));
        }
        if (_experiment.Options.WindowCycles != 0 || _experiment.Engine == EngineKind.Akka)
        {
            WindowDelay delay = _engine.WindowDelay;
            string which = _experiment.Engine == EngineKind.Akka ? "messages" : "messages between nodes";
            grid.AddRow(
                "window delay",
                $"{delay.Count:N0} {which} late by {delay.MeanCycles:F0} cycles on average, "
                + $"{delay.MaxCycles:N0} at most");
        }
        if (latency.Count > 0)
        {
            grid.AddRow("misses", $"{_figures.Misses:N0}, {Percent(_figures.LocalShare)} % in the own node's memory");
            grid.AddRow(
                "miss latency",
                $"mean {latency.MeanCycles * nanosecondsPerCycle:F0} ns, p50 {latency.P50 * nanosecondsPerCycle:F0}, "
                + $"p90 {latency.P90 * nanosecondsPerCycle:F0}, p99 {latency.P99 * nanosecondsPerCycle:F0}, "
                + $"p99.9 {latency.P999 * nanosecondsPerCycle:F0}");
        }
        grid.AddRow("state hash", _stateHash);
        if (_checks is not null)
        {
            grid.AddRow("checked", string.Join(", ", _checks.Counts.Select(each => $"{each.Count:N0} {each.What}")));
        }
        Tables.To(Console.Out, Console.IsOutputRedirected).Write(grid);
    }

    private string MachineText()
    {
        BoardConfig board = _experiment.Board;
        string engine = _experiment.Engine switch
        {
            EngineKind.Parallel => $"parallel engine, {_experiment.Options.Threads} threads",
            EngineKind.Akka when _experiment.ClusterMembers > 1 =>
                $"Akka engine, {_experiment.ClusterMembers} processes, {_experiment.Options.Threads} threads here",
            EngineKind.Akka => $"Akka engine, {_experiment.Options.Threads} threads",
            EngineKind.Deterministic => "deterministic engine",
        };
        long cycles = _experiment.Engine == EngineKind.Akka
            ? _experiment.AkkaWindowCycles
            : _experiment.Options.WindowCycles;
        string window = cycles == 0 ? "" : $", window {cycles}";
        return $"{board.Name}: {board.Nodes} nodes, {board.Cpus} CPUs, {board.MemoryBytes >> 20} MiB, "
            + $"{board.Topology}, {board.Fidelity}; {engine}{window}, seed {_experiment.Options.Seed}";
    }

    private static string ThreadText(ThreadTime thread)
    {
        double all = Math.Max(1e-9, (thread.Windows + thread.Waiting + thread.Idle).TotalSeconds);
        return $"{Percent(thread.Windows.TotalSeconds / all)} % busy, "
            + $"{Percent(thread.Waiting.TotalSeconds / all)} % waiting";
    }

    private string MessageRate() =>
        $"{_engine.Deliveries:N0} messages ({_engine.Deliveries / _hostSeconds / 1e6:F2} M/s)";

    private void PrintCpus()
    {
        Table table = Tables.New(
            "cpu", "node", "instructions", "busy %", "stall %", "idle %", "L1 mpki", "L2 mpki", "local", "remote",
            "upgrades", "nacks", "invals");
        foreach (CpuReport cpu in _figures.Cpus)
        {
            double all = Math.Max(1, cpu.Time.BusyCycles + cpu.Time.StallCycles + cpu.Time.IdleCycles);
            long memory = cpu.LocalMisses + cpu.RemoteMisses;
            table.AddRow(
                Number(cpu.Number),
                Number(cpu.Node),
                Number(cpu.Instructions),
                Percent(cpu.Time.BusyCycles / all),
                Percent(cpu.Time.StallCycles / all),
                Percent(cpu.Time.IdleCycles / all),
                PerThousand(cpu.SecondLevelHits + memory, cpu.Instructions),
                PerThousand(memory, cpu.Instructions),
                Number(cpu.LocalMisses),
                Number(cpu.RemoteMisses),
                Number(cpu.Upgrades),
                Number(cpu.Nacks),
                Number(cpu.Invalidations));
        }
        Tables.Print(table);
    }

    private void PrintMessages()
    {
        Table table = Tables.New("messages", "count", "share");
        foreach (MessageCount message in _figures.Messages)
        {
            table.AddRow(
                Markup.Escape(message.Name),
                Number(message.Count),
                Percent((double)message.Count / Math.Max(1, _engine.Deliveries)));
        }
        Tables.Print(table);
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Misses per 1,000 instructions.</summary>
    private static string PerThousand(long misses, long instructions) =>
        instructions == 0 ? "" : (1000.0 * misses / instructions).ToString("F2", CultureInfo.InvariantCulture);

    private static string Percent(double part) => (part * 100).ToString("F1", CultureInfo.InvariantCulture);
}
