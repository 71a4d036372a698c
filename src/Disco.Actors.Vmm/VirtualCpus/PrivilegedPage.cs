using Disco.Actors.Core;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// A virtual CPU's privileged registers in a page of its guest's memory: doubleword n is register n, as DMFC0 reads it,
/// so that the guest loads and stores where it would trap. [Disco 4.3: changes of the HAL]
/// </summary>
/// <remarks>
/// Loads: EntryLo0, EntryLo1, Context, BadVAddr, EntryHi, Status, Cause (its pending interrupts as of the last
/// exception or privileged instruction), EPC. Stores: EntryLo0, EntryLo1 and EPC at once, Status with the next ERET
/// unless an exception or instruction changes it before; of the others they are lost. The rest is the guest's.
/// </remarks>
public sealed class PrivilegedPage
{
    public const int Doublewords = 16;

    public const int EntryLo0 = 2;
    public const int EntryLo1 = 3;
    public const int Status = 12;
    public const int Epc = 14;

    private readonly ulong[] _contents = new ulong[Doublewords];

    // Registers whose doubleword is to be written though it may be right.
    private uint _unknown;

    /// <summary>The registers it has, by number.</summary>
    public static ReadOnlySpan<int> Registers => [EntryLo0, EntryLo1, 4, 8, 10, Status, 13, Epc];

    /// <summary>Registers that a store changes at once.</summary>
    public static ReadOnlySpan<int> Stored => [EntryLo0, EntryLo1, Epc];

    /// <summary>Where it is; null while the guest has asked for none.</summary>
    public PhysicalPage? Place { get; private set; }

    public void Put(PhysicalPage place)
    {
        Place = place;
        _unknown = ~0u;
    }

    /// <summary>True when the doubleword has to become this value; for Status, when the register has changed.</summary>
    public bool Differs(int register, ulong value) =>
        (_unknown >> register & 1) != 0 || _contents[register] != value;

    /// <summary>The doubleword is known to hold this value.</summary>
    public void Set(int register, ulong value)
    {
        _contents[register] = value;
        _unknown &= ~(1u << register);
    }

    /// <summary>Whatever the guest stored there is to be replaced by the register.</summary>
    public void Forget(int register) => _unknown |= 1u << register;

    public void Save(StateWriter writer)
    {
        writer.Write("privilegedPage", Place is { } place ? (long)place.Number : -1);
        if (Place is null)
        {
            return;
        }
        writer.Write("privilegedUnknown", _unknown);
        foreach (int register in Registers)
        {
            writer.Write("privileged", _contents[register]);
        }
    }

    public void Load(StateReader reader)
    {
        long place = reader.ReadInt64("privilegedPage");
        Place = place < 0 ? null : new PhysicalPage((uint)place);
        if (Place is null)
        {
            return;
        }
        _unknown = (uint)reader.ReadUInt64("privilegedUnknown");
        foreach (int register in Registers)
        {
            _contents[register] = reader.ReadUInt64("privileged");
        }
    }
}
