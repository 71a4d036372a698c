using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>What an entry has beyond the least.</summary>
[Flags]
internal enum EventMask : byte
{
    /// <summary>The word differs from that of the last message of the kind.</summary>
    A = 1 << 0,
    B = 1 << 1,
    C = 1 << 2,
    D = 1 << 3,
    Reply = 1 << 4,
    Payload = 1 << 5,

    /// <summary>The receiver sent envelopes while it handled this one.</summary>
    Caused = 1 << 6,

    /// <summary>The receiver had sent envelopes by itself since its last delivery.</summary>
    Acted = 1 << 7,
}

/// <summary>The numbers both sides of the codec remember, so that only changes are written.</summary>
internal sealed class EventHistory(int actors)
{
    public long Arrival;
    public readonly long[] Sequence = new long[actors + 1];
    public readonly long[] Sent = new long[actors];

    // Of the last message of each kind's low byte: words repeat.
    public readonly Message[] Last = new Message[256];
}
