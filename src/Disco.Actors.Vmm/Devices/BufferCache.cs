using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>A page of a disk's image in a frame of machine memory.</summary>
internal sealed class CachedPage(int id, long offset)
{
    /// <summary>The number under which the disk is registered as a user of the frame.</summary>
    public int Id { get; } = id;

    /// <summary>Byte offset on the disk of its first byte.</summary>
    public long Offset { get; } = offset;

    public Frame Frame { get; set; } = Frame.None;

    /// <summary>The frame holds the bytes.</summary>
    public bool IsReady { get; set; }

    /// <summary>Jobs that are about to use the frame: it must not be given up meanwhile.</summary>
    public int Uses { get; set; }
}

/// <summary>
/// The buffer cache of a disk, shared by all virtual machines: which ranges of the image lie in which frames, and which
/// page came first, to go first. [Disco 4.2.5]
/// </summary>
internal sealed class BufferCache
{
    // A page is never cut: two that would overlap are not both cached.
    private readonly RangeMap<CachedPage> _byOffset = new((_, _) => Invariant.Unreachable<CachedPage>("a cut page"));
    private readonly SortedDictionary<int, CachedPage> _byId = [];
    private int _nextId;

    public int Pages => _byId.Count;

    public CachedPage this[int id] => _byId[id];

    /// <summary>The page of a number; null when it has gone.</summary>
    public CachedPage? TryGet(int id) => _byId.GetValueOrDefault(id);

    /// <summary>The page that begins at an offset.</summary>
    public CachedPage? Find(long offset) =>
        _byOffset.Find(offset) is { } range && range.Start == offset ? range.Value : null;

    public bool Overlaps(long offset, long bytes) => _byOffset.Overlaps(offset, offset + bytes);

    /// <summary>True when all of it is in memory.</summary>
    public bool Covers(long offset, long bytes) => _byOffset.Covers(offset, offset + bytes);

    /// <summary>All pages, in the order they came.</summary>
    public IEnumerable<CachedPage> All() => _byId.Values;

    public CachedPage Add(long offset)
    {
        Invariant.Holds(!Overlaps(offset, Page.Bytes));
        CachedPage page = new(_nextId++, offset);
        _byId.Add(page.Id, page);
        _byOffset.Set(offset, offset + Page.Bytes, page);
        return page;
    }

    public void Remove(CachedPage page)
    {
        Invariant.Holds(page.Uses == 0);
        _byId.Remove(page.Id);
        _byOffset.Remove(page.Offset, page.Offset + Page.Bytes);
    }

    /// <summary>The oldest page nobody is about to use; null when there is none.</summary>
    public CachedPage? Oldest()
    {
        foreach (CachedPage page in _byId.Values)
        {
            if (page.IsReady && page.Uses == 0)
            {
                return page;
            }
        }
        return null;
    }

    public void Save(StateWriter writer)
    {
        writer.Write("nextId", _nextId);
        writer.Write("pages", _byId.Count);
        foreach (CachedPage page in _byId.Values)
        {
            writer.Write("id", page.Id);
            writer.Write("offset", page.Offset);
            writer.Write("frame", (ulong)page.Frame.Number);
            writer.Write("ready", page.IsReady);
            writer.Write("uses", page.Uses);
        }
    }

    public void Load(StateReader reader)
    {
        _byId.Clear();
        _byOffset.Clear();
        _nextId = reader.ReadInt32("nextId");
        for (int left = reader.ReadInt32("pages"); left > 0; left--)
        {
            CachedPage page = new(reader.ReadInt32("id"), reader.ReadInt64("offset"))
            {
                Frame = new Frame((uint)reader.ReadUInt64("frame")),
                IsReady = reader.ReadBool("ready"),
                Uses = reader.ReadInt32("uses"),
            };
            _byId.Add(page.Id, page);
            _byOffset.Set(page.Offset, page.Offset + Page.Bytes, page);
        }
    }
}
