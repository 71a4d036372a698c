using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What a disk has done, for reports.</summary>
public sealed class DiskStatistics
{
    public long Reads { get; internal set; }

    public long Writes { get; internal set; }

    /// <summary>Malformed requests.</summary>
    public long Refused { get; internal set; }

    /// <summary>Requests that needed the arm.</summary>
    public long Services { get; internal set; }

    /// <summary>Cycles requests waited for the arm and the platter.</summary>
    public long ServiceCycles { get; internal set; }

    /// <summary>Pages that guests got by mapping a cached frame: no byte was copied.</summary>
    public long PagesMapped { get; internal set; }

    /// <summary>Of these, pages that were in memory already.</summary>
    public long CacheHits { get; internal set; }

    /// <summary>Pages given up for others.</summary>
    public long Evictions { get; internal set; }

    /// <summary>Bytes copied to and from guests' memory, request blocks apart.</summary>
    public long BytesCopied { get; internal set; }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.reads", Reads);
        writer.Write("stat.writes", Writes);
        writer.Write("stat.refused", Refused);
        writer.Write("stat.services", Services);
        writer.Write("stat.serviceCycles", ServiceCycles);
        writer.Write("stat.pagesMapped", PagesMapped);
        writer.Write("stat.cacheHits", CacheHits);
        writer.Write("stat.evictions", Evictions);
        writer.Write("stat.bytesCopied", BytesCopied);
    }

    internal void Load(StateReader reader)
    {
        Reads = reader.ReadInt64("stat.reads");
        Writes = reader.ReadInt64("stat.writes");
        Refused = reader.ReadInt64("stat.refused");
        Services = reader.ReadInt64("stat.services");
        ServiceCycles = reader.ReadInt64("stat.serviceCycles");
        PagesMapped = reader.ReadInt64("stat.pagesMapped");
        CacheHits = reader.ReadInt64("stat.cacheHits");
        Evictions = reader.ReadInt64("stat.evictions");
        BytesCopied = reader.ReadInt64("stat.bytesCopied");
    }
}
