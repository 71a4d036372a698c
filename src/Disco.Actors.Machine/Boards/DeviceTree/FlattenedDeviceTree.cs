using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Boards;

/// <summary>Physical memory the kernel must leave alone.</summary>
public readonly record struct MemoryReservation(ulong Address, ulong Bytes);

/// <summary>
/// The flattened form of a tree, version 17 (Devicetree Specification, chapter 5). Everything is big-endian:
/// header, reservation map, structure block, strings block.
/// </summary>
public static class FlattenedDeviceTree
{
    internal const uint Magic = 0xd00d_feed;
    internal const int HeaderBytes = 40;
    internal const uint BeginNode = 1;
    internal const uint EndNode = 2;
    internal const uint Property = 3;
    internal const uint Nop = 4;
    internal const uint End = 9;
    private const uint Version = 17;
    private const uint LastCompatibleVersion = 16;

    /// <summary>The blob of a tree. Place it at an 8-byte boundary. The boot CPU is number 0.</summary>
    public static byte[] Write(DeviceTreeNode root, params ReadOnlySpan<MemoryReservation> reservations)
    {
        Invariant.Holds(root.Name.Length == 0);
        var phandles = new List<DeviceTreeNode>();
        CollectTargets(root, phandles);
        var structure = new List<byte>();
        var strings = new List<byte>();
        WriteNode(root, phandles, structure, strings);
        PutCell(structure, End);

        // The map ends with an entry of zeros.
        var mapBytes = (reservations.Length + 1) * 16;
        var structureAt = HeaderBytes + mapBytes;
        var stringsAt = structureAt + structure.Count;
        var blob = new List<byte>();
        ReadOnlySpan<uint> header =
        [
            Magic, (uint)(stringsAt + strings.Count), (uint)structureAt, (uint)stringsAt, HeaderBytes,
            Version, LastCompatibleVersion, 0, (uint)strings.Count, (uint)structure.Count,
        ];
        foreach (var cell in header)
        {
            PutCell(blob, cell);
        }

        foreach (var reservation in reservations)
        {
            PutLong(blob, reservation.Address);
            PutLong(blob, reservation.Bytes);
        }

        blob.AddRange(new byte[16]);
        blob.AddRange(structure);
        blob.AddRange(strings);
        return [.. blob];
    }

    /// <summary>Reads a blob back. Errors: FormatException with one sentence.</summary>
    public static (DeviceTreeNode Root, IReadOnlyList<MemoryReservation> Reservations) Read(ReadOnlySpan<byte> blob) =>
        new FlattenedDeviceTreeReader(blob).Read();

    // Phandles count from 1 in the order in which the tree first refers to their nodes.
    private static void CollectTargets(DeviceTreeNode node, List<DeviceTreeNode> phandles)
    {
        foreach (var property in node.Properties)
        {
            if (property.Target is { } target && !phandles.Contains(target))
            {
                phandles.Add(target);
            }
        }

        foreach (var child in node.Children)
        {
            CollectTargets(child, phandles);
        }
    }

    private static void WriteNode(
        DeviceTreeNode node, List<DeviceTreeNode> phandles, List<byte> structure, List<byte> strings)
    {
        PutCell(structure, BeginNode);
        structure.AddRange(Encoding.ASCII.GetBytes(node.Name));
        structure.Add(0);
        Align(structure);
        foreach (var property in node.Properties)
        {
            var bytes = property.Target is { } target ? Cell((uint)phandles.IndexOf(target) + 1) : property.Bytes;
            WriteProperty(property.Name, bytes, structure, strings);
        }

        if (phandles.IndexOf(node) is >= 0 and var index)
        {
            WriteProperty("phandle", Cell((uint)index + 1), structure, strings);
        }

        foreach (var child in node.Children)
        {
            WriteNode(child, phandles, structure, strings);
        }

        PutCell(structure, EndNode);
    }

    private static void WriteProperty(string name, byte[] bytes, List<byte> structure, List<byte> strings)
    {
        PutCell(structure, Property);
        PutCell(structure, (uint)bytes.Length);
        PutCell(structure, StringOffset(name, strings));
        structure.AddRange(bytes);
        Align(structure);
    }

    // A name is stored once, and not at all where it is the tail of another.
    private static uint StringOffset(string name, List<byte> strings)
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(name), 0];
        var offset = CollectionsMarshal.AsSpan(strings).IndexOf(text);
        if (offset < 0)
        {
            offset = strings.Count;
            strings.AddRange(text);
        }

        return (uint)offset;
    }

    private static void Align(List<byte> bytes)
    {
        while (bytes.Count % 4 != 0)
        {
            bytes.Add(0);
        }
    }

    private static byte[] Cell(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static void PutCell(List<byte> bytes, uint value) => bytes.AddRange(Cell(value));

    private static void PutLong(List<byte> bytes, ulong value)
    {
        PutCell(bytes, (uint)(value >> 32));
        PutCell(bytes, (uint)value);
    }
}
