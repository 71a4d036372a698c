using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.Machine.Boards;

/// <summary>Reads a blob of version 16 or 17; every offset is checked against the blob's length.</summary>
internal ref struct FlattenedDeviceTreeReader(ReadOnlySpan<byte> blob)
{
    private const int DepthMax = 64;

    private readonly ReadOnlySpan<byte> _blob = blob;
    private int _at;
    private int _stringsAt;

    public (DeviceTreeNode Root, IReadOnlyList<MemoryReservation> Reservations) Read()
    {
        if (Cell() != FlattenedDeviceTree.Magic)
        {
            throw new FormatException("not a device tree blob: it does not begin with d00dfeed.");
        }

        var totalBytes = Cell();
        var structureAt = Offset(Cell());
        _stringsAt = Offset(Cell());
        var mapAt = Offset(Cell());
        Cell();
        var lastCompatible = Cell();
        if (totalBytes > _blob.Length || lastCompatible > 17)
        {
            throw new FormatException(
                $"a blob of {totalBytes} bytes that readers of version {lastCompatible} understand "
                + $"is not one of version 17 in {_blob.Length} bytes.");
        }

        _at = mapAt;
        var reservations = new List<MemoryReservation>();
        while (true)
        {
            var reservation = new MemoryReservation(Long(), Long());
            if (reservation == default)
            {
                break;
            }

            reservations.Add(reservation);
        }

        _at = structureAt;
        Expect(FlattenedDeviceTree.BeginNode);
        var root = new DeviceTreeNode(Text());
        Body(root, 0);
        Expect(FlattenedDeviceTree.End);
        return (root, reservations);
    }

    private void Body(DeviceTreeNode node, int depth)
    {
        while (true)
        {
            var token = Cell();
            switch (token)
            {
                case FlattenedDeviceTree.EndNode:
                    return;
                case FlattenedDeviceTree.Nop:
                    break;
                case FlattenedDeviceTree.Property:
                    var bytes = Offset(Cell());
                    var name = String(Cell());
                    Once(node.Property(name) is null, name);
                    node.SetBytes(name, Take(bytes));
                    break;
                case FlattenedDeviceTree.BeginNode when depth < DepthMax:
                    var child = Text();
                    Once(node.Child(child) is null, child);
                    Body(node.AddChild(child), depth + 1);
                    break;
                default:
                    throw new FormatException($"token {token} at offset 0x{_at - 4:x} is out of place.");
            }
        }
    }

    private static void Once(bool isNew, string name)
    {
        if (!isNew)
        {
            throw new FormatException($"the name {name} stands twice in its node.");
        }
    }

    private void Expect(uint token)
    {
        if (Cell() is var found && found != token)
        {
            throw new FormatException($"token {found} at offset 0x{_at - 4:x} should be {token}.");
        }
    }

    private readonly string String(uint offset)
    {
        var at = Offset((uint)_stringsAt + offset);
        var end = _blob[at..].IndexOf((byte)0);
        return end >= 0 ? Encoding.ASCII.GetString(_blob.Slice(at, end))
            : throw new FormatException($"the string at offset 0x{at:x} has no end.");
    }

    private string Text()
    {
        var end = _blob[_at..].IndexOf((byte)0);
        if (end < 0)
        {
            throw new FormatException($"the node name at offset 0x{_at:x} has no end.");
        }

        var text = Encoding.ASCII.GetString(_blob.Slice(_at, end));
        Take(end + 1);
        return text;
    }

    private readonly int Offset(uint value) => value <= _blob.Length ? (int)value
        : throw new FormatException($"offset or length 0x{value:x} lies outside the 0x{_blob.Length:x} bytes.");

    /// <summary>Bytes here; the position moves on to the next cell.</summary>
    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _blob.Length - _at)
        {
            throw new FormatException($"truncated: {bytes} bytes at offset 0x{_at:x} of 0x{_blob.Length:x}.");
        }

        var taken = _blob.Slice(_at, bytes);
        _at = Math.Min((_at + bytes + 3) & ~3, _blob.Length);
        return taken;
    }

    private uint Cell() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    private ulong Long() => ((ulong)Cell() << 32) | Cell();
}
