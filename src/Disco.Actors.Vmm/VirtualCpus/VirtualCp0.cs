using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// The coprocessor 0 that a guest sees: the registers of board spec 2.3 as plain values, which the monitor reads and
/// writes when the guest's privileged instructions trap. Registers are named by number * 8 + select. [Disco 4.1]
/// </summary>
public sealed class VirtualCp0
{
    private const uint PageGrainExceptions = 1 << 27;
    private const uint PageGrainInhibits = 3U << 30;
    private const ulong EntryHiInvalid = 1 << 10;
    private const ulong BadPageMask = 0x7F_FFF0;
    private const ulong ContextBase = ~0x7F_FFFFUL;
    private const ulong XContextBase = ~0x1_FFFF_FFFFUL;
    private const ulong BootVectors = 0xFFFF_FFFF_BFC0_0200;
    private const long CountModulus = 1L << 32;

    private readonly ulong[] _scratch = new ulong[8];

    /// <param name="config">The processor the guest takes itself to run on; its number is the virtual CPU's.</param>
    public VirtualCp0(CoreConfig config)
    {
        Processor = config;
        Reset();
    }

    public CoreConfig Processor { get; }

    public uint Index { get; private set; }

    public ulong EntryLo0 { get; private set; }

    public ulong EntryLo1 { get; private set; }

    public ulong TlbContext { get; private set; }

    public ulong UserLocal { get; private set; }

    public uint PageMask { get; private set; }

    public uint PageGrain { get; private set; }

    public uint Wired { get; private set; }

    public uint HwrEna { get; private set; }

    public ulong BadVAddr { get; private set; }

    public ulong EntryHi { get; private set; }

    public uint Compare { get; private set; }

    /// <summary>The cycle from which on Cause.TI is 1 (board spec 2.6).</summary>
    public long TimerCycle { get; private set; }

    public uint Status { get; private set; }

    public uint IntCtl { get; private set; }

    /// <summary>Without the lines from outside and the timer.</summary>
    public uint Cause { get; private set; }

    public ulong Epc { get; private set; }

    public uint EBase { get; private set; }

    public uint Config { get; private set; }

    public ulong XContext { get; private set; }

    public ulong ErrorEpc { get; private set; }

    /// <summary>Levels of Cause.IP7..IP2 from outside, in bits 7..2.</summary>
    public uint Lines { get; set; }

    public Mode Mode => StatusBits.ModeOf(Status);

    public byte Asid => (byte)EntryHi;

    /// <summary>CP0 instructions are allowed: kernel mode or Status.CU0. [MIPS64 Vol III, 3]</summary>
    public bool IsUsable => Mode == Mode.Kernel || (Status & StatusBits.Cu0) != 0;

    /// <summary>The timer would interrupt if it had expired.</summary>
    public bool TimerCanInterrupt =>
        (Status & (CauseBits.Ip7 | StatusBits.Ie | StatusBits.Exl | StatusBits.Erl)) == (CauseBits.Ip7 | StatusBits.Ie);

    /// <summary>The timer would end a WAIT if it had expired.</summary>
    public bool TimerCanWake => (Status & CauseBits.Ip7) != 0 && (TimerCanInterrupt || WakesWhenMasked);

    private bool WakesWhenMasked => Processor.Config7 >> 31 != 0;

    private ulong EntryLoMask =>
        ((1UL << (Processor.PhysicalAddressBits - 6)) - 1)
        | ((PageGrain & (1U << 31)) != 0 ? EntryLo.ReadInhibit : 0)
        | ((PageGrain & (1U << 30)) != 0 ? EntryLo.ExecuteInhibit : 0);

    /// <summary>Registers as after a cold reset. [MIPS64 Vol III, 6.2.4]</summary>
    public void Reset()
    {
        Index = PageMask = PageGrain = Wired = HwrEna = Cause = Compare = Lines = 0;
        EntryLo0 = EntryLo1 = TlbContext = UserLocal = BadVAddr = EntryHi = Epc = XContext = ErrorEpc = 0;
        Array.Clear(_scratch);
        IntCtl = 0xE000_0000;
        EBase = 0x8000_0000 | (uint)Processor.CpuNumber;
        Config = Processor.Config | (Processor.BigEndian ? 0x8000u : 0);
        Status = Processor.Status;
        TimerCycle = CountModulus * Processor.CountDividerCycles;
    }

