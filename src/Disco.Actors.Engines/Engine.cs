using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Delivers the messages of a <see cref="World"/>: what all engines have in common, the course of a run, what it puts
/// out and how it is saved. One caller at a time.
/// </summary>
/// <remarks>
/// An <see cref="ExactEngine"/> keeps the total order, so that the outcome is a function of the world and the options.
/// Another may let envelopes be late, never early; it says by how much (<see cref="TakeLate"/>), and an exact engine
/// that is told so (<see cref="Lateness"/>) repeats its run.
/// </remarks>
public abstract partial class Engine
{
    /// <summary>How often a run looks up from its windows: output, cancellation, progress.</summary>
    private const long SliceCycles = 1 << 17;

    private readonly Timing _timing;
    private readonly ActorTable _table;
    private readonly SortedDictionary<Address, long> _outsideSequences = [];
    private readonly OutputBuffer _output = new();
    private Fault? _fault;
    private long _windowTicks;

    /// <param name="world">Its actors belong to this engine from now on.</param>
    /// <param name="options">Negative cycles break an invariant; the caller checks what users wrote.</param>
    private protected Engine(World world, EngineOptions options)
    {
        World = world;
        Options = options;
        _timing = new Timing(options, world.Lookahead);
        _table = new ActorTable(world);
        Codec = options.SerialiseMessages ? new EnvelopeCodec(world.Names.Families, _timing.Order) : null;
    }

    /// <summary>Called with what actors put out, in the order (cycle, source), on the caller's thread.</summary>
    public Action<Address, Cycle, ReadOnlySpan<byte>>? OnOutput { get; set; }

    /// <summary>
    /// Gives each node an observer, called on whatever thread runs the node; asked at the beginning of a run. An
    /// observer of several nodes at once needs the <see cref="DeterministicEngine"/>.
    /// </summary>
    public Func<int, IObserver>? NodeObserver { get; set; }

    public World World { get; }

    public EngineOptions Options { get; }

    /// <summary>Everything before this cycle has happened.</summary>
    public Cycle Now { get; private set; }

    /// <summary>The timing error of longer windows.</summary>
    public abstract WindowDelay WindowDelay { get; }

    /// <summary>By host thread, the caller's first.</summary>
    public virtual IReadOnlyList<ThreadTime> ThreadTimes
    {
        get
        {
            TimeSpan windows = Stopwatch.GetElapsedTime(0, _windowTicks);
            return [new ThreadTime(windows, default, Stopwatch.GetElapsedTime(0, RunTicks) - windows, 0)];
        }
    }

    /// <summary>Envelopes delivered so far.</summary>
    public abstract long Deliveries { get; }

    /// <summary>
    /// By how much envelopes of an earlier run were late; null for none. To be set before the first run.
    /// </summary>
    public Lateness? Lateness
    {
        get => _timing.Lateness;
        set => _timing.Lateness = value;
    }

    /// <summary>
    /// The cycle of the earliest envelope or of the earliest act of an actor, as far as known;
    /// <see cref="Cycle.Never"/> when nothing can happen any more.
    /// </summary>
    public Cycle NextEventCycle => new(NextEvent());

    internal Timing Timing => _timing;

    internal ActorTable Table => _table;

    /// <summary>How envelopes become bytes; null when they are handed over as they are.</summary>
    internal EnvelopeCodec? Codec { get; }

    internal abstract StopRequest Stop { get; }

    /// <summary>Host time spent in <see cref="Run"/>, in ticks of the stopwatch.</summary>
    private protected long RunTicks { get; private set; }

    /// <summary>Envelopes delivered so far by <see cref="Message.Kind"/>, which is the index.</summary>
    public abstract long[] DeliveriesByKind();

