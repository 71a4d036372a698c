using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <content>Pages asked of the virtual machine's monitor, and pages taken away.</content>
public sealed partial class DiscoCpu : IResponderCpu
{
    private PhysicalPage _fillPage;
    private PageAccess _fillAccess;
    private ulong _fillRequest;

    // The generation from which on an answer to the fill under way is good.
    private ulong _fillNotBefore;

    // The page that was refused for good: the instruction that asked gets a bus error.
    private bool _refused;

    bool IResponderCpu.IsIdle => IsIdle;

    void IResponderCpu.Remove(in Invalidation what)
    {
        Statistics.Count(MonitorCause.Shootdown);
        if (_state == CpuState.Filling && _current!.Machine.Id == what.Vm && what.Pages.Contains(_fillPage))
        {
            _fillNotBefore = Math.Max(_fillNotBefore, what.Generation);
        }
        foreach (VirtualCpu vcpu in _held)
        {
            if (vcpu.Machine.Id == what.Vm)
            {
                Remove(vcpu, what);
            }
        }
    }

    long IResponderCpu.Occupy(long cycles, Cycle now)
    {
        Spend(cycles, MonitorCause.Shootdown);
        return _busyUntil - now.Value;
    }

    void IResponderCpu.Stop()
    {
    }

    void IResponderCpu.Resume(Cycle now)
    {
    }

    private TrapOutcome AskForPage(
        VirtualCpu vcpu, in GuestTrap trap, PhysicalPage page, Access access, long cost)
    {
        if (_refused)
        {
            _refused = false;
            return Deliver(vcpu, trap, BusErrorOf(access), cost);
        }
        _fillsRegisters = false;
        BeginFill(
            page,
            access switch
            {
                Access.Fetch => PageAccess.Execute,
                Access.Load => PageAccess.Read,
                Access.Store => PageAccess.Write,
            },
            cost);
        return TrapOutcome.Block;
    }

    private void BeginFill(PhysicalPage page, PageAccess access, long cost)
    {
        _fillPage = page;
        _fillAccess = access;
        Statistics.Count(MonitorCause.Fill);
        Spend(cost + _costs.RequestCycles, MonitorCause.Fill);
        SendFill(cost + _costs.RequestCycles);
        Wait(CpuState.Filling, MonitorCause.Fill);
    }

    private void SendFill(long delayCycles)
    {
        _fillRequest++;
        FillMessage fill = new(_fillPage, _current!.Number, _fillAccess, _number, _fillRequest);
        Send(_current.Machine.Monitor, fill.Pack(), delayCycles);
    }

    private void Filled(in FilledMessage filled)
    {
        if (_state != CpuState.Filling || filled.Request != _fillRequest)
        {
            return;
        }
        Spend(_costs.AnswerCycles, MonitorCause.Fill);
        if (filled.Generation < _fillNotBefore)
        {
            SendFill(_costs.AnswerCycles);
            return;
        }
        VirtualCpu vcpu = _current!;
        if (vcpu.Pmap.TryGet(filled.Page, PageRights.None, out _, out _))
        {
            // The page was here with fewer rights: what was made from them is made anew.
            vcpu.SecondLevel.DropPage(filled.Page);
        }
        vcpu.Pmap.Set(filled.Page, filled.Frame, filled.Rights);
        Retry();
    }

    private void FillRefused(in FillRefusedMessage refused)
    {
        if (_state != CpuState.Filling || refused.Request != _fillRequest)
        {
            return;
        }
        if (refused.Reason == Refusal.Short)
        {
            // Others may need the CPU in order to give memory back.
            Spend(_costs.RetryCycles, MonitorCause.Fill);
            Retry();
            _preempted = true;
            return;
        }
        if (refused.Reason == Refusal.Retry)
        {
            Spend(_costs.RetryCycles, MonitorCause.Fill);
            SendFill(_costs.RetryCycles);
            return;
        }
        Spend(_costs.AnswerCycles, MonitorCause.Fill);
        if (_fillsRegisters)
        {
            _fillNotBefore = 0;
            RegistersRefused(_current!);
            return;
        }
        _refused = true;
        Retry();
    }

    // The instruction asks again, and its trap has been paid for.
    private void Retry()
    {
        _fillNotBefore = 0;
        _asksAgain = true;
        Continue();
    }

    private void Remove(VirtualCpu vcpu, in Invalidation what)
    {
        if (vcpu == _current)
        {
            vcpu.CleanGeneration = Math.Max(vcpu.CleanGeneration, what.Generation);
        }
        bool writeOnly = what.Kind == InvalidationKind.Downgrade;
        if (what.Pages.IsAll || what.Pages.Count > vcpu.Pmap.Count)
        {
            // Fewer are known than are to go.
            if (!what.Pages.IsAll)
            {
                RemoveKnown(vcpu, what);
                return;
            }
            vcpu.ForgetPmap();
            if (vcpu == _current)
            {
                Core.FlushTlb();
            }
            return;
        }
        for (int i = 0; i < what.Pages.Count; i++)
        {
            Remove(vcpu, new PhysicalPage(what.Pages.First.Number + (uint)i), writeOnly);
        }
    }

    // A range that is longer than what the virtual CPU knows at all.
    private void RemoveKnown(VirtualCpu vcpu, in Invalidation what)
    {
        bool writeOnly = what.Kind == InvalidationKind.Downgrade;
        uint end = Math.Min((uint)vcpu.Machine.Pages, what.Pages.First.Number + (uint)what.Pages.Count);
        for (uint page = what.Pages.First.Number; page < end && vcpu.Pmap.Count > 0; page++)
        {
            Remove(vcpu, new PhysicalPage(page), writeOnly);
        }
    }

    private void Remove(VirtualCpu vcpu, PhysicalPage page, bool writeOnly)
    {
        if (!vcpu.Pmap.TryGet(page, PageRights.None, out Frame frame, out _) || !vcpu.Pmap.Drop(page, writeOnly))
        {
            return;
        }
        vcpu.SecondLevel.DropPage(page);
        if (vcpu != _current)
        {
            return;
        }
        ulong low = frame.Address.Value >> 6;
        for (int i = 0; i < Core.Tlb.Length; i++)
        {
            TlbEntry real = Core.Tlb[i];
            bool even = IsFrame(real.Even, low);
            bool odd = IsFrame(real.Odd, low);
            if (!real.Hidden && (even || odd))
            {
                ulong lost = writeOnly ? EntryLo.Dirty : EntryLo.Valid;
                real.Even &= even ? ~lost : ulong.MaxValue;
                real.Odd &= odd ? ~lost : ulong.MaxValue;
                Core.WriteTlb(i, real);
            }
        }
    }

    private static bool IsFrame(ulong entryLow, ulong frameLow)
    {
        const ulong frameBits = 0x3FFF_FFC0;
        return (entryLow & EntryLo.Valid) != 0 && ((entryLow ^ frameLow) & frameBits) == 0;
    }
}
