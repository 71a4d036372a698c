using Akka.Actor;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// An envelope as a message of Akka; the sender's until it is told, the receiver's from then on, which sends its own in
/// it when it has handled it. Two Akka actors that share nothing else hand it over.
/// </summary>
internal sealed class Carried(int target)
{
    /// <summary>With the arrival its latency gives and no rank; from the receiver on with the arrival at which it is
    /// handled, and with its rank when it is kept for later.</summary>
    public Envelope Envelope;

    /// <summary>The one behind it, wherever its owner keeps it. No array, as each of those is one place more in memory
    /// that moves to another core of the host whenever the actor does.</summary>
    public Carried? Next;

    /// <summary>The number of the actor it goes to.</summary>
    public int Target { get; set; } = target;

    /// <summary>By how many cycles it is later than its latency says.</summary>
    public long LateCycles { get; set; }

    /// <summary>The sender's: what is told in its place; null for itself.</summary>
    public CarriedBytes? Bytes { get; set; }

    /// <summary>The receiver's: made from bytes.</summary>
    public bool CameAsBytes { get; init; }
}

/// <summary>An envelope as <see cref="EnvelopeCodec"/> writes it.</summary>
/// <param name="Bytes">What it writes.</param>
/// <param name="Target">The number of the actor it goes to.</param>
internal sealed record CarriedBytes(byte[] Bytes, int Target);

/// <summary>To an actor: everything before <see cref="Course.Limit"/> may be done.</summary>
internal sealed class Grant : INoSerializationVerificationNeeded
{
    public static readonly Grant Instance = new();
}

/// <summary>To oneself: there was more to do, but the mailbox goes first.</summary>
internal sealed class Continue : INoSerializationVerificationNeeded
{
    public static readonly Continue Instance = new();
}

/// <summary>To the pacer: nobody has anything to do before the limit, and nothing is under way.</summary>
internal sealed class Quiet : INoSerializationVerificationNeeded
{
    public static readonly Quiet Instance = new();
}

/// <summary>To the pacer: everything before a cycle is to happen.</summary>
internal sealed record Go(long Limit, TaskCompletionSource Done) : INoSerializationVerificationNeeded;
