namespace Disco.Actors.Core;

/// <summary>What an actor is. The order of the members is the order of actors in reports and hashes.</summary>
public enum Role : byte
{
    /// <summary>Not an actor: external input enters the machine from here.</summary>
    Outside,
    Cpu,
    Directory,
    Memory,
    Network,
    Interrupts,
    Console,
    Disk,
    Nic,
    Switch,
    Power,
    Clock,
    Vm,
    Scheduler,

    /// <summary>A protocol driver of a test; no part of a machine.</summary>
    Driver,

    /// <summary>The monitor's frames of one node.</summary>
    MemMap,

    /// <summary>Who sits at the console.</summary>
    Operator,

    /// <summary>A device of a kind that has no role of its own.</summary>
    Device,
}

/// <summary>The typed name of an actor: a role and an index, written <c>cpu/3</c>.</summary>
public readonly record struct Address(Role Role, ushort Index) : IComparable<Address>
{
    private static readonly string[] Names =
    [
        "outside", "cpu", "dir", "mem", "net", "irq", "console", "disk", "nic", "switch", "power", "clock", "vm",
        "sched", "driver", "memmap", "operator", "device",
    ];

    /// <summary>One number for hashing and sorting: role in the high half, index in the low half.</summary>
    public uint Packed => ((uint)Role << 16) | Index;

    public static Address Cpu(int index) => new(Role.Cpu, (ushort)index);

    public static Address Directory(int node) => new(Role.Directory, (ushort)node);

    public static Address Memory(int node) => new(Role.Memory, (ushort)node);

    public static Address Network(int node) => new(Role.Network, (ushort)node);

    public static Address FromPacked(uint packed) => new((Role)(packed >> 16), (ushort)packed);

    public int CompareTo(Address other) => Packed.CompareTo(other.Packed);

    public override string ToString() => $"{Names[(int)Role]}/{Index}";

    /// <summary>Reads <c>cpu/3</c> back; false when the text is not an address.</summary>
    public static bool TryParse(string text, out Address address)
    {
        address = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return false;
        }
        int role = Array.IndexOf(Names, text[..slash]);
        if (role < 0 || !ushort.TryParse(text.AsSpan(slash + 1), out ushort index))
        {
            return false;
        }
        address = new Address((Role)role, index);
        return true;
    }
}
