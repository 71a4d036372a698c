using System.Buffers.Binary;
using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Boards;

/// <summary>A property: bytes, or a reference whose bytes (a phandle) are known when the tree is written.</summary>
public sealed record DeviceTreeProperty(string Name, byte[] Bytes, DeviceTreeNode? Target = null)
{
    /// <summary>The value as text; a list has several, each ended by a zero byte.</summary>
    public string[] Strings => Encoding.UTF8.GetString(Bytes).TrimEnd('\0').Split('\0');

    /// <summary>The value as big-endian 32-bit cells.</summary>
    public uint[] Cells
    {
        get
        {
            var cells = new uint[Bytes.Length / 4];
            for (var index = 0; index < cells.Length; index++)
            {
                cells[index] = BinaryPrimitives.ReadUInt32BigEndian(Bytes.AsSpan(index * 4));
            }

            return cells;
        }
    }
}

/// <summary>A node of a device tree. Setters return the node; a property is set once.</summary>
public sealed class DeviceTreeNode(string name)
{
    private readonly List<DeviceTreeProperty> _properties = [];
    private readonly List<DeviceTreeNode> _children = [];

    /// <summary>`name` or `name@unit-address`; empty for the root.</summary>
    public string Name { get; } = name;

    public IReadOnlyList<DeviceTreeProperty> Properties => _properties;

    public IReadOnlyList<DeviceTreeNode> Children => _children;

    public DeviceTreeNode AddChild(string name) => AddChild(new DeviceTreeNode(name));

    /// <summary>For a node that is referred to before its place in the tree. Returns the child.</summary>
    public DeviceTreeNode AddChild(DeviceTreeNode child)
    {
        Invariant.Holds(Child(child.Name) is null);
        _children.Add(child);
        return child;
    }

    public DeviceTreeNode? Child(string name) => _children.Find(c => c.Name == name);

    /// <summary>A node below this one by path (`soc/serial@e0100000`); null when there is none.</summary>
    public DeviceTreeNode? Find(string path)
    {
        var node = this;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node?.Child(name);
        }

        return node;
    }

    public DeviceTreeProperty? Property(string name) => _properties.Find(p => p.Name == name);

    /// <summary>A property without a value: true by being there.</summary>
    public DeviceTreeNode SetEmpty(string name) => SetBytes(name, []);

    /// <summary>Text, or a list of texts.</summary>
    public DeviceTreeNode SetStrings(string name, params ReadOnlySpan<string> values)
    {
        var bytes = new List<byte>();
        foreach (var value in values)
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(value));
            bytes.Add(0);
        }

        return SetBytes(name, bytes.ToArray());
    }

    /// <summary>32-bit cells.</summary>
    public DeviceTreeNode SetCells(string name, params ReadOnlySpan<uint> values)
    {
        var bytes = new byte[values.Length * 4];
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(index * 4), values[index]);
        }

        return SetBytes(name, bytes);
    }

    /// <summary>64-bit values, each two cells, the high one first.</summary>
    public DeviceTreeNode SetLongs(string name, params ReadOnlySpan<ulong> values)
    {
        var bytes = new byte[values.Length * 8];
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(index * 8), values[index]);
        }

        return SetBytes(name, bytes);
    }

    public DeviceTreeNode SetBytes(string name, ReadOnlySpan<byte> bytes) =>
        Set(new DeviceTreeProperty(name, bytes.ToArray()));

    /// <summary>The phandle of another node of the same tree, numbered when the tree is written.</summary>
    public DeviceTreeNode SetReference(string name, DeviceTreeNode target) =>
        Set(new DeviceTreeProperty(name, [], target));

    private DeviceTreeNode Set(DeviceTreeProperty property)
    {
        Invariant.Holds(Property(property.Name) is null);
        _properties.Add(property);
        return this;
    }
}
