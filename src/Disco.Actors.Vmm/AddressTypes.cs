using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm;

/// <summary>
/// A page of what a virtual machine takes for physical memory, counted from 0 in pages of 4 KB. Between the guest's
/// virtual addresses and the machine's own there is this third kind of address; the pmap translates it. [Disco 4.2.2]
/// </summary>
public readonly record struct PhysicalPage(uint Number)
{
    public static PhysicalPage Of(ulong physicalAddress) => new((uint)(physicalAddress >> Page.Shift));

    /// <summary>The physical address of its first byte.</summary>
    public ulong Address => (ulong)Number << Page.Shift;

    public override string ToString() => $"page 0x{Number:x}";
}

/// <summary>A page of machine memory, counted from 0 in pages of 4 KB.</summary>
public readonly record struct Frame(uint Number)
{
    /// <summary>Where there is none.</summary>
    public static readonly Frame None = new(uint.MaxValue);

    public static Frame Of(MachineAddress address) => new((uint)(address.Value >> Page.Shift));

    /// <summary>The machine address of its first byte.</summary>
    public MachineAddress Address => new((ulong)Number << Page.Shift);

    public bool Exists => this != None;

    public override string ToString() => Exists ? $"frame 0x{Number:x}" : "no frame";
}
