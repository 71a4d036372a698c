using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Memory;

/// <summary>
/// All memory nodes of a machine under machine addresses: for loading images before a run, and for runs without
/// caches. It sees memory, not what caches hold.
/// </summary>
public sealed unsafe class MachineMemory(IHomeMap homes, MemoryNode[] nodes)
{
    public ulong Bytes => homes.MemoryBytes;

    public IHomeMap Homes => homes;

    /// <summary>
    /// Where CPUs share the bytes themselves: told of writes by others than CPUs, so that no CPU goes on with
    /// instructions it decoded before. Null where caches keep CPUs apart. For construction.
    /// </summary>
    internal SharedCode? Code { get; set; }

    /// <summary>The host pointer of a byte; good up to the end of its page. Null outside memory.</summary>
    public byte* PointerTo(MachineAddress address) => address.Value < homes.MemoryBytes
        ? nodes[homes.HomeOf(address).Value].Host + homes.OffsetOf(address)
        : null;

    /// <summary>Copies bytes into memory; they must fit.</summary>
    public void Write(MachineAddress address, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            byte* host = PointerTo(address);
            Invariant.Holds(host is not null);
            int length = Math.Min(bytes.Length, Page.Bytes - (int)(address.Value % Page.Bytes));
            nodes[homes.HomeOf(address).Value].Written(homes.OffsetOf(address));
            bytes[..length].CopyTo(new Span<byte>(host, length));
            Code?.WrittenByDevice(address.Value, length);
            address = new MachineAddress(address.Value + (ulong)length);
            bytes = bytes[length..];
        }
    }

    /// <summary>Copies bytes out of memory; they must all be in it.</summary>
    public void Read(MachineAddress address, Span<byte> into)
    {
        while (into.Length > 0)
        {
            byte* host = PointerTo(address);
            Invariant.Holds(host is not null);
            int length = Math.Min(into.Length, Page.Bytes - (int)(address.Value % Page.Bytes));
            new ReadOnlySpan<byte>(host, length).CopyTo(into);
            address = new MachineAddress(address.Value + (ulong)length);
            into = into[length..];
        }
    }
}
