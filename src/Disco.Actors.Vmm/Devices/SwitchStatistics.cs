using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What a switch has done, for reports.</summary>
public sealed class SwitchStatistics
{
    /// <summary>Messages that reached a receiver; a broadcast counts once for each.</summary>
    public long Messages { get; internal set; }

    /// <summary>Messages nobody took.</summary>
    public long Dropped { get; internal set; }

    /// <summary>Bytes that receivers got.</summary>
    public long PayloadBytes { get; internal set; }

    /// <summary>Of these, bytes that were copied; the others are in pages that were remapped.</summary>
    public long CopiedBytes { get; internal set; }

    public long PagesRemapped { get; internal set; }

    internal void Save(StateWriter writer)
    {
        writer.Write("stat.messages", Messages);
        writer.Write("stat.dropped", Dropped);
        writer.Write("stat.payloadBytes", PayloadBytes);
        writer.Write("stat.copiedBytes", CopiedBytes);
        writer.Write("stat.pagesRemapped", PagesRemapped);
    }

    internal void Load(StateReader reader)
    {
        Messages = reader.ReadInt64("stat.messages");
        Dropped = reader.ReadInt64("stat.dropped");
        PayloadBytes = reader.ReadInt64("stat.payloadBytes");
        CopiedBytes = reader.ReadInt64("stat.copiedBytes");
        PagesRemapped = reader.ReadInt64("stat.pagesRemapped");
    }
}
