using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips.Interpreter;
using Disco.Actors.Machine.Mips.Translation;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// A MIPS64 Release 2 processor core. It knows no actors: memory is behind a <see cref="MemoryPort"/>, time is handed
/// in. An instruction takes one cycle plus what the port adds; nothing depends on how time is cut into runs.
/// </summary>
public sealed unsafe partial class MipsCore
{
    private readonly ulong[] _registers = GC.AllocateArray<ulong>(Reg.Count, pinned: true);
    private readonly ulong* _r;
    private readonly HandlerSet _handlers;
    private readonly DataCache _data;
    private readonly CodeCache _code;

    // Where to go on: the address of the next instruction and, when that is a delay slot, where its branch goes.
    private ulong _pc;
    private bool _inDelaySlot;
    private ulong _nextPc;

    // A WAIT sleeps. An instruction was stopped by the port and comes before any interrupt when it is run again.
    private bool _waiting;
    private bool _resuming;

    // Of the present stretch: the cycle in which its budget is 0, what is left at a stop inside a slow path, stalls.
    private long _end;
    private long _left;
    private long _stallCycles;
    private long _slackCycles;
    private bool _dropped;

    // Cycles to run before everything is decoded once more: by then the handlers in use are compiled, and records can
    // point at the code itself. No effect but speed.
    private long _cyclesToDecodeAgain = 50_000;

