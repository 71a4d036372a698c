using Disco.Actors.Core;

namespace Disco.Actors.TestKit;

/// <summary>Keeps what an actor sends, in order, for a test that plays the rest of the machine by hand.</summary>
public sealed class RecordingContext : Context
{
    private readonly List<(Address Target, long Latency, Message Message)> _sent = [];
    private Payload _payload;

    public RecordingContext() => Horizon = Cycle.Never;

    /// <summary>The payload of the last send.</summary>
    public ReadOnlySpan<byte> LastPayload => _payload;

    /// <summary>Lets time pass.</summary>
    public void PassTo(long cycle) => AdvanceTo(new Cycle(cycle));

    /// <summary>Sends since the last look; what an actor sends itself has no target.</summary>
    public (Address Target, long Latency, Message Message)[] TakeSent()
    {
        (Address, long, Message)[] sent = [.. _sent];
        _sent.Clear();
        return sent;
    }

    public override ref Payload Send(Address target, long latencyCycles, in Message message)
    {
        _sent.Add((target, latencyCycles, message));
        return ref _payload;
    }

    public override void After(long cycles, in Message message) => _sent.Add((default, cycles, message));

    public override void Output(ReadOnlySpan<byte> bytes) => throw new InvalidOperationException();

    public override void Stop(int exitCode, string reason) => throw new InvalidOperationException();

    public override void Trace(in TraceEvent traceEvent) => throw new InvalidOperationException();
}
