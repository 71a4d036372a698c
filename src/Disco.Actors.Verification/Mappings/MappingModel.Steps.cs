using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Verification.Mappings;

/// <content>What a step does, and what must hold after it.</content>
public sealed partial class MappingModel
{
    private bool CanDisturb(in Disturbance what) => what.Kind switch
    {
        DisturbanceKind.Free or DisturbanceKind.Remap or DisturbanceKind.Leave =>
            _cpus[what.Who].IsEntered && !_cpus[what.Who].IsWaiting,
        DisturbanceKind.Pin or DisturbanceKind.Unpin or DisturbanceKind.Teardown or DisturbanceKind.Merge
            => !_deviceWaits,
        DisturbanceKind.Migrate or DisturbanceKind.Replicate => true,
    };

    private void Disturb(in Disturbance what)
    {
        switch (what.Kind)
        {
            case DisturbanceKind.Migrate or DisturbanceKind.Replicate:
                // As the memmap of the page's frame would pass it on.
                HotPageMessage hot = new(default, what.Page, what.Who);
                Message report = hot.Pack();
                report.PayloadBytes = (byte)(_shape.Nodes * sizeof(uint));
                Envelope envelope = new() { Message = report, Target = _memory.Vms[0].Address };
                Deliver(envelope);
                break;
            case DisturbanceKind.Free:
                _context.Sender = Address.Cpu(what.Who);
                _cpus[what.Who].Ask(
                    new FreePageMessage(MappingKind.FreePage, what.Page, Refusal.None, 0).Pack(), _context);
                break;
            case DisturbanceKind.Remap:
                _context.Sender = Address.Cpu(what.Who);
                _seen[IndexOf(_cpus[what.Who].Vm, what.Page)] =
                    (byte)(1 << _latest[IndexOf(what.SourceVm, what.SourcePage)]);
                _cpus[what.Who].Ask(
                    new RemapMessage(what.Page, what.SourceVm, what.SourcePage, 0).Pack(), _context);
                break;
            case DisturbanceKind.Leave:
                _context.Sender = Address.Cpu(what.Who);
                _cpus[what.Who].Leave(_context);
                break;
            case DisturbanceKind.Pin:
                _deviceWaits = true;
                SendToVm(what.Who, PinMessage.Pin(what.Page, PageAccess.Write, 0).Pack());
                break;
            case DisturbanceKind.Unpin:
                SendToVm(what.Who, PinMessage.Unpin(what.Page).Pack());
                break;
            case DisturbanceKind.Merge:
                _deviceWaits = true;
                RemapMessage merge = new(what.Page, what.SourceVm, what.SourcePage, 0) { IfSame = true };
                SendToVm(what.Who, merge.Pack());
                break;
            case DisturbanceKind.Teardown:
                _deviceWaits = true;
                SendToVm(what.Who, new TeardownMessage(MappingKind.Teardown, what.Who).Pack());
                break;
        }
    }

    private void SendToVm(int vm, in Message message)
    {
        _context.Sender = Device;
        _fabric.Send(_context, Device, VmMonitor.AddressOf(vm), 0, message);
    }

    private void Deliver(Envelope envelope)
    {
        if (envelope.Target == Device)
        {
            Expect(_deviceWaits, "a device that waits for nothing got an answer");
            _deviceWaits = false;
            return;
        }
        Actor target = envelope.Target.Role switch
        {
            Role.Cpu => _cpus[envelope.Target.Index],
            Role.Vm => _memory.Vms[envelope.Target.Index],
            Role.MemMap => _memory.MemMaps[envelope.Target.Index],
            _ => Invariant.Unreachable<Actor>($"the model has no {envelope.Target}"),
        };
        _context.Sender = target.Address;
        target.Receive(envelope, _context);
    }

    private void Write(MappingCpu cpu, PhysicalPage page)
    {
        int index = IndexOf(cpu.Vm, page);
        byte value = (byte)(_latest[index] ^ 1);
        _bytes.Write(cpu.FrameOf(page).Address, [value]);
        Become(index, value);
    }

