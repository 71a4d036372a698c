using Disco.Actors.Core;

namespace Disco.Actors.Machine.Directory;

/// <summary>What one directory did, counted from its effects.</summary>
public sealed class DirectoryStatistics
{
    /// <summary>Requests accepted from agents of the node, and of other nodes.</summary>
    public long LocalRequests { get; internal set; }

    public long RemoteRequests { get; internal set; }

    /// <summary>Requests refused.</summary>
    public long Nacks { get; internal set; }

    /// <summary>Promises given to agents that were refused too often.</summary>
    public long Promises { get; internal set; }

    public long InvalsSent { get; internal set; }

    public long Forwards { get; internal set; }

    public long Writebacks { get; internal set; }

    /// <summary>Cycles messages waited for the controller, in sum.</summary>
    public long WaitedCycles { get; internal set; }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.localRequests", LocalRequests);
        writer.Write("stat.remoteRequests", RemoteRequests);
        writer.Write("stat.nacks", Nacks);
        writer.Write("stat.promises", Promises);
        writer.Write("stat.invalsSent", InvalsSent);
        writer.Write("stat.forwards", Forwards);
        writer.Write("stat.writebacks", Writebacks);
        writer.Write("stat.waitedCycles", WaitedCycles);
    }

    internal void Load(StateReader reader)
    {
        LocalRequests = reader.ReadInt64("stat.localRequests");
        RemoteRequests = reader.ReadInt64("stat.remoteRequests");
        Nacks = reader.ReadInt64("stat.nacks");
        Promises = reader.ReadInt64("stat.promises");
        InvalsSent = reader.ReadInt64("stat.invalsSent");
        Forwards = reader.ReadInt64("stat.forwards");
        Writebacks = reader.ReadInt64("stat.writebacks");
        WaitedCycles = reader.ReadInt64("stat.waitedCycles");
    }
}
