using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// Host memory for the whole physical address space of a board in fast fidelity, and for tests: some regions, shared
/// by every core that has a <see cref="FlatMemoryPort"/> to it.
/// </summary>
public sealed unsafe class FlatMemory
{
    public const int PageBytes = 4096;

    private readonly List<Region> _regions = [];
    private readonly List<MipsCore> _cores = [];
    private readonly List<FlatMemoryPort> _ports = [];

    /// <summary>Adds zeroed memory at a physical address; both numbers are multiples of 4096.</summary>
    public void Add(ulong physical, ulong lengthBytes)
    {
        Invariant.Holds((physical | lengthBytes) % PageBytes == 0);
        Invariant.Holds(lengthBytes > 0);
        foreach (Region region in _regions)
        {
            Invariant.Holds(physical >= region.End || physical + lengthBytes <= region.Start);
        }
        _regions.Add(new Region(physical, lengthBytes));
    }

    /// <summary>The host address of a byte, null when there is no memory.</summary>
    public byte* Host(ulong physical)
    {
        Region? region = RegionOf(physical);
        return region is null ? null : region.Bytes + (physical - region.Start);
    }

    /// <summary>Copies bytes in (a program, before the run) or out; the range must lie in one region.</summary>
    public Span<byte> Span(ulong physical, int lengthBytes)
    {
        Region? region = RegionOf(physical);
        Invariant.Holds(region is not null);
        Invariant.Holds(physical + (ulong)lengthBytes <= region.End);
        return new Span<byte>(Host(physical), lengthBytes);
    }

    /// <summary>Joins a core to the memory; its port must be one of this memory's.</summary>
    internal void Attach(MipsCore core, FlatMemoryPort port)
    {
        _cores.Add(core);
        _ports.Add(port);
    }

    internal void CodeDecoded(FlatMemoryPort by, ulong physical, int lengthBytes)
    {
        RegionOf(physical)!.CodePages[PageIndex(physical)] = true;
        for (int i = 0; i < _cores.Count; i++)
        {
            if (_ports[i] != by)
            {
                _cores[i].DropWrite(physical & ~(PageBytes - 1UL), PageBytes);
            }
        }
    }

    internal bool HasForeignCode(ulong physical) =>
        _cores.Count > 1 && RegionOf(physical)!.CodePages[PageIndex(physical)];

    internal void CodeWritten(FlatMemoryPort by, ulong physical, int lengthBytes)
    {
        for (ulong at = physical & ~3UL; at < physical + (ulong)lengthBytes; at += 4)
        {
            uint word = *(uint*)Host(at);
            for (int i = 0; i < _cores.Count; i++)
            {
                if (_ports[i] != by)
                {
                    _cores[i].ForgetWord(at, word);
                }
            }
        }
    }

    private int PageIndex(ulong physical) => (int)((physical - RegionOf(physical)!.Start) / PageBytes);

    private Region? RegionOf(ulong physical)
    {
        foreach (Region region in _regions)
        {
            if (physical >= region.Start && physical < region.End)
            {
                return region;
            }
        }
        return null;
    }

    /// <summary>A range of memory; its host pages are touched when the guest touches them.</summary>
    private sealed class Region(ulong start, ulong lengthBytes)
    {
        private readonly byte* _allocated = (byte*)NativeMemory.AllocZeroed((nuint)lengthBytes + PageBytes);

        public ulong Start { get; } = start;

        public ulong End { get; } = start + lengthBytes;

        public byte* Bytes => (byte*)(((nint)_allocated + PageBytes - 1) & -PageBytes);

        public bool[] CodePages { get; } = new bool[lengthBytes / PageBytes];

        ~Region() => NativeMemory.Free(_allocated);
    }
}
