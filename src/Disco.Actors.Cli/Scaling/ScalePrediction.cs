using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Scaling;

/// <summary>
/// What a run's own message graph allows on more host cores than there are: its work, its longest chain of causes, and
/// layouts of the work on cores (<see cref="CriticalPath"/>).
/// </summary>
/// <param name="Work">In messages; a CPU's own running counts by its length.</param>
/// <param name="Parallelism">No number of cores is faster than this.</param>
/// <param name="SpeedUps">By host cores.</param>
internal sealed record ScalePrediction(double Work, double Parallelism, IReadOnlyList<HostSpeedUp> SpeedUps)
{
    /// <summary>Runs the cell once more on the deterministic engine, with an eye on every message.</summary>
    /// <param name="workload">What runs.</param>
    /// <param name="cpus">Of the machine.</param>
    /// <param name="messageCycles">Cycles of a CPU's own running that take the host as long as one message.</param>
    /// <param name="cancelled">True ends it early.</param>
    public static ScalePrediction Of(ScaleWorkload workload, int cpus, int messageCycles, Func<bool> cancelled)
    {
        Experiment experiment = workload.Cell(cpus, threads: 0);
        BuiltMachine machine = experiment.Build();
        Engine engine = experiment.MakeEngine(machine.World);
        Watcher watcher = new(new CriticalPath(TraceActor.Of(machine.World), messageCycles));
        engine.NodeObserver = _ => watcher;
        engine.Run(experiment.Until, cancelled);
        return new ScalePrediction(watcher.Path.Work, watcher.Path.Parallelism, watcher.Path.SpeedUps);
    }

    private sealed class Watcher(CriticalPath path) : IObserver
    {
        public CriticalPath Path => path;

        public bool WantsTrace => false;

        public void Delivered(in Envelope envelope, Actor actor) =>
            Invariant.Broken("a graph of causes needs the receiver's sequence numbers");

        public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence) =>
            path.Add(new RecordedDelivery(envelope, 0, firstSequence, nextSequence));

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
        {
        }
    }
}
