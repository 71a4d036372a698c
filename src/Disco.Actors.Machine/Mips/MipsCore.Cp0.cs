using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <content>
/// Coprocessor 0, as the table of board spec 2.3 says; what is not listed there reads zero and ignores writes.
/// Registers are named by number * 8 + select.
/// </content>
public sealed unsafe partial class MipsCore
{
    private const uint PageGrainExceptions = 1 << 27;
    private const uint PageGrainInhibits = 3U << 30;
    private const ulong EntryHiInvalid = 1 << 10;

    // Owned by CP0 instructions and exceptions.
    private uint _index;
    private ulong _entryLo0;
    private ulong _entryLo1;
    private ulong _context;
    private ulong _userLocal;
    private uint _pageMask;
    private uint _pageGrain;
    private uint _wired;
    private uint _hwrEna;
    private ulong _badVAddr;
    private ulong _entryHi;
    private uint _compare;
    private uint _status;
    private uint _intCtl;
    private uint _cause;
    private ulong _epc;
    private uint _ebase;
    private uint _config;
    private ulong _xContext;
    private ulong _errorEpc;
    private readonly ulong[] _kScratch = new ulong[8];

    // Derived from Status.
    private Mode _mode;
    private int _dataTable;

    /// <summary>Kernel, supervisor or user, as Status says. [MIPS64 Vol III, 3]</summary>
    public Mode Mode => _mode;

    public uint Status => _status;

    public uint Cause => CauseAt(Now);

    public ulong Epc => _epc;

    public ulong BadVAddr => _badVAddr;

    /// <summary>CP0 instructions are allowed: kernel mode or Status.CU0.</summary>
    internal bool Cp0IsUsable => _mode == Mode.Kernel || (_status & StatusBits.Cu0) != 0;

    /// <summary>A register as DMFC0 reads it; for tests, reports and monitors also from outside.</summary>
    public ulong ReadCp0(int register, int select = 0) => ReadCp0((register * 8) + select);

    /// <summary>Writes a register as DMTC0 does.</summary>
    public void WriteCp0(int register, int select, ulong value) => WriteCp0((register * 8) + select, value);

    /// <summary>MFC0 (32 bits, sign extended) or DMFC0. [MIPS64 Vol II, MFC0]</summary>
    internal ulong MoveFromCp0(int name, bool wide, long budget)
    {
        Now = _end - budget;
        ulong value = ReadCp0(name);
        if (wide)
        {
            return value;
        }
        // RI and XI appear in bits 31 and 30 of the 32-bit view. [Vol III, EntryLo]
        return name is 16 or 24
            ? (ulong)(int)((uint)(value & 0x3FFF_FFFF) | (uint)(value >> 62 << 30))
            : (ulong)(int)value;
    }

    /// <summary>MTC0 or DMTC0; the interpreter is left, since modes and mappings may change.</summary>
    internal long MoveToCp0(Insn* ip, int name, bool wide, ulong value, long budget)
    {
        Now = _end - budget;
        SavePc(ip + 1);
        if (!wide && name is 16 or 24)
        {
            value = (value & 0x3FFF_FFFF) | ((value >> 30 & 3) << 62);
        }
        WriteCp0(name, value);
        return budget - 1;
    }

    /// <summary>DI and EI: Status.IE; the old Status. [MIPS64 Vol II, DI]</summary>
    internal ulong SetInterruptEnable(bool enable)
    {
        uint old = _status;
        ApplyStatus(enable ? old | StatusBits.Ie : old & ~StatusBits.Ie);
        return (ulong)(int)old;
    }

    /// <summary>RDHWR: allowed when CP0 is, or by its bit in HWREna. [MIPS64 Vol II, RDHWR]</summary>
    internal bool ReadHardware(int number, long budget, out ulong value)
    {
        Now = _end - budget;
        value = number switch
        {
            0 => (ulong)Config.CpuNumber,
            1 => 64,
            2 => (ulong)(int)(uint)CountAt(Now),
            3 => (ulong)Config.CountDividerCycles,
            29 => _userLocal,
            _ => 0,
        };
        bool exists = number is >= 0 and <= 3 || (number == 29 && (Config.Config3 & 0x2000) != 0);
        return exists && (Cp0IsUsable || (_hwrEna >> number & 1) != 0);
    }