    /// <summary>Cause as it reads at a cycle: lines and timer are levels.</summary>
    public uint CauseAt(long cycle)
    {
        uint cause = Cause | (Lines << 8);
        return cycle >= TimerCycle ? cause | CauseBits.Ti | CauseBits.Ip7 : cause;
    }

    public bool InterruptIsPending(long cycle) =>
        (Status & (StatusBits.Ie | StatusBits.Exl | StatusBits.Erl)) == StatusBits.Ie
        && (CauseAt(cycle) & Status & StatusBits.InterruptMask) != 0;

    /// <summary>WAIT would not sleep, or wakes. [MIPS64 Vol II, WAIT; Config7.WII]</summary>
    public bool WakesFromWait(long cycle) =>
        (CauseAt(cycle) & Status & StatusBits.InterruptMask) != 0
        && (WakesWhenMasked || InterruptIsPending(cycle));

    /// <summary>A register as DMFC0 reads it; what is not there reads 0.</summary>
    /// <param name="name">Number * 8 + select.</param>
    /// <param name="cycle">Now, for Count and Cause.</param>
    /// <param name="random">What Random reads.</param>
    public ulong Read(int name, long cycle, int random) => name switch
    {
        0 * 8 => Index,
        1 * 8 => (ulong)random,
        2 * 8 => EntryLo0,
        3 * 8 => EntryLo1,
        4 * 8 => TlbContext,
        (4 * 8) + 2 => UserLocal,
        5 * 8 => PageMask,
        (5 * 8) + 1 => PageGrain,
        6 * 8 => Wired,
        7 * 8 => HwrEna,
        8 * 8 => BadVAddr,
        9 * 8 => (ulong)(int)CountAt(cycle),
        10 * 8 => EntryHi,
        11 * 8 => (ulong)(int)Compare,
        12 * 8 => (ulong)(int)Status,
        (12 * 8) + 1 => (ulong)(int)IntCtl,
        13 * 8 => (ulong)(int)CauseAt(cycle),
        14 * 8 => Epc,
        15 * 8 => Processor.ProcessorId,
        (15 * 8) + 1 => (ulong)(int)EBase,
        (15 * 8) + 3 => (Processor.Config3 & 0x2000_0000) != 0 ? Processor.CoherenceManagerBase : 0,
        16 * 8 => (ulong)(int)Config,
        (16 * 8) + 1 => (ulong)(int)(Processor.HasFpu ? Processor.Config1 : Processor.Config1 & ~1u),
        (16 * 8) + 2 => (ulong)(int)Processor.Config2,
        (16 * 8) + 3 => (ulong)(int)Processor.Config3,
        (16 * 8) + 4 => (ulong)(int)Processor.Config4,
        (16 * 8) + 7 => (ulong)(int)Processor.Config7,
        20 * 8 => XContext,
        30 * 8 => ErrorEpc,
        >= (31 * 8) + 2 and <= (31 * 8) + 7 => _scratch[name & 7],
        _ => 0,
    };

    /// <summary>Writes a register as DMTC0 does; what is not there ignores it.</summary>
    public void Write(int name, ulong value, long cycle)
    {
        switch (name)
        {
            case 0 * 8:
                Index = (Index & 0x8000_0000) | ((uint)value & 63);
                break;
            case 2 * 8:
                EntryLo0 = value & EntryLoMask;
                break;
            case 3 * 8:
                EntryLo1 = value & EntryLoMask;
                break;
            case 4 * 8:
                TlbContext = (value & ContextBase) | (TlbContext & BadPageMask);
                break;
            case (4 * 8) + 2:
                UserLocal = value;
                break;
            case 5 * 8:
                PageMask = (uint)value & 0x1FFF_E000;
                break;
            case (5 * 8) + 1:
                PageGrain = (uint)value & (PageGrainInhibits | PageGrainExceptions);
                break;
            case 6 * 8:
                Wired = (uint)value & 63;
                break;
            case 7 * 8:
                HwrEna = (uint)value;
                break;
            case 10 * 8:
                ulong invalid = ((Processor.Config4 >> 29) & 3) >= 2 ? EntryHiInvalid : 0;
                EntryHi = value & (TranslationBuffer.TagMask | invalid | 0xFF);
                break;
            case 11 * 8:
                SetCompare((uint)value, cycle);
                break;
            default:
                WriteControl(name, value);
                break;
        }
    }

    /// <summary>Sets Status.IE; DI and EI. [MIPS64 Vol II, DI]</summary>
    public void SetInterruptEnable(bool enable) =>
        Status = enable ? Status | StatusBits.Ie : Status & ~StatusBits.Ie;

