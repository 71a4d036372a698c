namespace Disco.Actors.Machine.Mips;

/// <summary>What the core wants to do with a byte of memory.</summary>
public enum Access : byte
{
    Fetch,
    Load,
    Store,
}

/// <summary>How a port answered.</summary>
public enum PortStatus : byte
{
    /// <summary>Done, or allowed now: the pointer or the datum is valid.</summary>
    Ready,

    /// <summary>
    /// A request is under way. The core stops; the owner runs it again when the reply is there, and the same
    /// instruction asks again, before any interrupt is taken.
    /// </summary>
    Blocked,

    /// <summary>The address belongs to a device: use <see cref="MemoryPort.Device"/>.</summary>
    Device,

    /// <summary>Nothing answers at this address: the guest gets a bus error.</summary>
    BusError,
}

/// <summary>
/// What a core sees of the world behind its TLB. The core's slow paths call it with physical addresses; the fast
/// paths go through pointers it gave out, so the port must tell the core (<see cref="MipsCore.DropData"/>,
/// <see cref="MipsCore.DropWrite"/>, <see cref="MipsCore.DropCode"/>) whenever a copy or a permission is lost. A port
/// that loses data granules often gives them slots and tells those (<see cref="MipsCore.DropDataSlot"/>,
/// <see cref="MipsCore.DropWriteSlot"/>).
/// During a call <see cref="MipsCore.Now"/> is the cycle of the access.
/// </summary>
public abstract unsafe class MemoryPort
{
    /// <summary>
    /// How far around an address a data pointer stays valid, aligned: 32 (a line of the L1 data cache) or 4096.
    /// </summary>
    public abstract int DataGranuleBytes { get; }

    /// <summary>How many data granules can be here at a time; 0 for a port that names none.</summary>
    public virtual int DataSlots => 0;

    /// <summary>
    /// After a load or store that was Ready: the slot of its granule, from 0. A slot that goes to another granule was
    /// dropped before.
    /// </summary>
    public int DataSlot { get; protected set; }

    /// <summary>The same for instructions: 64 (a line of the L1 instruction cache) or 1024.</summary>
    public abstract int CodeGranuleBytes { get; }

    /// <summary>Asks to perform an access to memory now.</summary>
    /// <param name="physical">Physical address of the first byte; the access does not cross a granule.</param>
    /// <param name="access">Fetch, Load, or Store (which needs the right to write).</param>
    /// <param name="host">When Ready: the byte in this processor's copy, bytes in guest order.</param>
    /// <param name="stallCycles">The port adds the cycles the access takes beyond the instruction's own.</param>
    public abstract PortStatus Probe(ulong physical, Access access, out byte* host, ref long stallCycles);

    /// <summary>
    /// One transaction with a device: the instruction asks until Ready, and the port performs it exactly once.
    /// </summary>
    /// <param name="physical">Physical address, aligned to <paramref name="sizeBytes"/>.</param>
    /// <param name="access">Load or Store.</param>
    /// <param name="sizeBytes">1, 2, 4 or 8.</param>
    /// <param name="data">The datum as a value, zero extended; no byte order is involved.</param>
    /// <param name="stallCycles">As in <see cref="Probe"/>.</param>
    public abstract PortStatus Device(
        ulong physical, Access access, int sizeBytes, ref ulong data, ref long stallCycles);

    /// <summary>LL and LLD, after their load was performed: starts to watch the location.</summary>
    public abstract void SetLink(ulong physical, int sizeBytes);

    /// <summary>True while nobody else has stored to the location since <see cref="SetLink"/>.</summary>
    public abstract bool LinkHolds(ulong physical, int sizeBytes);

    /// <summary>ERET and every SC or SCD end the link. [MIPS64 Vol II, SC]</summary>
    public abstract void ClearLink();

    /// <summary>
    /// A load is about to read, or a store has written, the bytes at <paramref name="host"/>; only from a core with
    /// <see cref="MipsCore.ReportsAccesses"/>. Devices' registers are not memory.
    /// </summary>
    public virtual void Performed(Access access, ulong physical, byte* host)
    {
    }

    /// <summary>The core holds decoded instructions of this granule from now on.</summary>
    public virtual void CodeDecoded(ulong physical, int lengthBytes)
    {
    }

    /// <summary>
    /// True when another core that shares the same bytes holds decoded instructions of the range, so that each store
    /// must be reported with <see cref="CodeWritten"/>. Never where caches keep copies apart.
    /// </summary>
    public virtual bool HasForeignCode(ulong physical, int lengthBytes) => false;

    /// <summary>The core has stored to a range for which <see cref="HasForeignCode"/> said true.</summary>
    public virtual void CodeWritten(ulong physical, int lengthBytes)
    {
    }
}