    /// <summary>TLBP. [MIPS64 Vol II, TLBP]</summary>
    internal void TlbProbe()
    {
        int found = Tlb.Find(_entryHi & TranslationBuffer.TagMask, (byte)_entryHi);
        _index = found < 0 ? _index | 0x8000_0000 : (uint)found;
    }

    /// <summary>TLBR. [MIPS64 Vol II, TLBR]</summary>
    internal void TlbRead()
    {
        ref readonly TlbEntry entry = ref Tlb[(int)(_index & 63) % Tlb.Length];
        ulong global = entry.Global ? EntryLo.Global : 0;
        byte oldAsid = (byte)_entryHi;
        _entryHi = entry.Tag | entry.Asid | (entry.Hidden ? EntryHiInvalid : 0);
        _entryLo0 = entry.Even | global;
        _entryLo1 = entry.Odd | global;
        _pageMask = entry.PageMask;
        if (oldAsid != entry.Asid)
        {
            DropLocal();
        }
    }

    /// <summary>TLBWI and TLBWR. [MIPS64 Vol II, TLBWI, TLBWR]</summary>
    internal void TlbWrite(bool random)
    {
        int index = random ? Tlb.ChooseVictim((int)_wired) : (int)(_index & 63) % Tlb.Length;
        DropEntry(index);
        TlbEntry entry = new()
        {
            PageMask = _pageMask,
            Asid = (byte)_entryHi,
            Global = (_entryLo0 & _entryLo1 & EntryLo.Global) != 0,
            Hidden = (_entryHi & EntryHiInvalid) != 0,
            Even = _entryLo0 & ~EntryLo.Global,
            Odd = _entryLo1 & ~EntryLo.Global,
        };
        entry.Tag = _entryHi & TranslationBuffer.TagMask & ~entry.OffsetMask;
        Tlb.Write(index, entry);
    }

    /// <summary>TLBINV (entries of this address space) and TLBINVF (all). [MIPS64 Vol II, TLBINVF]</summary>
    internal void TlbInvalidate(bool all)
    {
        for (int i = 0; i < Tlb.Length; i++)
        {
            TlbEntry entry = Tlb[i];
            if (all || (!entry.Global && entry.Asid == (byte)_entryHi))
            {
                entry.Hidden = true;
                Tlb.Write(i, entry);
            }
        }
        _data.Clear();
        _code.ClearTable();
    }

    private ulong ReadCp0(int name) => name switch
    {
        0 * 8 => _index,
        1 * 8 => (ulong)Tlb.PeekVictim((int)_wired),
        2 * 8 => _entryLo0,
        3 * 8 => _entryLo1,
        4 * 8 => _context,
        (4 * 8) + 2 => _userLocal,
        5 * 8 => _pageMask,
        (5 * 8) + 1 => _pageGrain,
        6 * 8 => _wired,
        7 * 8 => _hwrEna,
        8 * 8 => _badVAddr,
        9 * 8 => (ulong)(int)(uint)CountAt(Now),
        10 * 8 => _entryHi,
        11 * 8 => (ulong)(int)_compare,
        12 * 8 => (ulong)(int)_status,
        (12 * 8) + 1 => (ulong)(int)_intCtl,
        13 * 8 => (ulong)(int)CauseAt(Now),
        14 * 8 => _epc,
        15 * 8 => Config.ProcessorId,
        (15 * 8) + 1 => (ulong)(int)_ebase,
        (15 * 8) + 3 => (Config.Config3 & 0x2000_0000) != 0 ? Config.CoherenceManagerBase : 0,
        20 * 8 => _xContext,
        30 * 8 => _errorEpc,
        >= (31 * 8) + 2 and <= (31 * 8) + 7 => _kScratch[name & 7],
        _ => ReadConfig(name),
    };

    private ulong ReadConfig(int name) => name switch
    {
        16 * 8 => (ulong)(int)_config,
        (16 * 8) + 1 => (ulong)(int)(Config.HasFpu ? Config.Config1 : Config.Config1 & ~1u),
        (16 * 8) + 2 => (ulong)(int)Config.Config2,
        (16 * 8) + 3 => (ulong)(int)Config.Config3,
        (16 * 8) + 4 => (ulong)(int)Config.Config4,
        (16 * 8) + 7 => (ulong)(int)Config.Config7,
        _ => 0,
    };