    /// <summary>Runs until everything before <paramref name="until"/> has happened, or an earlier end.</summary>
    /// <param name="until">The first cycle not to run; <see cref="Cycle.Never"/> for no limit.</param>
    /// <param name="cancelled">Asked now and then; true ends the run at a point where it can be resumed.</param>
    /// <param name="progress">Told now and then how far the run is.</param>
    public RunResult Run(Cycle until, Func<bool>? cancelled = null, Action<Progress>? progress = null)
    {
        Cycle start = Now;
        long startTicks = Stopwatch.GetTimestamp();
        Begin();
        try
        {
            while (true)
            {
                StopRequest stop = Stop;
                if (_fault is not null)
                {
                    return EngineReport.Faulted(this, _fault);
                }
                if (stop.At <= Now.Value)
                {
                    return new RunResult(Outcome.Stopped, Now, stop.ExitCode, stop.Reason, "");
                }
                long next = NextEvent();
                if (next == Timing.Never && stop.At == Timing.Never)
                {
                    Now = Cycle.Max(start, new Cycle(LastDelivery()));
                    return EngineReport.NoProgress(this, LastDelivery());
                }
                if (Now >= until)
                {
                    return new RunResult(Outcome.ReachedLimit, Now, 0, $"reached the limit {until}", "");
                }
                if (cancelled is not null && cancelled())
                {
                    return new RunResult(Outcome.Cancelled, Now, 0, $"cancelled at {Now}", "");
                }
                long slice = Timing.Plus(Math.Max(next, Now.Value), SliceCycles);
                RunTo(Math.Min(Math.Min(until.Value, stop.At), slice));
                progress?.Invoke(new Progress(Now, Deliveries));
            }
        }
        finally
        {
            End();
            RunTicks += Stopwatch.GetTimestamp() - startTicks;
        }
    }

    /// <summary>Puts an envelope from outside (keyboard, wire) into the run, between two calls of <see cref="Run"/>.
    /// </summary>
    /// <param name="outside">Whom it comes from; its role is <see cref="Role.Outside"/>.</param>
    /// <param name="target">The actor it goes to.</param>
    /// <param name="message">Without payload. One of <see cref="NodeLoss.Kind"/> is obeyed by the engine itself, now.
    /// </param>
    /// <param name="arrival">Not before <see cref="Now"/>, and not before an earlier one of the same kind.</param>
    public void Post(Address outside, Address target, in Message message, Cycle arrival)
    {
        Invariant.Holds(outside.Role == Role.Outside);
        Invariant.Holds(arrival >= Now);
        Invariant.Holds(message.PayloadBytes == 0);
        if (message.Kind == NodeLoss.Kind)
        {
            Lose(new NodeSet(message.A));
            return;
        }
        _outsideSequences.TryGetValue(outside, out long sequence);
        _outsideSequences[outside] = sequence + 1;
        Envelope envelope = default;
        envelope.Arrival = arrival;
        envelope.TieBreak = _timing.Order.TieBreak(arrival, outside, target, message.Lane);
        envelope.Sequence = sequence;
        envelope.Source = outside;
        envelope.Target = target;
        envelope.Message = message;
        Accept(in envelope);
    }

    /// <summary>
    /// All actors, the undelivered envelopes in the total order and the sequence numbers: one number.
    /// </summary>
    public ulong StateHash()
    {
        StateHash hash = new();
        SaveWorld(hash);
        return hash.Value;
    }

    /// <summary>Writes the whole run: <see cref="StateHash"/>'s parts, the time, a pending stop, the counts.</summary>
    public void Save(StateWriter writer)
    {
        SaveWorld(writer);
        EngineState.SaveRun(writer, this, Stop);
    }

    /// <summary>
    /// Reads what <see cref="Save"/> of any engine wrote for the same world. Afterwards this run goes on as the saved
    /// one would have, given the same options.
    /// </summary>
    public void Load(StateReader reader)
    {
        foreach (Actor actor in World.Actors)
        {
            actor.Load(reader);
        }
        StartAnew();
        EngineState.LoadSequences(reader, this, _outsideSequences);
        EngineState.LoadEnvelopes(reader, this);
        GoOn(EngineState.LoadRun(reader));
    }

