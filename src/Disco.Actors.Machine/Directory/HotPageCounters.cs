using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Machine.Directory;

/// <summary>
/// Counters of one node's pages: misses by node, and misses to write. A page's counters are zero again after each
/// report and from each multiple of the reset interval on; that is found out when the page is next missed on.
/// </summary>
internal sealed unsafe class HotPageCounters
{
    // Words before the misses by node: the interval they belong to, and the misses to write.
    private const int HeaderWords = 2;

    /// <summary>Of what is saved of them.</summary>
    public const string FirstField = "hotCounts";

    private readonly HotPageConfig _config;
    private readonly int _node;
    private readonly int _nodes;

    // State: by page, HeaderWords and a word for each node.
    private readonly NativePages _counts;

    /// <param name="config">When to report.</param>
    /// <param name="node">Whose pages.</param>
    /// <param name="homes">The machine's memory.</param>
    public HotPageCounters(HotPageConfig config, int node, IHomeMap homes)
    {
        config.Check();
        Invariant.Holds(homes.Nodes <= HotPageConfig.NodesMax);
        _config = config;
        _node = node;
        _nodes = homes.Nodes;
        ulong pages = homes.NodeBytes >> Page.Shift;
        _counts = new NativePages(FirstField, pages * (ulong)((HeaderWords + _nodes) * sizeof(uint)));
    }

    /// <summary>How often a page was hot.</summary>
    public long Reports { get; private set; }

    /// <summary>Counts a miss.</summary>
    /// <param name="localPage">Counted from the start of this node's memory.</param>
    /// <param name="byNode">Whose CPU missed.</param>
    /// <param name="isWrite">To write.</param>
    /// <param name="now">The present cycle.</param>
    /// <returns>True when the page has become hot; read and clear the counters then.</returns>
    public bool Count(long localPage, int byNode, bool isWrite, Cycle now)
    {
        Span<uint> words = WordsOf(localPage);
        uint interval = (uint)(now.Value / _config.ResetCycles);
        if (words[0] != interval)
        {
            words.Clear();
            words[0] = interval;
        }
        words[1] += isWrite ? 1U : 0;
        uint misses = ++words[HeaderWords + byNode];
        return byNode != _node && misses >= (uint)_config.TriggerMisses;
    }

    /// <summary>Takes the counters of a hot page, which are zero then.</summary>
    /// <param name="localPage">The page.</param>
    /// <param name="misses">Where to write the misses of each node; 4 bytes for each.</param>
    /// <returns>Misses to write.</returns>
    public uint Take(long localPage, Span<byte> misses)
    {
        Span<uint> words = WordsOf(localPage);
        words[HeaderWords..].CopyTo(MemoryMarshal.Cast<byte, uint>(misses));
        uint writes = words[1];
        Reports++;
        words[1..].Clear();
        return writes;
    }

    public void Save(StateWriter writer)
    {
        _counts.Save(writer);
        writer.Write("stat.hotPages", Reports);
    }

    public void Load(StateReader reader)
    {
        _counts.Load(reader);
        Reports = reader.ReadInt64("stat.hotPages");
    }

    private Span<uint> WordsOf(long localPage)
    {
        int bytes = (HeaderWords + _nodes) * sizeof(uint);
        ulong offset = (ulong)localPage * (ulong)bytes;
        _counts.Touch(offset);
        _counts.Touch(offset + (ulong)bytes - 1);
        return new Span<uint>(_counts.Base + offset, HeaderWords + _nodes);
    }
}
