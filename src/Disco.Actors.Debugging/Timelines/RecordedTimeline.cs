using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Session;

namespace Disco.Actors.Debugging.Timelines;

/// <summary>A recorded run. It is only looked at: nothing of it can be changed.</summary>
public sealed class RecordedTimeline : Timeline
{
    private readonly ReplaySession _session;
    private Cycle _remembered;

    /// <param name="engine">Fresh, of the recorded machine and the recorded options.</param>
    /// <param name="trace">Stays the caller's.</param>
    /// <param name="output">Gets what actors put out, once.</param>
    /// <remarks>Errors: TraceException when the recording is of another machine or damaged.</remarks>
    public RecordedTimeline(DeterministicEngine engine, TraceReader trace, OutputListener? output = null)
        : base(engine, output)
    {
        _session = new ReplaySession(engine, trace) { Rewound = Output.Rewind };
    }

    public override Cycle Begin => Cycle.Zero;

    public override RunResult? Ending => _session.Ending;

    public override bool IsAtEnd => _session.IsAtEnd;

    public override bool IsRecorded => true;

    public override Envelope? LastDelivery => _session.Position.Last;

    /// <summary>The first difference to the recording met so far, in a sentence; null when there is none.</summary>
    public string? Divergence => _session.Divergence?.What;

    public override void Remember()
    {
        if (Now.Value - _remembered.Value is < 0 or > NearCycles)
        {
            _session.Keep();
            _remembered = Now;
        }
    }

    public override void RunTo(Cycle until) => _session.RunTo(until);

    public override void SeekTo(Cycle cycle) => _session.SeekTo(cycle);

    public override bool StepDelivery() => _session.StepDelivery();

    public override bool StepDeliveryBack() => _session.StepBack();

    public override void Changed() => Invariant.Broken("a recorded run was changed");
}
