using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>Stands for directories that report hot pages, a device that pins pages, and the merger.</summary>
internal sealed class PlacementDriver(Fabric fabric, PlacementSubject subject) : Actor(AddressOf, 0)
{
    // State.
    private bool _isWaiting;
    private bool _hasPinned;

    public static Address AddressOf => new(Role.Driver, 0);

    public DriverOps Ops { get; } = new();

    public bool IsFinished => Ops.IsDone && !_isWaiting;

    public override WaitsFor? Waiting => _isWaiting ? new WaitsFor(new Address(Role.Vm, 0), "a pinned page") : null;

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != Subject.StepKind)
        {
            Invariant.Holds(_isWaiting);
            _isWaiting = false;
            Hear(envelope.Message);
            Ops.Next += _hasPinned ? 0 : 1;
            context.After(1, new Message { Kind = Subject.StepKind });
            return;
        }
        if (Ops.IsDone)
        {
            return;
        }
        StressOp op = Ops.Current;
        (int vm, PhysicalPage page) = subject.PageAt(op.A);
        if (op.Kind == OpKind.Pin && !_hasPinned)
        {
            _isWaiting = true;
            fabric.Send(
                context, Address, VmMonitor.AddressOf(vm), 0, PinMessage.Pin(page, PageAccess.Write, 0).Pack());
            return;
        }
        if (op.Kind == OpKind.Merge)
        {
            _isWaiting = true;
            (int sourceVm, PhysicalPage source) = subject.PageAt(op.B);
            RemapMessage merge = new(page, sourceVm, source, 0) { IfSame = true };
            fabric.Send(context, Address, VmMonitor.AddressOf(vm), 0, merge.Pack());
            return;
        }
        if (op.Kind == OpKind.Pin)
        {
            _hasPinned = false;
            fabric.Send(context, Address, VmMonitor.AddressOf(vm), 0, PinMessage.Unpin(page).Pack());
        }
        else
        {
            ReportHot(vm, page, op, context);
        }
        Ops.Next++;
        if (!Ops.IsDone)
        {
            context.After(1, new Message { Kind = Subject.StepKind });
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("next", Ops.Next);
        writer.Write("isWaiting", _isWaiting);
        writer.Write("hasPinned", _hasPinned);
    }

    public override void Load(StateReader reader)
    {
        Ops.Next = reader.ReadInt32("next");
        _isWaiting = reader.ReadBool("isWaiting");
        _hasPinned = reader.ReadBool("hasPinned");
    }

    private void Hear(in Message answer)
    {
        _hasPinned = (MappingKind)answer.Kind == MappingKind.Pinned;
        if (_hasPinned)
        {
            subject.Happened(Sometimes.PagePinned);
        }
        bool isMerge = (MappingKind)answer.Kind == MappingKind.Remapped;
        if (isMerge && RemappedMessage.From(answer).Reason == Refusal.None)
        {
            subject.Happened(Sometimes.PageMerged);
        }
    }

    /// <summary>As a memmap would. The count of writes tells the policy what to do.</summary>
    private void ReportHot(int vm, PhysicalPage page, in StressOp op, Context context)
    {
        uint what = op.Kind == OpKind.Migrate ? 1U : subject.Shape.Placement == PlacementPolicy.Off ? 2U : 0;
        Span<byte> misses = stackalloc byte[fabric.Homes.Nodes * sizeof(uint)];
        misses.Clear();
        if (op.Kind == OpKind.Replicate && subject.Shape.Placement != PlacementPolicy.Off)
        {
            // A shipping policy wants to know who shares the page.
            MemoryMarshal.Cast<byte, uint>(misses).Fill(1);
        }
        fabric.Send(
            context, Address, VmMonitor.AddressOf(vm), 0, new HotPageMessage(default, page, op.B, what).Pack(), misses);
    }
}
