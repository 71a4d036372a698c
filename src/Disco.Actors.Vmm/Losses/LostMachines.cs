using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Losses;

/// <summary>
/// Which virtual machines a loss takes with it: those with something on a lost node that is nowhere else, from their
/// frames to a message about them. Asks survivors only.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="keeper">Of the machine.</param>
/// <param name="loss">Its nodes.</param>
/// <param name="text">Frames with code of images, which nobody has written since the machine was built.</param>
internal sealed class LostMachines(DiscoMachine machine, Keeper keeper, Loss loss, IReadOnlySet<Frame> text)
{
    private Fabric Fabric => machine.Hardware.Fabric;

    /// <summary>Their numbers, and why. Also those that have ended, but are not wholly gone.</summary>
    /// <param name="lines">Lines of surviving memory whose latest bytes may be lost.</param>
    /// <param name="underWay">Between survivors.</param>
    public SortedDictionary<int, string> Find(IReadOnlyList<LineAddress> lines, IReadOnlyList<Envelope> underWay)
    {
        SortedDictionary<int, string> lost = [];
        foreach (VirtualMachine vm in machine.Vms)
        {
            if (!keeper.IsGone(vm.Number) && WhyLost(vm, underWay) is { } why)
            {
                lost.Add(vm.Number, why);
            }
        }
        foreach (LineAddress line in lines)
        {
            foreach (FrameUser user in UsersOf(line).Where(user => user.IsVm))
            {
                lost.TryAdd(user.Owner, $"a cache there had the only copy of line {line} of its memory");
            }
        }
        return lost;
    }

    private string? WhyLost(VirtualMachine vm, IReadOnlyList<Envelope> underWay)
    {
        if (vm.Monitor.IsLost)
        {
            return "nodes it used were lost before";
        }
        if (loss.Lost.Contains(vm.Monitor.Node))
        {
            return "its monitor and its devices were there";
        }
        foreach (Address device in machine.Devices.Setup.DevicesOf(vm.Number))
        {
            if (loss.IsLost(device))
            {
                return $"its {device} was there";
            }
        }
        string? why = vm.Monitor.FirstFrameOn(loss.Lost)
            ?? machine.Devices.Disks.Where(disk => !loss.Lost.Contains(disk.Node))
                .Select(disk => disk.FirstRequestOn(vm.Number, loss.Lost)).FirstOrDefault(found => found is not null)
            ?? WhyOnItsWay(vm, underWay);
        // One that has ended has no virtual CPUs any more.
        return why ?? (vm.Processors.ExitCode is null ? WhyWithoutCpu(vm, underWay) : null);
    }

    private string? WhyOnItsWay(VirtualMachine vm, IReadOnlyList<Envelope> underWay) => underWay.Any(envelope =>
        envelope.Message.Kind == (ushort)MappingKind.MapFrame
        && Loss.FinalTarget(envelope) == vm.Monitor.Address
        && loss.Lost.Contains(NodeOf(MapFrameMessage.From(envelope.Message).Frame.Address)))
        ? "a frame there was on its way to it"
        : null;

    /// <summary>Registers, and the right to run them, of each virtual CPU that has started.</summary>
    private string? WhyWithoutCpu(VirtualMachine vm, IReadOnlyList<Envelope> underWay)
    {
        for (int vcpu = 0; vcpu < vm.Config.Vcpus; vcpu++)
        {
            if (!vm.Processors.IsStarted(vcpu))
            {
                continue;
            }
            bool starts = IsUnderWay(SchedulingKind.StartVcpu, vm.Number, vcpu, underWay);
            if (!starts && !HoldsRegisters(vm.Number, vcpu))
            {
                return $"its virtual CPU {vcpu} was held there";
            }
            bool isKnown = starts || machine.Schedulers.Any(scheduler =>
                !loss.Lost.Contains(scheduler.Node) && scheduler.Knows(vm.Number, vcpu));
            if (!isKnown && !IsAdmitted(vm.Number, vcpu) && !IsHandedOn(vm.Number, vcpu, underWay))
            {
                return $"its virtual CPU {vcpu} was about to run there";
            }
        }
        return null;
    }

    private bool HoldsRegisters(int vm, int vcpu)
    {
        for (int cpu = 0; cpu < machine.Monitors.Count; cpu++)
        {
            if (!loss.IsLost(Address.Cpu(cpu)) && machine.Monitors[cpu].HasOrGets(vm, vcpu, loss))
            {
                return true;
            }
        }
        return false;
    }

    private bool IsAdmitted(int vm, int vcpu)
    {
        for (int cpu = 0; cpu < machine.Monitors.Count; cpu++)
        {
            if (!loss.IsLost(Address.Cpu(cpu)) && machine.Monitors[cpu].WillAdmit(vm, vcpu))
            {
                return true;
            }
        }
        return false;
    }

    private bool IsHandedOn(int vm, int vcpu, IReadOnlyList<Envelope> underWay) =>
        IsUnderWay(SchedulingKind.Admit, vm, vcpu, underWay)
        || IsUnderWay(SchedulingKind.Stolen, vm, vcpu, underWay)
        || IsUnderWay(SchedulingKind.Gift, vm, vcpu, underWay);

    private bool IsUnderWay(SchedulingKind kind, int vm, int vcpu, IReadOnlyList<Envelope> underWay) =>
        underWay.Any(envelope => envelope.Message.Kind == (ushort)kind && envelope.Message.A == (ulong)vm
            && SchedulingMessage.VcpuOf(envelope.Message) == vcpu && !loss.IsLost(Loss.FinalTarget(envelope)));

    /// <summary>
    /// Whose memory a line is. Nobody's is one that nobody can have written: code of an image that no page has broken
    /// away from, and what a disk keeps for several; a lost cache had a clean copy of it.
    /// </summary>
    private IReadOnlyList<FrameUser> UsersOf(LineAddress line)
    {
        MachineAddress address = new(line.Value);
        Frame frame = Frame.Of(address);
        IReadOnlyList<FrameUser> users = machine.Memory.MemMaps[NodeOf(address)].UsersOfLine(frame);
        bool isDisks = users.Any(user => !user.IsVm && user.Owner != FrameUser.Monitor);
        bool isCode = text.Contains(frame) && users.All(user =>
            user.IsVm && machine.Vms[user.Owner].Monitor.ViewOf(user.Page) is { IsShared: true } view
            && view.Class == PageClass.Text && view.Frame == frame);
        return isDisks || isCode ? [] : users;
    }

    private int NodeOf(MachineAddress address) => Fabric.Homes.HomeOf(address).Value;
}