    /// <summary>A page's value changes, and with it what a page that is to become its share may be.</summary>
    private void Become(int index, byte value)
    {
        _latest[index] = value;
        for (int at = 0; at < _disturbed; at++)
        {
            Disturbance remap = _shape.Disturbances[at];
            if (remap.Kind == DisturbanceKind.Remap && IndexOf(remap.SourceVm, remap.SourcePage) == index)
            {
                _seen[IndexOf(_cpus[remap.Who].Vm, remap.Page)] |= (byte)(1 << value);
            }
        }
    }

    /// <summary>
    /// What a page holds changes besides writes in two ways: given back it is zero; remapped it is what its source
    /// was at some moment since that was asked for. Merging changes nothing.
    /// </summary>
    private void FollowContents(PageView[] before)
    {
        PageView[] after = Views();
        for (int index = 0; index < after.Length; index++)
        {
            if (before[index].Frame.Exists && !after[index].Frame.Exists)
            {
                Become(index, 0);
            }
            bool adopted = after[index].IsShared && after[index].Frame != before[index].Frame;
            if (adopted)
            {
                byte value = ValueOf(after[index].Frame);
                bool isMerge = value == _latest[index];
                Expect(
                    isMerge || (_seen[index] & (1 << value)) != 0,
                    $"a remapped page is {value}, which its source never was");
                Become(index, value);
            }
        }
    }

    /// <summary>
    /// Every translation of a CPU that executes leads to a frame of the page, with the page's value; one that may
    /// write, to a frame nobody else reads.
    /// </summary>
    private void CheckTranslations()
    {
        foreach (MappingCpu cpu in _cpus)
        {
            for (uint number = 0; cpu.IsEntered && number < (uint)_shape.Pages; number++)
            {
                PhysicalPage page = new(number);
                Frame frame = cpu.FrameOf(page);
                if (frame.Exists)
                {
                    CheckTranslation(cpu, page, frame);
                }
            }
        }
    }

    private void CheckTranslation(MappingCpu cpu, PhysicalPage page, Frame frame)
    {
        IReadOnlyList<FrameUser> users = _memory.MemMapOf(frame).UsersOf(frame);
        Expect(users.Contains(new FrameUser((ushort)cpu.Vm, page)), $"{cpu.Address} uses {frame}, given away");
        byte latest = _latest[IndexOf(cpu.Vm, page)];
        Expect(ValueOf(frame) == latest, $"{cpu.Address} reads {ValueOf(frame)}, not {latest}");
        if (cpu.MayWrite(page))
        {
            Expect(users.Count == 1, $"{cpu.Address} may write {frame}, which others use");
            Expect(_memory.Vms[cpu.Vm].ViewOf(page).Replicas.Count == 0, $"{cpu.Address} may write a replicated page");
        }
    }

    /// <summary>At rest pmaps and memmaps agree, and replicas are equal to the byte.</summary>
    private unsafe void CheckRest()
    {
        string? broken = MemoryAgreement.Check(_memory);
        Expect(broken is null, broken ?? "");
        PageView[] views = Views();
        for (int index = 0; index < views.Length; index++)
        {
            foreach (Frame replica in views[index].Replicas)
            {
                ReadOnlySpan<byte> bytes = new(_bytes.PointerTo(replica.Address), Page.Bytes);
                bool equal = bytes.SequenceEqual(new(_bytes.PointerTo(views[index].Frame.Address), Page.Bytes));
                Expect(equal, $"{replica} is not {views[index].Frame}");
            }
            if (views[index].State != PageState.Empty)
            {
                Expect(ValueOf(views[index].Frame) == _latest[index], "a page at rest has not its value");
            }
        }
    }

    private unsafe byte ValueOf(Frame frame) => *_bytes.PointerTo(frame.Address);

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            Invariant.Broken(what);
        }
    }
}
