using System.Diagnostics;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;

namespace Disco.Actors.Cli.Scaling;

/// <summary>One run of one cell.</summary>
/// <param name="Cpus">Of the machine.</param>
/// <param name="Threads">Host threads; 0 for the deterministic engine.</param>
/// <param name="HostSeconds">From the first message to the last.</param>
/// <param name="StateHash">At the end.</param>
/// <param name="End">How it ended, and what the guests printed but for figures that depend on time.</param>
/// <param name="Figures">What the machine did.</param>
/// <param name="Deliveries">Messages.</param>
/// <param name="Delay">What a window added to the messages' ways.</param>
/// <param name="ThreadTimes">By host thread.</param>
/// <param name="ResidentBytes">Of the host's memory, for the machine at its end and the code compiled for it.</param>
internal sealed record ScaleRun(
    int Cpus,
    int Threads,
    double HostSeconds,
    ulong StateHash,
    ScaleEnd End,
    MachineReport Figures,
    long Deliveries,
    WindowDelay Delay,
    IReadOnlyList<ThreadTime> ThreadTimes,
    long ResidentBytes)
{
    public double GuestMips => Figures.Instructions / HostSeconds / 1e6;

    /// <summary>Builds the cell's machine and runs it to its end. Errors: <see cref="UserError"/> when the guest does
    /// not end well, because then there is nothing to compare.</summary>
    /// <param name="workload">What runs.</param>
    /// <param name="cpus">Of the machine.</param>
    /// <param name="threads">0 for the deterministic engine.</param>
    /// <param name="cancelled">True ends it; the result is null.</param>
    /// <param name="others">Runs that begin at the same time, and that are over before this one's memory is looked at;
    /// null for none.</param>
    public static ScaleRun? Of(
        ScaleWorkload workload, int cpus, int threads, Func<bool> cancelled, Barrier? others = null)
    {
        long before = Resident();
        Experiment experiment = workload.Cell(cpus, threads);
        BuiltMachine machine = experiment.Build();
        Engine engine = experiment.MakeEngine(machine.World);
        using IDisposable? owned = engine as IDisposable;
        GuestText text = new(engine);
        others?.SignalAndWait();
        Stopwatch watch = Stopwatch.StartNew();
        RunResult result = engine.Run(experiment.Until, cancelled);
        watch.Stop();
        others?.SignalAndWait();
        if (result.Outcome == Outcome.Cancelled)
        {
            return null;
        }
        bool isGood = result.Outcome == Outcome.Stopped ? result.ExitCode == 0 : result.Outcome == Outcome.ReachedLimit;
        if (!isGood)
        {
            throw new UserError(
                $"{workload.Name} on {cpus} CPUs failed ({result.Reason}): run it with disco run to see more.");
        }
        long resident = Math.Max(0, Resident() - before);
        return new ScaleRun(
            cpus, threads, watch.Elapsed.TotalSeconds, engine.StateHash(),
            new ScaleEnd(result.Outcome, result.ExitCode, text.Results),
            MachineReport.Of(machine.Hardware, engine.Now, engine.DeliveriesByKind()),
            engine.Deliveries, engine.WindowDelay, engine.ThreadTimes, resident);
    }

    /// <summary>Host memory in use, in bytes. Guest memory and caches are not the collector's: a machine that nobody
    /// holds any more gives them back when it is finalised.</summary>
    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}

/// <summary>What of a run is the same on every engine, whatever the order of concurrent messages.</summary>
/// <param name="Outcome">Stopped, or at the limit asked for.</param>
/// <param name="ExitCode">0: a run that fails has no cell.</param>
/// <param name="Results">Of <see cref="GuestText"/>.</param>
internal sealed record ScaleEnd(Outcome Outcome, int ExitCode, string Results);
