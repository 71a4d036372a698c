namespace Disco.Actors.Machine.Mips;

/// <content>What a monitor needs of a core: parking its registers, its TLB entry by entry, ending a run.</content>
public sealed unsafe partial class MipsCore
{
    // The cycle at which the run under way ends.
    private long _runEnd;

    /// <summary>
    /// True while an instruction that the port stopped is to be asked for again: nothing may come between.
    /// </summary>
    public bool IsResuming => _resuming;

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
}
