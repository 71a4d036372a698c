namespace Disco.Actors.Machine.Mips;

/// <content>Fetch and decoding.</content>
public sealed unsafe partial class MipsCore
{
    // Where a branch goes whose block changed under it: the address is in NextPc.
    private readonly Insn[] _farRecord = GC.AllocateArray<Insn>(1, pinned: true);

    /// <summary>Decodes a main record in place, and the delay slot's copy when it is a branch.</summary>
    internal void DecodeMain(Insn* ip)
    {
        _code.Blocks.DecodeMain(ip);
        if (HasProbedAddresses)
        {
            Plant(ip);
            Plant(_code.Blocks.BlockOf(ip).Slot(ip->Index + 1));
        }
    }

    // Finds, or fetches, the record of the next instruction; null when blocked or when the fetch raised an exception.
    private Insn* Locate()
    {
        ulong pc = _pc;
        if ((pc & 3) != 0)
        {
            _inDelaySlot = false;
            Except(ExceptionCode.AddressErrorLoad, pc, 0, refill: false, 0);
            return null;
        }
        Insn* first = _code.Find(pc, _r[Reg.FetchContext]);
        if (first == null)
        {
            first = Fetch(pc);
            if (first == null)
            {
                return null;
            }
        }
        _r[Reg.PcBase] = pc & ~_code.OffsetMask;
        Insn* main = first + ((pc & _code.OffsetMask) >> 2);
        return _inDelaySlot ? LocateSlot(first, main->Index) : main;
    }

    private Insn* LocateSlot(Insn* first, int index)
    {
        CodeBlock block = _code.Blocks.BlockOf(first);
        Insn* slot = block.Slot(index);
        if (slot->Handler == null)
        {
            _code.Blocks.DecodeSlot(block, index);
            if (HasProbedAddresses)
            {
                Plant(slot);
            }
        }
        _r[Reg.NextPc] = _nextPc;
        ulong distance = (_nextPc - _r[Reg.PcBase]) >> 2;
        if (distance <= (ulong)block.Words && (_nextPc & 3) == 0)
        {
            _r[Reg.Target] = (ulong)block.Main((int)distance);
        }
        else
        {
            fixed (Insn* far = _farRecord)
            {
                far->Handler = _handlers.EndFar;
                far->Flags = InsnFlags.End | InsnFlags.Far;
                _r[Reg.Target] = (ulong)far;
            }
        }
        return slot;
    }

    private Insn* Fetch(ulong pc)
    {
        if (!Translate(pc, Access.Fetch, out ulong physical, out bool local))
        {
            Except(_faultCode, pc, 0, _faultRefill, 0);
            return null;
        }
        PortStatus status = Port.Probe(physical, Access.Fetch, out byte* host, ref _stallCycles);
        if (status == PortStatus.Blocked)
        {
            Stop = RunStop.Blocked;
            return null;
        }
        if (status != PortStatus.Ready)
        {
            Except(ExceptionCode.BusErrorFetch, pc, 0, refill: false, 0);
            return null;
        }
        ulong offset = physical & _code.OffsetMask;
        ulong granule = physical - offset;
        Insn* first = _code.Enter(
            pc, _r[Reg.FetchContext], granule, CodeVariant.Of(_status), host - offset, local, out bool fresh);
        int bytes = (int)_code.OffsetMask + 1;
        if (fresh)
        {
            _data.Drop(granule, bytes, writeOnly: true);
        }
        // Also when it was decoded before: a store by another CPU has made the port forget that this one has it.
        Port.CodeDecoded(granule, bytes);
        return first;
    }
}
