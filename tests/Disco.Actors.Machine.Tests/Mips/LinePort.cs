using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// A port with the granules of the coherent fidelity and a little cache of its own in front of flat memory: the first
/// touch of a line blocks once, the first touch after an eviction stalls. Decides by what was accessed, never by when.
/// </summary>
internal sealed unsafe class LinePort(FlatMemory memory) : FlatMemoryPort(memory)
{
    private readonly HashSet<ulong> _present = [];
    private readonly Queue<ulong> _hot = [];
    private readonly HashSet<ulong> _asked = [];

    public override int DataGranuleBytes => 32;

    public override int CodeGranuleBytes => 64;

    public MipsCore? Core { get; set; }

    public override PortStatus Probe(ulong physical, Access access, out byte* host, ref long stallCycles)
    {
        ulong line = (physical & ~63UL) | (access == Access.Fetch ? 1UL : access == Access.Store ? 2UL : 0);
        host = null;
        if (_asked.Add(line))
        {
            return PortStatus.Blocked;
        }
        if (_present.Add(line))
        {
            stallCycles += 20;
            _hot.Enqueue(line);
            if (_hot.Count > 12)
            {
                Evict(_hot.Dequeue());
            }
        }
        return base.Probe(physical, access, out host, ref stallCycles);
    }

    private void Evict(ulong line)
    {
        _present.Remove(line);
        switch (line & 3)
        {
            case 1:
                Core?.DropCode(line & ~63UL, 64);
                break;
            case 2:
                Core?.DropWrite(line & ~63UL, 64);
                break;
            default:
                Core?.DropData(line & ~63UL, 64);
                break;
        }
    }
}
