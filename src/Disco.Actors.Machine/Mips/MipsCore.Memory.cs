using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Disco.Actors.Machine.Mips;

/// <content>Slow paths of loads and stores: segments, TLB, port, devices, links.</content>
public sealed unsafe partial class MipsCore
{
    // Of the last translation that failed, and of the last that succeeded. An entry of the translation cache always
    // lets read, so a page that may only be written gets none.
    private ExceptionCode _faultCode;
    private bool _faultRefill;
    private ulong _physical;
    private bool _readInhibited;

    // A store was let through that is to be looked at once it is written: decoded instructions are forgotten then, and
    // the store is reported.
    private byte* _stored;
    private bool _reportsAccesses;

    // 7 while user mode runs with its byte order reversed (Status.RE), else 0. Memory then looks as if the doubleword
    // were the unit: smaller data are at an address with the low bits turned round, in the configured order.
    // [MIPS64 Vol II, pseudocode of LB, LH, LW: ReverseEndian]
    private ulong _reversal;

    /// <summary>
    /// Where to read the datum now, or null: an exception was taken or the port blocked, and <see cref="Left"/> is
    /// the handler's result.
    /// </summary>
    /// <param name="ip">The load.</param>
    /// <param name="address">Its effective address, reported in BadVAddr.</param>
    /// <param name="sizeBytes">1, 2, 4 or 8; a partial load reads the aligned datum around its address.</param>
    /// <param name="partial">LWL and its family: no alignment is required.</param>
    /// <param name="budget">The handler's.</param>
    internal byte* OpenLoad(Insn* ip, ulong address, int sizeBytes, bool partial, long budget)
    {
        ulong at = address & ~(ulong)(sizeBytes - 1);
        if (at != address && !partial)
        {
            return Refuse(ip, ExceptionCode.AddressErrorLoad, address, refill: false, budget);
        }
        DataEntry* known = _data.Find(_dataTable, at, toWrite: false);
        return known != null ? HostOf(known, at) : FetchLoad(ip, address, at, sizeBytes, budget);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* FetchLoad(Insn* ip, ulong address, ulong at, int sizeBytes, long budget)
    {
        if (!Translate(at, Access.Load, out _physical, out bool local))
        {
            return Refuse(ip, _faultCode, address, _faultRefill, budget);
        }
        _physical ^= Reversal(sizeBytes);
        Now = _end - budget;
        switch (Port.Probe(_physical, Access.Load, out byte* host, ref _stallCycles))
        {
            case PortStatus.Ready:
                if (_reportsAccesses)
                {
                    Port.Performed(Access.Load, _physical, host);
                }
                if (KeepsTranslations)
                {
                    _data.Fill(_dataTable, at, _physical, host, writable: false, local, Port.DataSlot);
                }
                return host;
            case PortStatus.Blocked:
                return Block(ip, budget);
            case PortStatus.BusError:
                return Refuse(ip, ExceptionCode.BusErrorData, address, refill: false, budget);
            default:
                ulong datum = 0;
                PortStatus status = Port.Device(_physical, Access.Load, sizeBytes, ref datum, ref _stallCycles);
                return status == PortStatus.Ready ? ScratchHolding(datum, sizeBytes)
                    : status == PortStatus.Blocked ? Block(ip, budget)
                    : Refuse(ip, ExceptionCode.BusErrorData, address, refill: false, budget);
        }
    }

    /// <summary>
    /// Where to write the datum now, or null as in <see cref="OpenLoad"/>. A device has then got
    /// <paramref name="value"/> already. <see cref="CloseStore"/> must follow the write.
    /// </summary>
    internal byte* OpenStore(Insn* ip, ulong address, int sizeBytes, bool partial, ulong value, long budget)
    {
        ulong at = address & ~(ulong)(sizeBytes - 1);
        if (at != address && !partial)
        {
            return Refuse(ip, ExceptionCode.AddressErrorStore, address, refill: false, budget);
        }
        DataEntry* known = _data.Find(_dataTable, at, toWrite: true);
        return known != null ? HostOf(known, at) : FetchStore(ip, address, at, sizeBytes, partial, value, budget);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* FetchStore(
        Insn* ip, ulong address, ulong at, int sizeBytes, bool partial, ulong value, long budget)
    {
        if (!Translate(at, Access.Store, out _physical, out bool local))
        {
            return Refuse(ip, _faultCode, address, _faultRefill, budget);
        }
        _physical ^= Reversal(sizeBytes);
        Now = _end - budget;
        switch (Port.Probe(_physical, Access.Store, out byte* host, ref _stallCycles))
        {
            case PortStatus.Ready:
                bool holdsCode = HoldsCode(_physical);
                if (!_readInhibited && KeepsTranslations)
                {
                    _data.Fill(_dataTable, at, _physical, host, writable: !holdsCode, local, Port.DataSlot);
                }
                _stored = holdsCode || _reportsAccesses ? host : null;
                return host;
            case PortStatus.Blocked:
                return Block(ip, budget);
            case PortStatus.Device when !partial:
                ulong datum = sizeBytes == 8 ? value : value & ((1UL << (8 * sizeBytes)) - 1);
                PortStatus status = Port.Device(_physical, Access.Store, sizeBytes, ref datum, ref _stallCycles);
                return status == PortStatus.Ready ? (byte*)(_r + Reg.Scratch)
                    : status == PortStatus.Blocked ? Block(ip, budget)
                    : Refuse(ip, ExceptionCode.BusErrorData, address, refill: false, budget);
            default:
                // A device has no parts of registers: SWL and its family get a bus error there.
                return Refuse(ip, ExceptionCode.BusErrorData, address, refill: false, budget);
        }
    }

    /// <summary>After the write that <see cref="OpenStore"/> allowed.</summary>
    internal void CloseStore(int sizeBytes)
    {
        if (_stored == null)
        {
            return;
        }
        if (_reportsAccesses)
        {
            Port.Performed(Access.Store, _physical, _stored);
        }
        ulong physical = _physical & ~3UL;
        uint* word = (uint*)(_stored - (_physical & 3));
        for (int at = 0; at < sizeBytes; at += 4)
        {
            _dropped |= _code.Written(physical + (ulong)at, *word++);
        }
        Port.CodeWritten(_physical, sizeBytes);
        _stored = null;
    }

    /// <summary>LL, LLD: the load was performed.</summary>
    internal void SetLink(int sizeBytes) => Port.SetLink(_physical, sizeBytes);

    /// <summary>
    /// SC, SCD: stores when the link holds. 1 stored, 0 the link was lost, -1 as null in <see cref="OpenLoad"/>.
    /// </summary>
    internal int StoreConditional(Insn* ip, ulong address, int sizeBytes, ulong value, long budget)
    {
        if ((address & (ulong)(sizeBytes - 1)) != 0)
        {
            Refuse(ip, ExceptionCode.AddressErrorStore, address, refill: false, budget);
            return -1;
        }
        if (!Translate(address, Access.Store, out ulong physical, out _))
        {
            Refuse(ip, _faultCode, address, _faultRefill, budget);
            return -1;
        }
        physical ^= Reversal(sizeBytes);
        Now = _end - budget;
        if (!Port.LinkHolds(physical, sizeBytes))
        {
            Port.ClearLink();
            return 0;
        }
        byte* host = OpenStore(ip, address, sizeBytes, partial: false, value, budget);
        if (host == null)
        {
            return -1;
        }
        if (!Port.LinkHolds(physical, sizeBytes))
        {
            _stored = null;
            Port.ClearLink();
            return 0;
        }
        WriteValue(host, sizeBytes, value);
        CloseStore(sizeBytes);
        Port.ClearLink();
        return 1;
    }

    /// <summary>SYNCI: instructions of the line are fetched again. [MIPS64 Vol II, SYNCI]</summary>
    internal bool SynchronizeCode(Insn* ip, ulong address, long budget)
    {
        if (!Translate(address, Access.Load, out ulong physical, out _))
        {
            Refuse(ip, _faultCode, address, _faultRefill, budget);
            return false;
        }
        _dropped |= _code.Drop(physical & ~_code.OffsetMask, 1);
        return true;
    }

    /// <summary>True while the bytes of a word are in the other order for the program than for memory.</summary>
    internal bool IsReversed => _reversal != 0;

    // Otherwise every access is looked at on its way.
    private bool KeepsTranslations => !_reportsAccesses && _reversal == 0;

    private ulong Reversal(int sizeBytes) => _reversal & (ulong)(8 - sizeBytes);

    // The byte an entry stands for, whose physical address a link may want to know.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* HostOf(DataEntry* entry, ulong address)
    {
        _physical = _data.PhysicalOf(entry) + (address - (entry->Tag & ~DataCache.ReadOnly));
        return (byte*)address + entry->Addend;
    }

    // Virtual to physical; false with the fault's code. [MIPS64 Vol III, 4.9.3]
    private bool Translate(ulong address, Access access, out ulong physical, out bool local)
    {
        local = false;
        _readInhibited = false;
        if (_mode == Mode.Kernel && address - AddressMap.Kseg0 < AddressMap.UnmappedBytes)
        {
            physical = address & (AddressMap.KsegBytes - 1);
            return true;
        }
        Segment segment = AddressMap.Classify(Config, _status, _mode, address, out physical);
        if (segment == Segment.Unmapped)
        {
            return true;
        }
        if (segment == Segment.AddressError)
        {
            return Fault(access == Access.Store ? ExceptionCode.AddressErrorStore : ExceptionCode.AddressErrorLoad);
        }
        ExceptionCode miss = access == Access.Store ? ExceptionCode.TlbStore : ExceptionCode.TlbLoad;
        int index = Tlb.Find(address, (byte)_entryHi);
        if (index < 0)
        {
            return Fault(miss, refill: true);
        }
        ref readonly TlbEntry entry = ref Tlb[index];
        ulong page = entry.PageFor(address);
        if ((page & EntryLo.Valid) == 0)
        {
            return Fault(miss);
        }
        _readInhibited = (page & EntryLo.ReadInhibit) != 0;
        if (access == Access.Load && _readInhibited)
        {
            return Fault(InhibitCode(ExceptionCode.TlbReadInhibit));
        }
        if (access == Access.Fetch && (page & EntryLo.ExecuteInhibit) != 0)
        {
            return Fault(InhibitCode(ExceptionCode.TlbExecuteInhibit));
        }
        if (access == Access.Store && (page & EntryLo.Dirty) == 0)
        {
            return Fault(ExceptionCode.TlbModified);
        }
        ulong offsetMask = entry.PageBytes - 1;
        ulong frame = page << 6 & ((1UL << Config.PhysicalAddressBits) - 1) & ~offsetMask & ~0xFFFUL;
        physical = frame | (address & offsetMask);
        local = !entry.Global;
        return true;
    }

    // Without PageGrain.IEC an inhibited access reports TLBL. [board spec 2.5]
    private ExceptionCode InhibitCode(ExceptionCode code) =>
        (_pageGrain & PageGrainExceptions) != 0 ? code : ExceptionCode.TlbLoad;

    private bool Fault(ExceptionCode code, bool refill = false)
    {
        _faultCode = code;
        _faultRefill = refill;
        return false;
    }

    private byte* Refuse(Insn* ip, ExceptionCode code, ulong address, bool refill, long budget)
    {
        _left = Raise(ip, code, address, 0, refill, budget);
        return null;
    }

    private byte* Block(Insn* ip, long budget)
    {
        SavePc(ip);
        Stop = RunStop.Blocked;
        _left = budget - TakeStall();
        return null;
    }

    private bool HoldsCode(ulong physical)
    {
        int bytes = 1 << _handlers.DataShift;
        ulong granule = physical & ~(ulong)(bytes - 1);
        return _code.Holds(granule, bytes) || Port.HasForeignCode(granule, bytes);
    }

    private byte* ScratchHolding(ulong datum, int sizeBytes)
    {
        byte* scratch = (byte*)(_r + Reg.Scratch);
        WriteValue(scratch, sizeBytes, datum);
        return scratch;
    }

    private void WriteValue(byte* to, int sizeBytes, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        if (Config.BigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            bytes[(8 - sizeBytes)..].CopyTo(new Span<byte>(to, sizeBytes));
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            bytes[..sizeBytes].CopyTo(new Span<byte>(to, sizeBytes));
        }
    }
}
