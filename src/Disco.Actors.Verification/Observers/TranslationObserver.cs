using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Verification.Observers;

/// <summary>
/// Translations of the virtual CPUs that run. When a shootdown is complete, nothing it took away is left on any CPU;
/// when the use of a frame ends, nobody reaches the frame any more; and now and then all of every TLB is held against
/// the pmap. A CPU in the middle of a translated loop uses what its TLB has without asking, so what is there counts,
/// not what is used.
/// </summary>
public sealed class TranslationObserver(DiscoMachine machine) : IObserver
{
    // A look at everything costs as much as a thousand looks at a page.
    private const long EndsBetween = 256;
    private const ulong FrameBits = 0x3FFF_FFC0;

    private readonly Dictionary<uint, PageRights> _rights = [];
    private readonly bool _removesLater = machine.Config.Monitor.Shootdown.Protocol == ShootdownProtocol.Mach;

    /// <summary>Shootdowns that were complete.</summary>
    public long Completed { get; private set; }

    /// <summary>Uses of frames that ended.</summary>
    public long Ended { get; private set; }

    /// <summary>Entries of TLBs that were held against the pmap.</summary>
    public long Compared { get; private set; }

    public void Delivered(in Envelope envelope, Actor actor)
    {
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        switch (traceEvent.Kind)
        {
            case ShootdownTrace.Completed:
                Completed++;
                CheckGone(ShootdownTrace.WhatOf(traceEvent), cycle);
                break;
            case MappingTrace.UseEnded:
                if (Ended++ % EndsBetween == 0)
                {
                    CheckAll(cycle);
                }
                CheckUnreached(
                    new Frame((uint)traceEvent.A), (int)traceEvent.B, new PhysicalPage((uint)traceEvent.C), cycle);
                break;
        }
    }

    /// <summary>Every translation of every running virtual CPU is one of its pmap.</summary>
    public void CheckAll(Cycle cycle)
    {
        foreach ((TranslationBuffer tlb, VirtualCpu vcpu) in Running())
        {
            VmMonitor monitor = machine.Vms[vcpu.Machine.Id].Monitor;
            _rights.Clear();
            for (uint number = 0; number < (uint)vcpu.Machine.Pages; number++)
            {
                PhysicalPage page = new(number);
                if (!vcpu.Pmap.TryGet(page, PageRights.None, out Frame frame, out PageRights rights))
                {
                    continue;
                }
                PageView view = monitor.ViewOf(page);
                if (view.State <= PageState.Replicated && frame != view.Frame && !view.Replicas.Contains(frame))
                {
                    Fail($"{NameOf(vcpu)} has {page} at {frame}, which is {view.State} at {view.Frame}", cycle);
                }
                _rights[frame.Number] = _rights.GetValueOrDefault(frame.Number) | rights;
            }
            for (int i = 0; i < tlb.Length; i++)
            {
                TlbEntry entry = tlb[i];
                CheckEntry(vcpu, entry.Hidden ? 0 : entry.Even, cycle);
                CheckEntry(vcpu, entry.Hidden ? 0 : entry.Odd, cycle);
            }
        }
    }

    private void CheckEntry(VirtualCpu vcpu, ulong low, Cycle cycle)
    {
        if ((low & EntryLo.Valid) == 0)
        {
            return;
        }
        Compared++;
        Frame frame = new((uint)((low & FrameBits) >> 6));
        bool isKnown = _rights.TryGetValue(frame.Number, out PageRights rights);
        Expect(isKnown, $"the TLB under {NameOf(vcpu)} reaches {frame}, which it was not given", cycle);
        Expect(
            (low & EntryLo.Dirty) == 0 || (rights & PageRights.Write) != 0,
            $"the TLB under {NameOf(vcpu)} lets it write {frame}, which it may only read", cycle);
    }

    private void CheckGone(in Invalidation what, Cycle cycle)
    {
        foreach ((TranslationBuffer tlb, VirtualCpu vcpu) in Running())
        {
            if (vcpu.Machine.Id != what.Vm)
            {
                continue;
            }
            uint first = what.Pages.IsAll ? 0 : what.Pages.First.Number;
            uint count = what.Pages.IsAll ? (uint)vcpu.Machine.Pages : (uint)what.Pages.Count;
            VmMonitor monitor = machine.Vms[what.Vm].Monitor;
            for (uint i = 0; i < count; i++)
            {
                PhysicalPage page = new(first + i);
                // Of a page that gets a replica, only those near to the replica are to read there from now on.
                bool isOneOfMore = monitor.ViewOf(page).State == PageState.ReplicateRemapping;
                CheckGone(
                    tlb, vcpu, page, isOneOfMore ? what with { Kind = InvalidationKind.Downgrade } : what, cycle);
            }
        }
    }