    /// <summary>
    /// Goes on at the point of another engine's run: its time, its envelopes under way, its counts. The actors, among
    /// them all of the other's by address, hold their states already.
    /// </summary>
    public void TakeOver(Engine other)
    {
        StartAnew();
        for (int actor = 0; actor < other.World.Actors.Length; actor++)
        {
            int own = _table.Find(other.World.Actors[actor].Address);
            Sequence(own) = other.Sequence(actor);
        }
        _outsideSequences.Clear();
        foreach ((Address outside, long sequence) in other._outsideSequences)
        {
            _outsideSequences[outside] = sequence;
        }
        foreach (Envelope envelope in other.Undelivered())
        {
            Accept(in envelope);
        }
        GoOn(new SavedCourse(
            other.Now, other.Stop, other.WindowDelay, other.DeliveriesByKind(), other.LostNodes));
    }

    /// <summary>The envelopes under way and who waits for whom, for a report.</summary>
    public string Mailboxes() => EngineReport.Mailboxes(this);

    /// <summary>All undelivered envelopes, in the total order.</summary>
    public IReadOnlyList<Envelope> UnderWay() => Undelivered();

    /// <summary>
    /// The envelopes found to be late since the last call, in the order of source and sequence; an exact engine has
    /// none.
    /// </summary>
    public virtual IReadOnlyList<LateEnvelope> TakeLate() => [];

    /// <summary>Takes an envelope at the arrival its latency gives.</summary>
    internal void Accept(in Envelope envelope)
    {
        int target = _table.Find(envelope.Target);
        Enter(envelope.Source.Role == Role.Outside ? -1 : _table.Find(envelope.Source), target, in envelope);
    }

    /// <summary>All undelivered envelopes, in the total order.</summary>
    internal abstract List<Envelope> Undelivered();

    /// <summary>How many envelopes an actor has sent, by its number in <see cref="World.Actors"/>.</summary>
    internal abstract ref long Sequence(int actor);

    /// <summary>Takes an envelope from outside or from a saved run.</summary>
    /// <param name="source">The number of the actor that sent it, -1 for the outside.</param>
    /// <param name="target">The number of the actor it goes to.</param>
    /// <param name="envelope">With the arrival its latency gives.</param>
    private protected abstract void Enter(int source, int target, in Envelope envelope);

    /// <summary>Before the windows of one call of <see cref="Run"/>.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>After them, whatever happened.</summary>
    private protected virtual void End()
    {
    }

    /// <summary>Makes everything before the limit or an earlier stop happen, or stops at a fault.</summary>
    private protected abstract void RunWindows(long limit);

    /// <summary>The earliest exception since the run began, and what was put out since the last call.</summary>
    private protected abstract Fault? Collect(OutputBuffer output);

    private protected abstract long NextEvent();

    private protected abstract long LastDelivery();

    /// <summary>Forgets everything but the states of the actors, which are another run's now.</summary>
    private protected abstract void Clear();

    /// <summary>Takes the counts and the stop of another run, after <see cref="Clear"/>.</summary>
    private protected abstract void Adopt(SavedCourse course);

    /// <summary>After a delivery outside of a run.</summary>
    private protected void Note(Fault? fault)
    {
        _fault = Fault.First(_fault, fault);
        _fault = Fault.First(_fault, Collect(_output));
    }

    private protected bool HasFailed => _fault is not null;

    private void RunTo(long limit)
    {
        long start = Stopwatch.GetTimestamp();
        RunWindows(limit);
        _windowTicks += Stopwatch.GetTimestamp() - start;
        Note(null);
        _output.Flush(OnOutput);
        if (_fault is null)
        {
            Now = new Cycle(Math.Min(limit, Stop.At));
        }
    }

    private void SaveWorld(StateWriter writer)
    {
        foreach (Actor actor in World.Actors)
        {
            writer.Begin(actor.Address);
            actor.Save(writer);
        }
        writer.Begin(default);
        EngineState.SaveSequences(writer, this, _outsideSequences);
        EngineState.SaveEnvelopes(writer, _timing.Punctual(Undelivered()));
    }

    private void GoOn(SavedCourse course)
    {
        Now = course.Now;
        Adopt(course);
        Silence(course.Lost);
    }

    private void StartAnew()
    {
        Silence(NodeSet.None);
        Clear();
        _output.Flush(null);
        _fault = null;
    }
}
