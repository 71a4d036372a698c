using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips;

/// <content>Exceptions, interrupts, the timer, ERET and WAIT.</content>
public sealed unsafe partial class MipsCore
{
    private const ulong BootVectors = 0xFFFF_FFFF_BFC0_0200;
    private const long CountModulus = 1L << 32;

    private uint _lines;
    private long _waitingSince;

    // The cycle from which on Cause.TI is 1 (board spec 2.6).
    private long _timerCycle;

    /// <summary>
    /// When <see cref="Stop"/> is Waiting: the cycle in which the timer ends the wait, or long.MaxValue.
    /// </summary>
    public long WakeCycle => (_status & CauseBits.Ip7) != 0 ? _timerCycle : long.MaxValue;

    /// <summary>True when a WAIT sleeps.</summary>
    public bool IsWaiting => _waiting;

    private bool TimerCanInterrupt =>
        (_status & (CauseBits.Ip7 | StatusBits.Ie | StatusBits.Exl | StatusBits.Erl))
        == (CauseBits.Ip7 | StatusBits.Ie);

    /// <summary>Levels of Cause.IP7..IP2 from outside, in bits 7..2. Only between runs.</summary>
    public void SetInterruptLines(uint lines) => _lines = lines & 0xFC;

    /// <summary>An exception of the instruction at a record; the handler's result.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal long Raise(Insn* ip, ExceptionCode code, long budget) => Raise(ip, code, 0, 0, refill: false, budget);

    /// <summary>Coprocessor Unusable. [MIPS64 Vol III, 6.2.21]</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal long RaiseUnusable(Insn* ip, int coprocessor, long budget) =>
        Raise(ip, ExceptionCode.CoprocessorUnusable, 0, coprocessor, refill: false, budget);

    internal long Raise(Insn* ip, ExceptionCode code, ulong address, int coprocessor, bool refill, long budget)
    {
        SavePc(ip);
        Now = _end - budget;
        CodeBlock? block = Monitor is null ? null : _code.Blocks.BlockOf(ip);
        Except(code, address, coprocessor, refill, block?.Word(ip->Index) ?? 0);
        return budget - TakeStall() - (Stop == RunStop.Monitor ? 0 : 1);
    }

    /// <summary>ERET. [MIPS64 Vol II, ERET]</summary>
    internal long ReturnFromException(Insn* ip, long budget)
    {
        SavePc(ip);
        if ((_status & StatusBits.Erl) != 0)
        {
            Pc = _errorEpc;
            ApplyStatus(_status & ~StatusBits.Erl);
        }
        else
        {
            Pc = _epc;
            ApplyStatus(_status & ~StatusBits.Exl);
        }
        Port.ClearLink();
        return budget - 1;
    }

    /// <summary>WAIT: a no-op when an interrupt is pending, else sleep. [MIPS64 Vol II, WAIT; board spec 2.5]</summary>
    internal long WaitForInterrupt(Insn* ip, long budget)
    {
        SavePc(ip);
        _pc += 4;
        if (_inDelaySlot)
        {
            Pc = _nextPc;
        }
        Now = _end - budget + 1;
        _waiting = !WakesFromWait(Now);
        _waitingSince = Now;
        return budget - 1;
    }

    private long CountAt(long cycle) => cycle / Config.CountDividerCycles;

    private void SetCompare(uint value)
    {
        _compare = value;
        long count = CountAt(Now);
        long distance = (uint)(value - (uint)count);
        _timerCycle = (count + (distance == 0 ? CountModulus : distance)) * Config.CountDividerCycles;
    }

    // Cause as it reads at a cycle: lines and timer are levels.
    private uint CauseAt(long cycle)
    {
        uint cause = _cause | (_lines << 8);
        return cycle >= _timerCycle ? cause | CauseBits.Ti | CauseBits.Ip7 : cause;
    }

    private bool InterruptIsPending(long cycle) =>
        (_status & (StatusBits.Ie | StatusBits.Exl | StatusBits.Erl)) == StatusBits.Ie
        && (CauseAt(cycle) & _status & StatusBits.InterruptMask) != 0;

