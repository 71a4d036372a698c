using Disco.Actors.Core;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// What one virtual CPU was told of its pmap: physical page to machine frame and rights. It lets a TLB write be
/// emulated without a message. [Disco 4.2.2]
/// </summary>
public sealed class PmapCache
{
    // One word a page, 0 for unknown: frame in the low half, rights above.
    private readonly ulong[] _pages;

    /// <param name="pages">Of the virtual machine's physical memory.</param>
    public PmapCache(int pages) => _pages = new ulong[pages];

    /// <summary>Pages known now.</summary>
    public int Count { get; private set; }

    /// <summary>True when the page is known to have at least these rights.</summary>
    public bool TryGet(PhysicalPage page, PageRights needed, out Frame frame, out PageRights rights)
    {
        ulong word = page.Number < (uint)_pages.Length ? _pages[page.Number] : 0;
        frame = new Frame((uint)word);
        rights = (PageRights)(byte)(word >> 32);
        return word != 0 && (rights & needed) == needed;
    }

    public void Set(PhysicalPage page, Frame frame, PageRights rights)
    {
        Invariant.Holds(rights != PageRights.None);
        Invariant.Holds(page.Number < (uint)_pages.Length);
        Count += _pages[page.Number] == 0 ? 1 : 0;
        _pages[page.Number] = frame.Number | ((ulong)rights << 32);
    }

    /// <summary>Forgets a page, or only the right to write it; true when something changed.</summary>
    public bool Drop(PhysicalPage page, bool writeOnly)
    {
        if (page.Number >= (uint)_pages.Length || _pages[page.Number] == 0)
        {
            return false;
        }
        ulong left = writeOnly ? _pages[page.Number] & ~((ulong)PageRights.Write << 32) : 0;
        bool changed = left != _pages[page.Number];
        _pages[page.Number] = left;
        Count -= left == 0 ? 1 : 0;
        return changed;
    }

    public void Clear()
    {
        if (Count != 0)
        {
            Array.Clear(_pages);
            Count = 0;
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("pmapCount", (long)Count);
        for (int page = 0; page < _pages.Length; page++)
        {
            if (_pages[page] != 0)
            {
                writer.Write("pmapPage", (long)page);
                writer.Write("pmapWord", _pages[page]);
            }
        }
    }

    public void Load(StateReader reader)
    {
        Array.Clear(_pages);
        Count = reader.ReadInt32("pmapCount");
        for (int i = 0; i < Count; i++)
        {
            int page = reader.ReadInt32("pmapPage");
            _pages[page] = reader.ReadUInt64("pmapWord");
        }
    }
}
