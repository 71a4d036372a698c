using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>A disk: an image that is never written, and the sectors that were, kept apart.</summary>
public sealed class DiskImage(ReadOnlyMemory<byte> image)
{
    public const int SectorBytes = 512;

    private readonly SortedDictionary<long, byte[]> _written = [];

    /// <summary>A last, incomplete sector of the image counts; its rest is zero.</summary>
    public long Sectors { get; } = (image.Length + SectorBytes - 1) / SectorBytes;

    /// <summary>
    /// Reads bytes from a byte offset; they may begin and end inside sectors, but not behind the disk.
    /// </summary>
    public void Read(long offset, Span<byte> into)
    {
        Invariant.Holds(offset >= 0);
        Invariant.Holds(offset + into.Length <= Sectors * SectorBytes);
        while (into.Length > 0)
        {
            long sector = offset / SectorBytes;
            int within = (int)(offset % SectorBytes);
            int length = Math.Min(into.Length, SectorBytes - within);
            Sector(sector)[within..].Span[..length].CopyTo(into);
            offset += length;
            into = into[length..];
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Invariant.Holds(offset >= 0);
        Invariant.Holds(offset + bytes.Length <= Sectors * SectorBytes);
        while (bytes.Length > 0)
        {
            long sector = offset / SectorBytes;
            int within = (int)(offset % SectorBytes);
            int length = Math.Min(bytes.Length, SectorBytes - within);
            if (!_written.TryGetValue(sector, out byte[]? own))
            {
                own = Sector(sector).ToArray();
                _written[sector] = own;
            }
            bytes[..length].CopyTo(own.AsSpan(within));
            offset += length;
            bytes = bytes[length..];
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("writtenSectors", _written.Count);
        foreach ((long sector, byte[] bytes) in _written)
        {
            writer.Write("sector", sector);
            writer.Write("bytes", bytes);
        }
    }

    public void Load(StateReader reader)
    {
        _written.Clear();
        int count = reader.ReadInt32("writtenSectors");
        for (int i = 0; i < count; i++)
        {
            long sector = reader.ReadInt64("sector");
            byte[] bytes = new byte[SectorBytes];
            reader.ReadBytes("bytes", bytes);
            _written[sector] = bytes;
        }
    }

    private ReadOnlyMemory<byte> Sector(long sector)
    {
        if (_written.TryGetValue(sector, out byte[]? own))
        {
            return own;
        }
        int start = (int)(sector * SectorBytes);
        if (start + SectorBytes <= image.Length)
        {
            return image.Slice(start, SectorBytes);
        }
        byte[] last = new byte[SectorBytes];
        image[start..].CopyTo(last);
        return last;
    }
}
