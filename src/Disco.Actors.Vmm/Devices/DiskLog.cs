using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// What one virtual machine has written to a disk: ranges of bytes that hide the image's. The image is never changed.
/// [Disco 4.2.5]
/// </summary>
internal sealed class DiskLog
{
    private readonly RangeMap<Written> _ranges = new((part, behind) => part with { At = part.At + (int)behind });

    /// <summary>Bytes of the disk that differ from the image, or may.</summary>
    public long Bytes => _ranges.Covered;

    public bool Overlaps(long offset, long bytes) => _ranges.Overlaps(offset, offset + bytes);

    /// <summary>True when nothing of the image is to be seen there.</summary>
    public bool Covers(long offset, long bytes) => _ranges.Covers(offset, offset + bytes);

    public void Write(long offset, ReadOnlySpan<byte> bytes) =>
        _ranges.Set(offset, offset + bytes.Length, new Written(bytes.ToArray(), 0));

    /// <summary>Puts what was written over bytes of the image.</summary>
    public void Overlay(long offset, Span<byte> bytes)
    {
        long end = offset + bytes.Length;
        foreach (MappedRange<Written> range in _ranges.Overlapping(offset, end))
        {
            long from = Math.Max(range.Start, offset);
            int length = (int)(Math.Min(range.End, end) - from);
            range.Value.Bytes.AsSpan(range.Value.At + (int)(from - range.Start), length)
                .CopyTo(bytes[(int)(from - offset)..]);
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("writtenRanges", _ranges.Count);
        foreach (MappedRange<Written> range in _ranges.All)
        {
            writer.Write("offset", range.Start);
            writer.Write("length", range.Length);
            writer.Write("bytes", range.Value.Bytes.AsSpan(range.Value.At, (int)range.Length));
        }
    }

    public void Load(StateReader reader)
    {
        _ranges.Clear();
        for (int left = reader.ReadInt32("writtenRanges"); left > 0; left--)
        {
            long offset = reader.ReadInt64("offset");
            byte[] bytes = new byte[reader.ReadInt32("length")];
            reader.ReadBytes("bytes", bytes);
            _ranges.Set(offset, offset + bytes.Length, new Written(bytes, 0));
        }
    }

    private readonly record struct Written(byte[] Bytes, int At);
}
