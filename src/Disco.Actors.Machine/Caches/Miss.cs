using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

internal enum MissPhase : byte
{
    None,

    /// <summary>Not asked for yet: waits for a WbAck, of the line itself or of any line.</summary>
    Blocked,
    Requested,
    Granted,
}

/// <summary>A forwarded request that waits until the pending access has been performed.</summary>
internal readonly record struct Deferred(CoherenceKind Kind, byte Requester);

/// <summary>The one access of a cache that waits, or is granted and not performed.</summary>
internal struct Miss
{
    public MissPhase Phase;

    /// <summary>Asked for as a store: ownership is wanted.</summary>
    public bool Store;
    public LineAddress Line;

    /// <summary>Where the line is or will be, from the request on.</summary>
    public int Frame;
    public int Retries;

    /// <summary>The cycle of the access.</summary>
    public long Since;
    public Deferred Deferred;

    public readonly void Save(StateWriter writer)
    {
        writer.Write("missPhase", (ulong)Phase);
        writer.Write("missStore", Store);
        writer.Write("missLine", Line.Value);
        writer.Write("missFrame", Frame);
        writer.Write("missRetries", Retries);
        writer.Write("missSince", Since);
        writer.Write("deferredKind", (ulong)Deferred.Kind);
        writer.Write("deferredRequester", (ulong)Deferred.Requester);
    }

    public void Load(StateReader reader)
    {
        Phase = (MissPhase)reader.ReadUInt64("missPhase");
        Store = reader.ReadBool("missStore");
        Line = new LineAddress(reader.ReadUInt64("missLine"));
        Frame = reader.ReadInt32("missFrame");
        Retries = reader.ReadInt32("missRetries");
        Since = reader.ReadInt64("missSince");
        CoherenceKind kind = (CoherenceKind)reader.ReadUInt64("deferredKind");
        Deferred = new Deferred(kind, (byte)reader.ReadUInt64("deferredRequester"));
    }
}