    public MipsCore(CoreConfig config, MemoryPort port, ITrapMonitor? monitor = null)
    {
        Config = config;
        Port = port;
        Monitor = monitor;
        _r = (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(_registers, 0);
        _handlers = HandlerSets.For(port.DataGranuleBytes, port.CodeGranuleBytes, config.BigEndian);
        _data = new DataCache(_handlers.DataShift, _handlers.DataEntries, port.DataSlots);
        _code = new CodeCache(_handlers, config.TranslateAfter, _r + Reg.FetchEpoch);
        _r[Reg.FetchTable] = (ulong)_code.Table;
        if (config.TranslateAfter is { } after)
        {
            _translator = new Translator(this, _code, _handlers, after);
            _r[Reg.ToSample] = (ulong)_translator.SampleEvery;
            _r[Reg.Epochs] = (ulong)_translator.Epochs;
        }
        Tlb = new TranslationBuffer(config.TlbEntries, config.RandomSeed);
        Reset();
    }

    public CoreConfig Config { get; }

    public MemoryPort Port { get; }

    public ITrapMonitor? Monitor { get; set; }

    public TranslationBuffer Tlb { get; }

    /// <summary>
    /// True to tell the port of every load and store (<see cref="MemoryPort.Performed"/>). The core then keeps no
    /// translations to host memory, so that none passes unseen: slower, and otherwise the same.
    /// </summary>
    public bool ReportsAccesses
    {
        get => _reportsAccesses;
        set
        {
            _reportsAccesses = value;
            _data.Clear();
        }
    }

    /// <summary>The cycle of the instruction that executes; valid inside calls to the port and the monitor.</summary>
    public long Now { get; private set; }

    /// <summary>Why the last <see cref="Run"/> came back.</summary>
    public RunStop Stop { get; private set; }

    /// <summary>Instructions executed since reset, those that raised an exception included.</summary>
    public long Instructions { get; private set; }

    /// <summary>Cycles the port and the monitor added.</summary>
    public long StallCycles { get; private set; }

    /// <summary>Cycles slept in WAIT up to the last run's end.</summary>
    public long WaitCycles { get; private set; }

    /// <summary>Address of the next instruction. Setting it leaves a delay slot.</summary>
    public ulong Pc
    {
        get => _pc;
        set
        {
            _pc = value;
            _inDelaySlot = false;
        }
    }

    /// <summary>Physical address of the next instruction where no TLB is involved; null in mapped segments.</summary>
    public ulong? PhysicalPc =>
        AddressMap.Classify(Config, _status, _mode, _pc, out ulong physical) == Segment.Unmapped ? physical : null;

    /// <summary>True when the next instruction is in the delay slot of a branch that was executed.</summary>
    public bool InDelaySlot => _inDelaySlot;

    /// <summary>Unsaved registers and state as after a cold reset. [MIPS64 Vol III, 6.2.4]</summary>
    public void Reset()
    {
        Array.Clear(_registers, 0, Reg.NextPc);
        Array.Clear(_registers, Reg.Fpr, 32);
        Pc = Config.ResetPc;
        _waiting = false;
        _resuming = false;
        ResetCp0();
        ResetFpu();
        DropEverything();
        ApplyStatus(Config.Status);
    }

    /// <summary>
    /// Executes from cycle <paramref name="start"/> until <paramref name="budgetCycles"/> are used up, the port
    /// blocks, or WAIT sleeps; <see cref="Stop"/> says which.
    /// </summary>
    /// <param name="start">The present cycle.</param>
    /// <param name="budgetCycles">At least 1.</param>
    /// <param name="slackCycles">What may be left of it, where going on later is cheaper.</param>
    /// <returns>Cycles used; more than the budget when the last instruction's stall overshot it.</returns>
    public long Run(Cycle start, long budgetCycles, long slackCycles = 0)
    {
        long now = start.Value;
        _runEnd = budgetCycles > long.MaxValue - now ? long.MaxValue : now + budgetCycles;
        Stop = RunStop.Budget;
        while (now < _runEnd && Stop == RunStop.Budget)
        {
            if (_waiting && !Wake(ref now, _runEnd))
            {
                break;
            }
            long before = now;
            _slackCycles = slackCycles;
            now = _probe is null ? RunStretch(now, _runEnd) : RunProbed(now, _runEnd);
            if (now == before)
            {
                slackCycles = 0;
            }
            else if (_runEnd - now <= slackCycles)
            {
                break;
            }
        }
        return now - start.Value;
    }

    /// <summary>A general register, 0..31.</summary>
    public ulong GetRegister(int number) => number == 0 ? 0 : _r[number & 31];

    public void SetRegister(int number, ulong value)
    {
        if (number != 0)
        {
            _r[number & 31] = value;
        }
    }

    public ulong Hi
    {
        get => _r[Reg.Hi];
        set => _r[Reg.Hi] = value;
    }

    public ulong Lo
    {
        get => _r[Reg.Lo];
        set => _r[Reg.Lo] = value;
    }

    /// <summary>The granule in this slot of the port is no longer there.</summary>
    public void DropDataSlot(int slot) => _data.DropSlot(slot);

    /// <summary>The right to write the granule in this slot of the port is lost; reading goes on.</summary>
    public void DropWriteSlot(int slot) => _data.DropSlotWrite(slot);

    /// <summary>
    /// The bytes of the physical range are no longer here, or may not be read. Searches; not for ports with slots,
    /// which do it often.
    /// </summary>
    public void DropData(ulong physical, int lengthBytes) => _data.Drop(physical, lengthBytes, writeOnly: false);

    /// <summary>The right to write the physical range is lost; reading goes on.</summary>
    public void DropWrite(ulong physical, int lengthBytes) => _data.Drop(physical, lengthBytes, writeOnly: true);

    /// <summary>The instructions of the physical range must be fetched again before they execute again.</summary>
    public void DropCode(ulong physical, int lengthBytes) => _dropped |= _code.Drop(physical, lengthBytes);

    /// <summary>Another core stored this word to shared bytes: what was decoded from it is forgotten.</summary>
    internal void ForgetWord(ulong physical, uint rawWord) => _dropped |= _code.Written(physical, rawWord);

    /// <summary>Leaves the interpreter before the record: remembers where to go on.</summary>
    /// <remarks>Never inlined: a call that is no tail call would give every handler a stack frame.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long StopAt(Insn* ip, ulong* r, MipsCore core, long budget)
    {
        core.SavePc(ip);
        return budget;
    }

    /// <summary>Leaves the interpreter; the instruction at <paramref name="pc"/> is next.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal long LeaveAt(ulong pc, long budget)
    {
        Pc = pc;
        return budget;
    }

    /// <summary>The budget that was left when a slow path refused to go on.</summary>
    internal long Left => _left;

    /// <summary>True when the executing code must be fetched again.</summary>
    internal bool MustLeave => _dropped;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long TakeStall()
    {
        long stall = _stallCycles;
        StallCycles += stall;
        _stallCycles = 0;
        return stall;
    }

    // One call of the interpreter: up to the end of the budget, the timer, or whatever changes the processor's mode.
    private long RunStretch(long now, long end)
    {
        Now = now;
        if (!_resuming && InterruptIsPending(now))
        {
            RaiseInterrupt(now);
            if (Stop != RunStop.Budget)
            {
                return now;
            }
        }
        if (_cyclesToDecodeAgain > 0)
        {
            end = Math.Min(end, now + _cyclesToDecodeAgain);
        }
        _end = _resuming ? now + 1 : StretchEnd(now, end);
        _r[Reg.Slack] = _end == _runEnd ? (ulong)_slackCycles : 0;
        _dropped = false;
        Insn* ip = Locate();
        long stall = TakeStall();
        if (ip == null || stall > 0)
        {
            // Blocked: no time passes. A fault of the fetch costs the cycle of the instruction that never came.
            bool fault = ip == null && Stop == RunStop.Budget;
            _resuming = Stop == RunStop.Blocked || (ip != null && _resuming);
            Instructions += fault ? 1 : 0;
            return now + stall + (fault ? 1 : 0);
        }
        long stallsBefore = StallCycles;
        long left = ip->Handler(ip, _r, this, _end - now);
        long used = _end - left - now;
        Instructions += used - (StallCycles - stallsBefore);
        if (_cyclesToDecodeAgain > 0 && (_cyclesToDecodeAgain -= used) <= 0)
        {
            _code.HandlersAreCompiled();
        }
        _resuming = Stop == RunStop.Blocked;
        return now + used;
    }

    private long StretchEnd(long now, long end) =>
        _timerCycle > now && TimerCanInterrupt ? Math.Min(end, _timerCycle) : end;

    private void SavePc(Insn* ip)
    {
        if ((ip->Flags & InsnFlags.End) != 0)
        {
            Pc = TargetOf(ip);
            return;
        }
        _pc = _r[Reg.PcBase] + (4UL * ip->Index);
        _inDelaySlot = (ip->Flags & InsnFlags.DelaySlot) != 0;
        if (_inDelaySlot)
        {
            _nextPc = TargetOf(ip);
        }
    }

    private ulong TargetOf(Insn* ip)
    {
        if ((ip->Flags & InsnFlags.Far) != 0)
        {
            return _r[Reg.NextPc];
        }
        Insn* target = (Insn*)_r[Reg.Target];
        return (target->Flags & InsnFlags.Far) != 0
            ? _r[Reg.NextPc]
            : _r[Reg.PcBase] + (4UL * target->Index);
    }

    // Everything derived from memory, mappings and modes.
    private void DropEverything()
    {
        _data.Clear();
        _code.ClearBlocks(HasProbedAddresses);
    }
}