    private void WriteCp0(int name, ulong value)
    {
        switch (name)
        {
            case 0 * 8:
                _index = (_index & 0x8000_0000) | ((uint)value & 63);
                break;
            case 2 * 8:
                _entryLo0 = value & EntryLoMask;
                break;
            case 3 * 8:
                _entryLo1 = value & EntryLoMask;
                break;
            case 4 * 8:
                _context = (value & ~0x7F_FFFFUL) | (_context & 0x7F_FFF0);
                break;
            case (4 * 8) + 2:
                _userLocal = value;
                break;
            case 5 * 8:
                _pageMask = (uint)value & 0x1FFF_E000;
                break;
            case (5 * 8) + 1:
                _pageGrain = (uint)value & (PageGrainInhibits | PageGrainExceptions);
                break;
            case 6 * 8:
                _wired = (uint)value & 63;
                break;
            case 7 * 8:
                _hwrEna = (uint)value;
                break;
            case 10 * 8:
                WriteEntryHi(value);
                break;
            case 11 * 8:
                SetCompare((uint)value);
                break;
            case 20 * 8:
                _xContext = (value & ~0x1_FFFF_FFFFUL) | (_xContext & 0x1_FFFF_FFF0);
                break;
            case >= (31 * 8) + 2 and <= (31 * 8) + 7:
                _kScratch[name & 7] = value;
                break;
            default:
                WriteControl(name, value);
                break;
        }
    }

    private void WriteControl(int name, ulong value)
    {
        switch (name)
        {
            case 12 * 8:
                // SR and NMI stay 0 after reset.
                ApplyStatus((uint)value & Config.StatusWriteMask & ~0x0018_0000u);
                break;
            case (12 * 8) + 1:
                _intCtl = (_intCtl & ~0x3E0u) | ((Config.Config3 & 0x20) != 0 ? (uint)value & 0x3E0 : 0);
                break;
            case 13 * 8:
                _cause = (_cause & ~CauseBits.Writable) | ((uint)value & CauseBits.Writable);
                break;
            case 14 * 8:
                _epc = value;
                break;
            case (15 * 8) + 1:
                _ebase = (_ebase & ~0x3FFF_F000u) | ((uint)value & 0x3FFF_F000);
                break;
            case 16 * 8:
                _config = (_config & ~7u) | ((uint)value & 7);
                break;
            case 30 * 8:
                _errorEpc = value;
                break;
            default:
                break;
        }
    }

    private ulong EntryLoMask =>
        (((1UL << (Config.PhysicalAddressBits - 6)) - 1))
        | ((_pageGrain & (1U << 31)) != 0 ? EntryLo.ReadInhibit : 0)
        | ((_pageGrain & (1U << 30)) != 0 ? EntryLo.ExecuteInhibit : 0);

    private void WriteEntryHi(ulong value)
    {
        ulong invalid = ((Config.Config4 >> 29) & 3) >= 2 ? EntryHiInvalid : 0;
        ulong next = value & (TranslationBuffer.TagMask | invalid | 0xFF);
        bool changesSpace = (byte)next != (byte)_entryHi;
        _entryHi = next;
        if (changesSpace)
        {
            DropLocal();
        }
    }

    // Sets Status and what is derived from it.
    private void ApplyStatus(uint status)
    {
        const uint widths = StatusBits.Kx | StatusBits.Sx | StatusBits.Ux | StatusBits.Px | StatusBits.Re;
        if (((status ^ _status) & widths) != 0)
        {
            _data.Clear();
            _code.ClearTable();
        }
        _status = status;
        _mode = StatusBits.ModeOf(status);
        _reversal = StatusBits.IsReversed(status) ? 7UL : 0;
        bool erl = (status & StatusBits.Erl) != 0;
        _dataTable = erl ? 3 : (int)_mode;
        _r[Reg.DataTable] = (ulong)_data.Table(_dataTable);
        uint context = ((uint)_mode << 2) | ((status & StatusBits.Fr) != 0 ? 2u : 0) | (erl ? 1u : 0);
        _r[Reg.FetchContext] = context << 2;
        _r[Reg.FetchEpoch] = (_r[Reg.FetchEpoch] & ~0xFFUL) | (context << 2);
        _r[Reg.FpuUsable] = Config.HasFpu && (status & StatusBits.Cu1) != 0 ? 1UL : 0;
    }