    private static void CheckGone(
        TranslationBuffer tlb, VirtualCpu vcpu, PhysicalPage page, in Invalidation what, Cycle cycle)
    {
        bool isKnown = vcpu.Pmap.TryGet(page, PageRights.None, out Frame frame, out PageRights rights);
        if (what.Kind == InvalidationKind.Invalidate)
        {
            Expect(!isKnown, $"{NameOf(vcpu)} still has {page} at {frame} after {what}", cycle);
            Expect(
                what.Pages.IsAll || !vcpu.SecondLevel.Knows(page, toWrite: false),
                $"the second-level TLB of {NameOf(vcpu)} still has {page} after {what}", cycle);
            return;
        }
        Expect((rights & PageRights.Write) == 0, $"{NameOf(vcpu)} may still write {page} after {what}", cycle);
        Expect(
            what.Pages.IsAll || !vcpu.SecondLevel.Knows(page, toWrite: true),
            $"the second-level TLB of {NameOf(vcpu)} still lets it write {page} after {what}", cycle);
        Expect(
            !isKnown || !Reaches(tlb, frame, EntryLo.Dirty),
            $"the TLB under {NameOf(vcpu)} still lets it write {page} after {what}", cycle);
    }

    private void CheckUnreached(Frame frame, int owner, PhysicalPage page, Cycle cycle)
    {
        bool isFree = machine.Memory.MemMapOf(frame).UserCountOf(frame) == 0;
        foreach ((TranslationBuffer tlb, VirtualCpu vcpu) in Running())
        {
            bool isOwner = vcpu.Machine.Id == owner;
            Expect(
                !isOwner || !vcpu.Pmap.TryGet(page, PageRights.None, out Frame at, out _) || at != frame,
                $"{NameOf(vcpu)} still has {page} at {frame}, whose use has ended", cycle);
            Expect(
                !(isFree || isOwner) || !Reaches(tlb, frame, EntryLo.Valid) || (!isFree && HasOther(vcpu, frame)),
                $"the TLB under {NameOf(vcpu)} still reaches {frame}, whose use as {page} of vm/{owner} has ended",
                cycle);
        }
    }

    // Of a virtual machine that has ended nothing runs any more, whatever its CPU still has. With mach a CPU that
    // stands still has given its word and removes before it goes on. [Black et al. 1989]
    private IEnumerable<(TranslationBuffer Tlb, VirtualCpu Vcpu)> Running()
    {
        for (int number = 0; number < machine.Monitors.Count; number++)
        {
            DiscoCpu cpu = machine.Monitors[number];
            bool counts = cpu.HasRegistersInCore && (!_removesLater || cpu.CanRun);
            if (counts && machine.Vms[cpu.Current!.Machine.Id].Processors.ExitCode is null)
            {
                yield return (machine.Hardware.Cpus[number].Core.Tlb, cpu.Current);
            }
        }
    }

    private static bool Reaches(TranslationBuffer tlb, Frame frame, ulong right)
    {
        ulong low = frame.Address.Value >> 6;
        for (int i = 0; i < tlb.Length; i++)
        {
            TlbEntry entry = tlb[i];
            if (!entry.Hidden && (Reaches(entry.Even, low, right) || Reaches(entry.Odd, low, right)))
            {
                return true;
            }
        }
        return false;
    }

    private static bool Reaches(ulong entryLow, ulong frameLow, ulong right) =>
        (entryLow & EntryLo.Valid) != 0 && (entryLow & right) != 0 && ((entryLow ^ frameLow) & FrameBits) == 0;

    private static bool HasOther(VirtualCpu vcpu, Frame frame)
    {
        for (uint page = 0; page < (uint)vcpu.Machine.Pages; page++)
        {
            if (vcpu.Pmap.TryGet(new PhysicalPage(page), PageRights.None, out Frame at, out _) && at == frame)
            {
                return true;
            }
        }
        return false;
    }

    private static string NameOf(VirtualCpu vcpu) => $"vcpu {vcpu.Number} of vm/{vcpu.Machine.Id}";

    private static void Expect(bool holds, FormattableString what, Cycle cycle)
    {
        if (!holds)
        {
            Fail(what, cycle);
        }
    }

    private static void Fail(FormattableString what, Cycle cycle) =>
        Invariant.Broken(FormattableString.Invariant(what) + $" at {cycle}");
}