    // With Config7.WII a masked-by-IE interrupt ends WAIT too.
    private bool WakesFromWait(long cycle) =>
        (CauseAt(cycle) & _status & StatusBits.InterruptMask) != 0
        && ((Config.Config7 >> 31) != 0 || InterruptIsPending(cycle));

    // Lets a waiting core sleep until something ends it; false when nothing does before the end.
    private bool Wake(ref long now, long end)
    {
        if (!WakesFromWait(now))
        {
            bool timerWakes = (_status & CauseBits.Ip7) != 0 && (TimerCanInterrupt || (Config.Config7 >> 31) != 0);
            if (!timerWakes || _timerCycle >= end)
            {
                Stop = RunStop.Waiting;
                return false;
            }
            now = _timerCycle;
        }
        WaitCycles += now - _waitingSince;
        _waiting = false;
        return true;
    }

    private void RaiseInterrupt(long now)
    {
        Now = now;
        Except(ExceptionCode.Interrupt, 0, 0, refill: false, 0);
    }

    // Takes an exception at the saved place, unless a monitor wants it. [MIPS64 Vol III, 6.2]
    private void Except(ExceptionCode code, ulong address, int coprocessor, bool refill, uint word)
    {
        if (Monitor is not null && _mode != Mode.Kernel)
        {
            GuestTrap trap = new(code, _pc, _inDelaySlot, address, word, coprocessor, refill);
            TrapOutcome outcome = Monitor.OnTrap(this, trap, ref _stallCycles);
            if (outcome != TrapOutcome.Deliver)
            {
                Stop = outcome == TrapOutcome.Block ? RunStop.Monitor : Stop;
                return;
            }
        }
        RecordAddress(code, address);
        ulong offset = VectorOffset(code, address, refill);
        if ((_status & StatusBits.Exl) == 0)
        {
            _epc = _inDelaySlot ? _pc - 4 : _pc;
            _cause = _inDelaySlot ? _cause | CauseBits.Bd : _cause & ~CauseBits.Bd;
        }
        _cause = (_cause & ~0x3000_007Cu) | ((uint)coprocessor << 28) | ((uint)code << 2);
        ApplyStatus(_status | StatusBits.Exl);
        Pc = ((_status & StatusBits.Bev) != 0 ? BootVectors : VectorBase) + offset;
    }

    private ulong VectorBase => 0xFFFF_FFFF_8000_0000 | (_ebase & 0x3FFF_F000);

    private ulong VectorOffset(ExceptionCode code, ulong address, bool refill)
    {
        if (refill && (_status & StatusBits.Exl) == 0)
        {
            return AddressMap.UsesWideRefill(_status, address) ? 0x080UL : 0;
        }
        if (code != ExceptionCode.Interrupt || (_cause & CauseBits.Iv) == 0
            || (_status & StatusBits.Exl) != 0)
        {
            return 0x180;
        }
        // Vectored interrupts, where Config3.VInt and a spacing are there: one vector per line. [Vol III, 6.1.2]
        uint spacing = _intCtl & 0x3E0;
        if ((Config.Config3 & 0x20) == 0 || spacing == 0 || (_status & StatusBits.Bev) != 0)
        {
            return 0x200;
        }
        uint pending = (CauseAt(Now) & _status & StatusBits.InterruptMask) >> 8;
        return 0x200 + ((ulong)(31 - uint.LeadingZeroCount(pending)) * spacing);
    }

    private void RecordAddress(ExceptionCode code, ulong address)
    {
        switch (code)
        {
            case ExceptionCode.AddressErrorLoad or ExceptionCode.AddressErrorStore:
                _badVAddr = address;
                break;
            case ExceptionCode.TlbModified or ExceptionCode.TlbLoad or ExceptionCode.TlbStore
                or ExceptionCode.TlbReadInhibit or ExceptionCode.TlbExecuteInhibit:
                _badVAddr = address;
                _context = (_context & ~0x7F_FFF0UL) | ((address >> 9) & 0x7F_FFF0);
                _xContext = (_xContext & ~0x1_FFFF_FFFFUL)
                    | (address >> 62 << 31) | ((address >> 9) & 0x7FFF_FFF0);
                _entryHi = (_entryHi & 0x4FF) | (address & TranslationBuffer.TagMask);
                break;
            default:
                break;
        }
    }
}
