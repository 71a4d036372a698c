using Disco.Actors.Core;
using Disco.Actors.Verification.Stress.Strategies;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>How fast one scenario runs: under stress, and in a bare loop.</summary>
/// <param name="Name">Of the scenario.</param>
/// <param name="Schedules">A CPU second, with a strategy, coverage and all observers.</param>
/// <param name="Deliveries">The same, of messages.</param>
/// <param name="BareDeliveries">Messages a CPU second when the same actors handle them in the order they were sent, and
/// nobody looks.</param>
public sealed record StressRate(string Name, double Schedules, double Deliveries, double BareDeliveries)
{
    /// <summary>What is left of the bare loop's speed: the figure that a loaded host does not change much.</summary>
    public double Share => Deliveries / BareDeliveries;
}

/// <summary>Measures rates of fixed scenarios.</summary>
public static class StressRates
{
    private const int SeedsAtATime = 256;

    /// <param name="cpuSeconds">For each of both ways of each scenario.</param>
    public static IEnumerable<StressRate> Measure(double cpuSeconds)
    {
        foreach ((string name, Scenario scenario) in Scenarios())
        {
            StressRunner runner = new(new Coverage());
            Strategy strategy = Strategy.Parse("random")!;
            Subject subject = runner.SubjectOf(scenario.Shape);
            ulong seed = 0;
            void Attack()
            {
                Violation? violation = runner.Run(scenario, strategy, ++seed);
                Invariant.Holds(violation is null);
            }
            long bare = 0;
            void Handle()
            {
                subject.Start(scenario.Ops);
                while (subject.Network.Ready > 0)
                {
                    subject.Network.Deliver(StressRunner.Oldest(subject.Network));
                }
                bare += subject.Network.Delivered;
            }
            // Compiled first, and both ways in turn, so that what else the host does hits both.
            Repeat(Attack, cpuSeconds / 4);
            Repeat(Handle, cpuSeconds / 4);
            (long runs, double attacked, double handled) = (0, 0, 0);
            long before = runner.Deliveries;
            bare = 0;
            while (attacked < cpuSeconds)
            {
                (long more, double seconds) = Repeat(Attack, cpuSeconds / 8);
                (runs, attacked) = (runs + more, attacked + seconds);
                subject.Network.IsBare = true;
                handled += Repeat(Handle, cpuSeconds / 8).Seconds;
                subject.Network.IsBare = false;
            }
            yield return new StressRate(
                name, runs / attacked, (runner.Deliveries - before) / attacked, bare / handled);
        }
    }

    private static (long Runs, double Seconds) Repeat(Action action, double cpuSeconds)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        long runs = 0;
        double seconds = 0;
        for (; seconds < cpuSeconds; seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds)
        {
            for (int i = 0; i < SeedsAtATime; i++)
            {
                action();
            }
            runs += SeedsAtATime;
        }
        return (runs, seconds);
    }

    private static IEnumerable<(string Name, Scenario Scenario)> Scenarios()
    {
        StressOp[] uses = [.. Enumerable.Range(0, 4).SelectMany(cpu => (StressOp[])
            [new(cpu, OpKind.Write), new(cpu, OpKind.Read, 1), new(cpu, OpKind.Write)])];
        StressOp[] shots = [new(0, OpKind.Invalidate, 0, 1), new(0, OpKind.Downgrade, 1, 1)];
        foreach (ShootdownProtocol protocol in (ShootdownProtocol[])
            [ShootdownProtocol.Targeted, ShootdownProtocol.Mach])
        {
            Shape shape = new()
            {
                Subject = SubjectKind.Shootdown, Protocol = protocol, CpusPerNode = 4, Pages = 2, OpenMax = 2,
            };
            yield return ($"shootdown, {protocol}, 4 CPUs", new Scenario(shape, [.. uses, .. shots], FaultRates.None));
        }
        StressOp[] accesses = [.. Enumerable.Range(0, 4).SelectMany(cpu => (StressOp[])
            [new(cpu, OpKind.Store, cpu % 2), new(cpu, OpKind.Load, 1), new(cpu, OpKind.Increment, 0)])];
        Shape caches = new() { Subject = SubjectKind.Coherence, CpusPerNode = 4, Lines = 2, CacheLines = 1 };
        yield return ("caches, 4 CPUs, 2 lines", new Scenario(caches, accesses, FaultRates.None));
        Shape pages = new()
        {
            Subject = SubjectKind.Placement, Nodes = 2, CpusPerNode = 2, Pages = 2, FramesPerNode = 4,
        };
        StressOp[] moves = [.. uses.Select(op => op with { A = op.A % 2 }), new(0, OpKind.Migrate, 0, 1),
            new(0, OpKind.Replicate, 1, 1)];
        yield return ("pages, 4 CPUs, 2 nodes", new Scenario(pages, moves, FaultRates.None));
    }
}
