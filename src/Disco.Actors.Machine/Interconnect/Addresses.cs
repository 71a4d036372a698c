namespace Disco.Actors.Machine.Interconnect;

/// <summary>
/// An address of the real memory of the machine, in bytes (the "machine address" of the Disco paper, 4).
/// </summary>
public readonly record struct MachineAddress(ulong Value)
{
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>The machine address of the first byte of a coherence line.</summary>
public readonly record struct LineAddress(ulong Value)
{
    /// <summary>The line that holds <paramref name="address"/>.</summary>
    public static LineAddress Of(MachineAddress address, int lineBytes) =>
        new(address.Value & ~(ulong)(lineBytes - 1));

    public override string ToString() => $"0x{Value:x}";
}

/// <summary>A NUMA node, from 0.</summary>
public readonly record struct NodeId(int Value)
{
    public override string ToString() => $"n{Value}";
}
