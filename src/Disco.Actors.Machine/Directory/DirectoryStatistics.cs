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
        writer.Write("localRequests", LocalRequests);
        writer.Write("remoteRequests", RemoteRequests);
        writer.Write("nacks", Nacks);
        writer.Write("promises", Promises);
        writer.Write("invalsSent", InvalsSent);
        writer.Write("forwards", Forwards);
        writer.Write("writebacks", Writebacks);
        writer.Write("waitedCycles", WaitedCycles);
    }

    internal void Load(StateReader reader)
    {
        LocalRequests = reader.ReadInt64("localRequests");
        RemoteRequests = reader.ReadInt64("remoteRequests");
        Nacks = reader.ReadInt64("nacks");
        Promises = reader.ReadInt64("promises");
        InvalsSent = reader.ReadInt64("invalsSent");
        Forwards = reader.ReadInt64("forwards");
        Writebacks = reader.ReadInt64("writebacks");
        WaitedCycles = reader.ReadInt64("waitedCycles");
    }
}
