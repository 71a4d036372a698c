using System.Buffers.Binary;

namespace Disco.Actors.Machine.Mips;

/// <content>
/// What a monitor needs of a core: parking its registers, its TLB entry by entry, memory, ending a run.
/// </content>
public sealed unsafe partial class MipsCore
{
    // The cycle at which the run under way ends.
    private long _runEnd;

    /// <summary>
    /// True while an instruction that the port stopped is to be asked for again: nothing may come between.
    /// </summary>
    public bool IsResuming => _resuming;

    /// <summary>That instruction is not wanted any more; other registers will be loaded.</summary>
    public void GiveUpAccess() => _resuming = false;

    /// <summary>Ends the run under way before the instruction of that cycle, or before the next one.</summary>
    public void EndRunBy(long cycle) => _runEnd = Math.Min(_runEnd, cycle);

    /// <summary>The trapped instruction counts as executed: its successor is next.</summary>
    public void StepOver()
    {
        _pc += 4;
        if (_inDelaySlot)
        {
            Pc = _nextPc;
        }
    }

    /// <summary>Copies registers and place of execution out.</summary>
    public void StoreTo(RegisterFile file)
    {
        new ReadOnlySpan<ulong>(_r, 32).CopyTo(file.General);
        file.General[0] = 0;
        _registers.AsSpan(Reg.Fpr, 32).CopyTo(file.Float);
        file.Hi = _r[Reg.Hi];
        file.Lo = _r[Reg.Lo];
        file.Fcsr = Fcsr;
        file.Pc = _pc;
        file.InDelaySlot = _inDelaySlot;
        file.NextPc = _inDelaySlot ? _nextPc : 0;
    }

    /// <summary>Takes registers and place of execution from a file; only between two instructions.</summary>
    public void LoadFrom(RegisterFile file)
    {
        file.General.AsSpan(1).CopyTo(new Span<ulong>(_r + 1, 31));
        file.Float.CopyTo(_registers.AsSpan(Reg.Fpr, 32));
        _r[Reg.Hi] = file.Hi;
        _r[Reg.Lo] = file.Lo;
        Fcsr = file.Fcsr;
        _pc = file.Pc;
        _inDelaySlot = file.InDelaySlot;
        _nextPc = file.NextPc;
    }

    /// <summary>Writes one entry of the TLB; what was derived from the old one is forgotten.</summary>
    public void WriteTlb(int index, in TlbEntry entry)
    {
        DropEntry(index);
        Tlb.Write(index, entry);
    }

    /// <summary>Hides all entries of the TLB.</summary>
    public void FlushTlb() => TlbInvalidate(all: true);

    /// <summary>
    /// The monitor's own load or store of an aligned doubleword of memory, in the guest's byte order. Anything but
    /// Ready has done nothing.
    /// </summary>
    /// <param name="access">Load or Store.</param>
    /// <param name="physical">Machine address.</param>
    /// <param name="value">What was loaded, or is to be stored.</param>
    /// <param name="cycle">Now.</param>
    public PortStatus Perform(Access access, ulong physical, ref ulong value, long cycle)
    {
        Now = cycle;
        PortStatus status = Port.Probe(physical, access, out byte* host, ref _stallCycles);
        if (status != PortStatus.Ready)
        {
            return status;
        }
        if (access == Access.Load)
        {
            value = Config.BigEndian
                ? BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(host, sizeof(ulong)))
                : BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(host, sizeof(ulong)));
            if (_reportsAccesses)
            {
                Port.Performed(Access.Load, physical, host);
            }
            return status;
        }
        _physical = physical;
        _stored = HoldsCode(physical) || _reportsAccesses ? host : null;
        WriteValue(host, sizeof(ulong), value);
        CloseStore(sizeof(ulong));
        return status;
    }

    /// <summary>Asks for the right to access a byte of memory now; Blocked while it is fetched.</summary>
    public PortStatus Reach(Access access, ulong physical, long cycle)
    {
        Now = cycle;
        return Port.Probe(physical, access, out _, ref _stallCycles);
    }
}
