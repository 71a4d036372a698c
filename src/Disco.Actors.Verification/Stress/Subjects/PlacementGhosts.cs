using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Vmm;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>
/// What observers know of pages: the serial of each page's latest write, which is its value, and its frame; and for
/// each CPU that has asked to remap a page, the values its source had since.
/// </summary>
internal sealed class PlacementGhosts(int pages, int cpus)
{
    private const int None = -1;

    private readonly ulong[] _latest = new ulong[pages];
    private readonly ulong[] _frames = new ulong[pages];

    // By CPU, of its remap under way: both pages, the source's least and greatest value since, and whether it was zero.
    private readonly int[] _destination = [.. Enumerable.Repeat(None, cpus)];
    private readonly int[] _source = [.. Enumerable.Repeat(None, cpus)];
    private readonly ulong[] _least = new ulong[cpus];
    private readonly ulong[] _greatest = new ulong[cpus];
    private readonly bool[] _wasZero = new bool[cpus];
    private ulong _serial;

    public ulong Latest(int page) => _latest[page];

    public Frame FrameOf(int page) => _frames[page] == 0 ? Frame.None : new Frame((uint)_frames[page] - 1);

    public void SetFrame(int page, Frame frame) => _frames[page] = frame.Exists ? (ulong)frame.Number + 1 : 0;

    public ulong NextValue(int page)
    {
        Become(page, ++_serial);
        return _serial;
    }

    /// <summary>The page was given back.</summary>
    public void Zero(int page) => Become(page, 0);

    public void BeginRemap(int cpu, int page, int source)
    {
        (_destination[cpu], _source[cpu]) = (page, source);
        (_least[cpu], _greatest[cpu], _wasZero[cpu]) = (_latest[source], _latest[source], _latest[source] == 0);
    }

    public void EndRemap(int cpu) => (_destination[cpu], _source[cpu]) = (None, None);

    /// <summary>A page has become a share with a value: by a remap, or merged, with the value it has.</summary>
    public void Adopt(int page, ulong value)
    {
        if (value == _latest[page])
        {
            return;
        }
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            bool within = (value >= _least[cpu] && value <= _greatest[cpu]) || (value == 0 && _wasZero[cpu]);
            if (_destination[cpu] == page && within)
            {
                Become(page, value);
                return;
            }
        }
        Invariant.Broken($"page {page} is remapped and is {value}, which no source was since");
    }

    public void Save(StateWriter writer)
    {
        writer.Write("latest", MemoryMarshal.AsBytes(_latest.AsSpan()));
        writer.Write("frames", MemoryMarshal.AsBytes(_frames.AsSpan()));
        writer.Write("destination", MemoryMarshal.AsBytes(_destination.AsSpan()));
        writer.Write("source", MemoryMarshal.AsBytes(_source.AsSpan()));
        writer.Write("least", MemoryMarshal.AsBytes(_least.AsSpan()));
        writer.Write("greatest", MemoryMarshal.AsBytes(_greatest.AsSpan()));
        writer.Write("wasZero", MemoryMarshal.AsBytes(_wasZero.AsSpan()));
        writer.Write("serial", _serial);
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("latest", MemoryMarshal.AsBytes(_latest.AsSpan()));
        reader.ReadBytes("frames", MemoryMarshal.AsBytes(_frames.AsSpan()));
        reader.ReadBytes("destination", MemoryMarshal.AsBytes(_destination.AsSpan()));
        reader.ReadBytes("source", MemoryMarshal.AsBytes(_source.AsSpan()));
        reader.ReadBytes("least", MemoryMarshal.AsBytes(_least.AsSpan()));
        reader.ReadBytes("greatest", MemoryMarshal.AsBytes(_greatest.AsSpan()));
        reader.ReadBytes("wasZero", MemoryMarshal.AsBytes(_wasZero.AsSpan()));
        _serial = reader.ReadUInt64("serial");
    }

    private void Become(int page, ulong value)
    {
        _latest[page] = value;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            if (_source[cpu] == page)
            {
                _least[cpu] = value == 0 ? _least[cpu] : Math.Min(_least[cpu], value);
                _greatest[cpu] = Math.Max(_greatest[cpu], value);
                _wasZero[cpu] |= value == 0;
            }
        }
    }
}
