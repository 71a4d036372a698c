using Disco.Actors.Core;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>Keeps what an actor sends, in order, for a test that plays the rest of the machine by hand.</summary>
internal sealed class RecordingContext : Context
{
    private readonly List<(Address Target, long Latency, Message Message)> _sent = [];
    private Payload _payload;

    public RecordingContext() => Horizon = Cycle.Never;

    /// <summary>Sends since the last look.</summary>
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