    /// <summary>Where ERET goes on. [MIPS64 Vol II, ERET]</summary>
    public ulong ReturnFromException()
    {
        if ((Status & StatusBits.Erl) != 0)
        {
            Status &= ~StatusBits.Erl;
            return ErrorEpc;
        }
        Status &= ~StatusBits.Exl;
        return Epc;
    }

    /// <summary>Takes an exception; the address of its vector. [MIPS64 Vol III, 6.2]</summary>
    /// <param name="code">The cause.</param>
    /// <param name="pc">The instruction that has not executed.</param>
    /// <param name="inDelaySlot">Whether it stands in a delay slot.</param>
    /// <param name="address">The bad address, where the code has one.</param>
    /// <param name="coprocessor">For Coprocessor Unusable.</param>
    /// <param name="refill">No entry of the TLB matched.</param>
    /// <param name="cycle">Now.</param>
    public ulong Raise(
        ExceptionCode code, ulong pc, bool inDelaySlot, ulong address, int coprocessor, bool refill, long cycle)
    {
        RecordAddress(code, address);
        ulong offset = VectorOffset(code, address, refill, cycle);
        if ((Status & StatusBits.Exl) == 0)
        {
            Epc = inDelaySlot ? pc - 4 : pc;
            Cause = inDelaySlot ? Cause | CauseBits.Bd : Cause & ~CauseBits.Bd;
        }
        Cause = (Cause & ~0x3000_007Cu) | ((uint)coprocessor << 28) | ((uint)code << 2);
        Status |= StatusBits.Exl;
        ulong vectors = 0xFFFF_FFFF_8000_0000 | (EBase & 0x3FFF_F000);
        return ((Status & StatusBits.Bev) != 0 ? BootVectors : vectors) + offset;
    }

    /// <summary>Inhibited reads and fetches report themselves only when PageGrain.IEC asks. [board spec 2.5]</summary>
    public ExceptionCode InhibitCode(ExceptionCode code) =>
        (PageGrain & PageGrainExceptions) != 0 ? code : ExceptionCode.TlbLoad;

    /// <summary>What TLBWI and TLBWR would write.</summary>
    public TlbEntry EntryToWrite()
    {
        TlbEntry entry = new()
        {
            PageMask = PageMask,
            Asid = Asid,
            Global = (EntryLo0 & EntryLo1 & EntryLo.Global) != 0,
            Hidden = (EntryHi & EntryHiInvalid) != 0,
            Even = EntryLo0 & ~EntryLo.Global,
            Odd = EntryLo1 & ~EntryLo.Global,
        };
        entry.Tag = EntryHi & TranslationBuffer.TagMask & ~entry.OffsetMask;
        return entry;
    }

    /// <summary>TLBR's part: the registers show the entry.</summary>
    public void Show(in TlbEntry entry)
    {
        ulong global = entry.Global ? EntryLo.Global : 0;
        EntryHi = entry.Tag | entry.Asid | (entry.Hidden ? EntryHiInvalid : 0);
        EntryLo0 = entry.Even | global;
        EntryLo1 = entry.Odd | global;
        PageMask = entry.PageMask;
    }

    /// <summary>TLBP's result: the entry's index, -1 for none.</summary>
    public void SetProbed(int index) => Index = index < 0 ? Index | 0x8000_0000 : (uint)index;

    public void Save(StateWriter writer)
    {
        foreach (ulong value in AllRegisters())
        {
            writer.Write("cp0", value);
        }
        for (int i = 2; i < _scratch.Length; i++)
        {
            writer.Write("cp0.scratch", _scratch[i]);
        }
    }

    public void Load(StateReader reader)
    {
        Index = (uint)reader.ReadUInt64("cp0");
        EntryLo0 = reader.ReadUInt64("cp0");
        EntryLo1 = reader.ReadUInt64("cp0");
        TlbContext = reader.ReadUInt64("cp0");
        UserLocal = reader.ReadUInt64("cp0");
        PageMask = (uint)reader.ReadUInt64("cp0");
        PageGrain = (uint)reader.ReadUInt64("cp0");
        Wired = (uint)reader.ReadUInt64("cp0");
        HwrEna = (uint)reader.ReadUInt64("cp0");
        BadVAddr = reader.ReadUInt64("cp0");
        EntryHi = reader.ReadUInt64("cp0");
        Compare = (uint)reader.ReadUInt64("cp0");
        TimerCycle = reader.ReadInt64("cp0");
        Status = (uint)reader.ReadUInt64("cp0");
        IntCtl = (uint)reader.ReadUInt64("cp0");
        Cause = (uint)reader.ReadUInt64("cp0");
        Epc = reader.ReadUInt64("cp0");
        EBase = (uint)reader.ReadUInt64("cp0");
        Config = (uint)reader.ReadUInt64("cp0");
        XContext = reader.ReadUInt64("cp0");
        ErrorEpc = reader.ReadUInt64("cp0");
        Lines = (uint)reader.ReadUInt64("cp0");
        for (int i = 2; i < _scratch.Length; i++)
        {
            _scratch[i] = reader.ReadUInt64("cp0.scratch");
        }
    }

