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

/// <summary>The numbers both sides of the codec remember within a block, so that only changes are written.</summary>
internal sealed class EventHistory(int actors)
{
    /// <summary>In place of a kind's number: the kind itself follows, and has the next number from now on.</summary>
    public const byte NewKind = byte.MaxValue;

    /// <summary>Kinds with a number of their own in a block; those beyond are new every time.</summary>
    public const int KindsMax = 200;

    public long Arrival;
    public readonly long[] Sequence = new long[actors + 1];
    public readonly long[] Sent = new long[actors];

    // By number of the kind, without payload: the words of one kind repeat. The last place is for kinds without number.
    public readonly Message[] Last = new Message[KindsMax + 1];
    public int KindCount;

    public void Clear(long arrival)
    {
        Arrival = arrival;
        Array.Clear(Sequence);
        Array.Clear(Sent);
        KindCount = 0;
    }
}
