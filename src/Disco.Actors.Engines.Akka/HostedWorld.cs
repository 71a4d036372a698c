using Akka.Actor;

namespace Disco.Actors.Engines.Akka;

/// <summary>What all <see cref="ActorHost"/>s of one process share.</summary>
/// <param name="table">All actors of the machine, also those other processes run.</param>
/// <param name="timing">When envelopes arrive.</param>
/// <param name="course">How far all may go.</param>
/// <param name="sliceCycles">How long an actor acts before its mailbox is looked into.</param>
/// <param name="codec">How envelopes become bytes; null when they are handed over as they are.</param>
internal sealed class HostedWorld(
    ActorTable table, Timing timing, Course course, long sliceCycles, EnvelopeCodec? codec = null)
{
    public ActorTable Table { get; } = table;

    public Timing Timing { get; } = timing;

    public Course Course { get; } = course;

    public long SliceCycles { get; } = sliceCycles;

    public EnvelopeCodec? Codec { get; } = codec;

    /// <summary>The Akka actors, by the number of the actor. Whoever sends reads here instead of in the receiver's
    /// host, which another core of the computer may be writing.</summary>
    public IActorRef[] Refs { get; } = [.. table.Actors.Select(_ => ActorRefs.Nobody)];
}
