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
/// <param name="BytesByKind">Header and line of all messages of a kind, by the kind's name.</param>
internal sealed record ScalePrediction(
    double Work,
    double Parallelism,
    IReadOnlyList<HostSpeedUp> SpeedUps,
    IReadOnlyDictionary<string, long> BytesByKind)
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
        Watcher watcher = new(
            new CriticalPath(TraceActor.Of(machine.World), messageCycles), machine.Hardware.Fabric.Config.HeaderBytes);
        engine.NodeObserver = _ => watcher;
        engine.Run(experiment.Until, cancelled);
        return new ScalePrediction(
            watcher.Path.Work, watcher.Path.Parallelism, watcher.Path.SpeedUps,
            watcher.Bytes.ToDictionary(kind => machine.World.Names.NameOf(kind.Key), kind => kind.Value));
    }

    private sealed class Watcher(CriticalPath path, int headerBytes) : IObserver
    {
        public CriticalPath Path => path;

        public SortedDictionary<ushort, long> Bytes { get; } = [];

        public bool WantsTrace => false;

        public void Delivered(in Envelope envelope, Actor actor) =>
            Invariant.Broken("a graph of causes needs the receiver's sequence numbers");

        public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence)
        {
            path.Add(new RecordedDelivery(envelope, 0, firstSequence, nextSequence));
            Bytes.TryGetValue(envelope.Message.Kind, out long bytes);
            Bytes[envelope.Message.Kind] = bytes + headerBytes + envelope.Message.PayloadBytes;
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
        {
        }
    }
}