    // An entry is about to be overwritten: nothing derived from it may survive.
    private void DropEntry(int index)
    {
        ref readonly TlbEntry entry = ref Tlb[index];
        if (entry.Hidden || ((entry.Even | entry.Odd) & EntryLo.Valid) == 0)
        {
            return;
        }
        if (entry.Tag >> 62 == 2)
        {
            // xkphys through the TLB, under a monitor: its cache attribute is in no tag.
            _data.Clear();
            _code.ClearTable();
            return;
        }
        // The tag leaves out bits 61:40, which the compatibility segments have set.
        const ulong compatible = 0xC000_00FF_8000_0000;
        ulong address = (entry.Tag & compatible) == compatible
            ? entry.Tag | 0x3FFF_FF00_0000_0000
            : entry.Tag;
        ulong bytes = entry.OffsetMask + 1;
        _data.DropVirtual(address, bytes);
        _code.DropVirtual(address, bytes);
    }

    private void DropLocal()
    {
        _data.DropLocal();
        _code.DropLocal();
    }

    private void ResetCp0()
    {
        _index = _pageMask = _pageGrain = _wired = _hwrEna = _cause = 0;
        _entryLo0 = _entryLo1 = _context = _userLocal = _badVAddr = _entryHi = _epc = _xContext = _errorEpc = 0;
        Array.Clear(_kScratch);
        _intCtl = 0xE000_0000;
        _ebase = 0x8000_0000 | (uint)Config.CpuNumber;
        _config = Config.Config | (Config.BigEndian ? 0x8000u : 0);
        _status = 0;
        _compare = 0;
        _timerCycle = CountModulus * Config.CountDividerCycles;
        for (int i = 0; i < Tlb.Length; i++)
        {
            Tlb.Write(i, new TlbEntry { Hidden = true });
        }
    }

    private void SaveCp0(StateWriter writer)
    {
        writer.Write("index", _index);
        writer.Write("entryLo0", _entryLo0);
        writer.Write("entryLo1", _entryLo1);
        writer.Write("context", _context);
        writer.Write("userLocal", _userLocal);
        writer.Write("pageMask", (ulong)_pageMask);
        writer.Write("pageGrain", (ulong)_pageGrain);
        writer.Write("wired", (ulong)_wired);
        writer.Write("hwrEna", (ulong)_hwrEna);
        writer.Write("badVAddr", _badVAddr);
        writer.Write("entryHi", _entryHi);
        writer.Write("compare", (ulong)_compare);
        writer.Write("timerCycle", _timerCycle);
        writer.Write("status", (ulong)_status);
        writer.Write("intCtl", (ulong)_intCtl);
        writer.Write("cause", (ulong)_cause);
        writer.Write("epc", _epc);
        writer.Write("ebase", (ulong)_ebase);
        writer.Write("config", (ulong)_config);
        writer.Write("xContext", _xContext);
        writer.Write("errorEpc", _errorEpc);
        for (int i = 2; i < _kScratch.Length; i++)
        {
            writer.Write("kScratch", _kScratch[i]);
        }
    }

    private void LoadCp0(StateReader reader)
    {
        _index = (uint)reader.ReadUInt64("index");
        _entryLo0 = reader.ReadUInt64("entryLo0");
        _entryLo1 = reader.ReadUInt64("entryLo1");
        _context = reader.ReadUInt64("context");
        _userLocal = reader.ReadUInt64("userLocal");
        _pageMask = (uint)reader.ReadUInt64("pageMask");
        _pageGrain = (uint)reader.ReadUInt64("pageGrain");
        _wired = (uint)reader.ReadUInt64("wired");
        _hwrEna = (uint)reader.ReadUInt64("hwrEna");
        _badVAddr = reader.ReadUInt64("badVAddr");
        _entryHi = reader.ReadUInt64("entryHi");
        _compare = (uint)reader.ReadUInt64("compare");
        _timerCycle = reader.ReadInt64("timerCycle");
        _status = (uint)reader.ReadUInt64("status");
        _intCtl = (uint)reader.ReadUInt64("intCtl");
        _cause = (uint)reader.ReadUInt64("cause");
        _epc = reader.ReadUInt64("epc");
        _ebase = (uint)reader.ReadUInt64("ebase");
        _config = (uint)reader.ReadUInt64("config");
        _xContext = reader.ReadUInt64("xContext");
        _errorEpc = reader.ReadUInt64("errorEpc");
        for (int i = 2; i < _kScratch.Length; i++)
        {
            _kScratch[i] = reader.ReadUInt64("kScratch");
        }
    }
}
