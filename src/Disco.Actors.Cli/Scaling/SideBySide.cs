namespace Disco.Actors.Cli.Scaling;

/// <summary>
/// Machines that have nothing to do with each other, each on a host thread of its own, all at once: how much the host
/// gets done with so many threads when nobody waits for anybody. What one machine on as many threads lacks to that is
/// the engine's; what that lacks to the number of threads is the host's, whose cores share memory and clocks.
/// </summary>
internal static class SideBySide
{
    /// <summary>Seconds that each of the machines takes, on average; null when cancelled.</summary>
    /// <param name="workload">What every one of them runs, on one thread. Errors: as <see cref="ScaleRun.Of"/>.</param>
    /// <param name="cpus">Of each machine.</param>
    /// <param name="machines">At least 1.</param>
    /// <param name="cancelled">True ends them.</param>
    public static double? SecondsOf(ScaleWorkload workload, int cpus, int machines, Func<bool> cancelled)
    {
        // Threads are numbered by machine: all machines would be kept on one core.
        workload = workload with { Keys = new Dictionary<string, string>(workload.Keys) { ["engine.pin"] = "off" } };
        using Barrier all = new(machines);
        Task<ScaleRun?>[] runs = [.. Enumerable.Range(0, machines).Select(_ => Task.Factory.StartNew(
            () => ScaleRun.Of(workload, cpus, threads: 1, cancelled, all),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        ScaleRun?[] ended = Task.WhenAll(runs).GetAwaiter().GetResult();
        return ended.Contains(null) ? null : ended.Average(run => run!.HostSeconds);
    }
}