    private ulong[] AllRegisters() =>
    [
        Index, EntryLo0, EntryLo1, TlbContext, UserLocal, PageMask, PageGrain, Wired, HwrEna, BadVAddr, EntryHi,
        Compare, (ulong)TimerCycle, Status, IntCtl, Cause, Epc, EBase, Config, XContext, ErrorEpc, Lines,
    ];

    private void WriteControl(int name, ulong value)
    {
        switch (name)
        {
            case 12 * 8:
                // SR and NMI stay 0 after reset.
                Status = (uint)value & Processor.StatusWriteMask & ~0x0018_0000u;
                break;
            case (12 * 8) + 1:
                IntCtl = (IntCtl & ~0x3E0u) | ((Processor.Config3 & 0x20) != 0 ? (uint)value & 0x3E0 : 0);
                break;
            case 13 * 8:
                Cause = (Cause & ~CauseBits.Writable) | ((uint)value & CauseBits.Writable);
                break;
            case 14 * 8:
                Epc = value;
                break;
            case (15 * 8) + 1:
                EBase = (EBase & ~0x3FFF_F000u) | ((uint)value & 0x3FFF_F000);
                break;
            case 16 * 8:
                Config = (Config & ~7u) | ((uint)value & 7);
                break;
            case 20 * 8:
                XContext = (value & XContextBase) | (XContext & 0x1_FFFF_FFF0);
                break;
            case 30 * 8:
                ErrorEpc = value;
                break;
            case >= (31 * 8) + 2 and <= (31 * 8) + 7:
                _scratch[name & 7] = value;
                break;
            default:
                break;
        }
    }

    private uint CountAt(long cycle) => (uint)(cycle / Processor.CountDividerCycles);

    private void SetCompare(uint value, long cycle)
    {
        Compare = value;
        long count = cycle / Processor.CountDividerCycles;
        long distance = (uint)(value - (uint)count);
        TimerCycle = (count + (distance == 0 ? CountModulus : distance)) * Processor.CountDividerCycles;
    }

    private ulong VectorOffset(ExceptionCode code, ulong address, bool refill, long cycle)
    {
        if (refill && (Status & StatusBits.Exl) == 0)
        {
            return AddressMap.UsesWideRefill(Status, address) ? 0x080UL : 0;
        }
        if (code != ExceptionCode.Interrupt || (Cause & CauseBits.Iv) == 0 || (Status & StatusBits.Exl) != 0)
        {
            return 0x180;
        }
        uint spacing = IntCtl & 0x3E0;
        if ((Processor.Config3 & 0x20) == 0 || spacing == 0 || (Status & StatusBits.Bev) != 0)
        {
            return 0x200;
        }
        uint pending = (CauseAt(cycle) & Status & StatusBits.InterruptMask) >> 8;
        return 0x200 + ((ulong)(31 - uint.LeadingZeroCount(pending)) * spacing);
    }

    private void RecordAddress(ExceptionCode code, ulong address)
    {
        switch (code)
        {
            case ExceptionCode.AddressErrorLoad or ExceptionCode.AddressErrorStore:
                BadVAddr = address;
                break;
            case ExceptionCode.TlbModified or ExceptionCode.TlbLoad or ExceptionCode.TlbStore
                or ExceptionCode.TlbReadInhibit or ExceptionCode.TlbExecuteInhibit:
                BadVAddr = address;
                TlbContext = (TlbContext & ~BadPageMask) | ((address >> 9) & BadPageMask);
                XContext = (XContext & XContextBase) | (address >> 62 << 31) | ((address >> 9) & 0x7FFF_FFF0);
                EntryHi = (EntryHi & 0x4FF) | (address & TranslationBuffer.TagMask);
                break;
            default:
                break;
        }
    }
}
