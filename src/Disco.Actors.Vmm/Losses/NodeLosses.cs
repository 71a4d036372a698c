using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Vmm.Losses;

/// <summary>
/// Contains the loss of nodes: virtual machines that used them end, the others go on. It happens between two cycles, in
/// one step for the whole machine: caches and directories begin anew with memory current, lost virtual machines are
/// taken off CPUs, run queues and frames, and whoever waits for something that is lost is answered in its name. From
/// then on the network controllers answer for lost nodes. [Hive, SOSP'95; Cellular Disco, SOSP'99]
/// </summary>
/// <remarks>
/// Nothing is read of lost actors: on a machine in several processes they are not there to be read.
/// </remarks>
internal sealed class NodeLosses : INodeLosses
{
    /// <summary>The keeper, the switch and the reclaimer live here.</summary>
    public const int RootNode = 0;

    private readonly DiscoMachine _machine;
    private readonly Keeper _keeper;
    private readonly DmaEngine[] _engines;
    private readonly IReadOnlySet<Frame> _text;
    private readonly List<LossReport> _reports = [];
    private NodeSet _lost;
    private Loss? _current;

    /// <param name="machine">Has been put together.</param>
    /// <param name="text">Frames with code of the images that virtual machines boot from.</param>
    public NodeLosses(DiscoMachine machine, IReadOnlySet<Frame> text)
    {
        _machine = machine;
        _text = text;
        _keeper = machine.World.Actors.OfType<Keeper>().Single();
        _engines = [.. machine.World.Actors.OfType<DmaEngine>()];
        Undertaker undertaker = new();
        foreach (NetworkActor network in machine.Hardware.Networks)
        {
            network.Undertaker = undertaker;
        }
    }

    /// <summary>What has been lost in runs so far, in their order.</summary>
    public IReadOnlyList<LossReport> Reports => _reports;

    private Fabric Fabric => _machine.Hardware.Fabric;

    public NodeLoss? Lose(NodeSet lost, IReadOnlyList<Envelope> underWay, Cycle now)
    {
        bool hasNetwork = _machine.Hardware.Networks.Count > 0 && Fabric.Topology.Kind != TopologyKind.Uma;
        if (lost.Contains(RootNode) || !hasNetwork)
        {
            return null;
        }
        // A run that was loaded may have lost some already.
        NodeSet all = lost | _machine.Hardware.Networks[RootNode].Lost;
        _lost = all;
        IReadOnlyList<LineAddress> lines = CoherenceRecovery.Run(_machine.Hardware, all, underWay);
        Loss loss = new(Fabric, all, now)
        {
            ReleasesTo = ReleasesTo,
            SchedulersStopping = SchedulersStopping,
            ExitCodeOf = _keeper.ExitCodeOf,
        };
        LostMachines who = new(_machine, _keeper, loss, _text);
        SortedDictionary<int, string> reasons = who.Find(lines, underWay);
        loss.Gone.UnionWith(reasons.Keys);
        HashSet<Address> vacant = [.. Alive<Cpu>().Where(cpu => Monitor(cpu).WorksFor(loss.Gone))
            .Select(cpu => cpu.Address)];
        loss.UnderWay.AddRange(underWay.Where(envelope => IsKept(envelope, loss, vacant)));
        _current = loss;
        // What had ended before is cleared away, but did not end because of this.
        int[] before = [.. reasons.Keys.Where(vm => _machine.Vms[vm].Processors.IsLost)];
        Repair(loss);
        _current = null;
        _reports.Add(new LossReport(now, lost, [.. reasons
            .Where(each => _machine.Vms[each.Key].Processors.IsLost && !before.Contains(each.Key))
            .Select(each => new LostMachine(each.Key, each.Value))]));
        return new NodeLoss(loss.UnderWay, loss.Posts);
    }

    private int SchedulersStopping(int vm) => Alive<Scheduler>().Count(scheduler => scheduler.OwesStop(vm));

    private int ReleasesTo(int cpu)
    {
        int coming = _machine.Vms.Where(vm => !_current!.IsOut(vm.Monitor.Address))
            .Sum(vm => vm.Monitor.RoundsStopping(cpu));
        foreach (Envelope envelope in _current!.UnderWay.Where(each => ShootdownMessage.IsOne(each.Message)))
        {
            ShootdownMessage message = ShootdownMessage.From(envelope.Message);
            bool releases = message.Kind == ShootdownMessageKind.GoOn
                && Loss.FinalTarget(envelope) == Address.Cpu(cpu);
            bool stops = message.Kind == ShootdownMessageKind.Ack && message.Stopped && message.Cpu == cpu;
            coming += releases || stops ? 1 : 0;
        }
        return coming;
    }

    private static bool IsKept(in Envelope envelope, Loss loss, HashSet<Address> vacant)
    {
        ref readonly Message message = ref envelope.Message;
        Address target = Loss.FinalTarget(envelope);
        Address sender = Loss.FirstSender(envelope);
        if (CoherenceMessage.IsOne(message) || loss.IsOut(target) || loss.IsOut(sender))
        {
            return false;
        }
        return (message.Kind >> 8) switch
        {
            0x02 => !vacant.Contains(target) && !vacant.Contains(sender),
            SchedulingMessage.Family => !IsAboutVm(message) || !loss.Gone.Contains((int)message.A),
            ShootdownMessage.Family => !loss.Gone.Contains(ShootdownMessage.From(message).What.Vm)
                || message.Kind == ((ShootdownMessage.Family << 8) | (int)ShootdownMessageKind.Tick),
            VirtualDeviceNames.Family => !IsCallOf(message, loss.Gone),
            _ => true,
        };
    }

    private static bool IsAboutVm(in Message message) => (SchedulingKind)message.Kind is not
        (SchedulingKind.Next or SchedulingKind.Steal or SchedulingKind.Refused or SchedulingKind.Plenty
        or SchedulingKind.Decline or SchedulingKind.Balance or SchedulingKind.SlotDue or SchedulingKind.PeersLost);

    private static bool IsCallOf(in Message message, SortedSet<int> gone) => (DeviceKind)message.Kind switch
    {
        DeviceKind.DiskCall or DeviceKind.DiskForward or DeviceKind.NetSend or DeviceKind.NetReceive
            or DeviceKind.CallDone or DeviceKind.DiskTransfer => gone.Contains(DeviceCall.From(message).Vm),
        DeviceKind.DmaRead or DeviceKind.DmaWrite => gone.Contains((int)(message.B >> 32)),
        _ => false,
    };

    private static DiscoCpu Monitor(Cpu cpu, DiscoMachine machine) => machine.Monitors[cpu.Address.Index];

    private DiscoCpu Monitor(Cpu cpu) => Monitor(cpu, _machine);

    private IEnumerable<T> Alive<T>()
        where T : Actor => _machine.World.Actors.OfType<T>().Where(actor => !_lost.Contains(actor.Node));

    private void Repair(Loss loss)
    {
        foreach (NetworkActor network in Alive<NetworkActor>())
        {
            network.Lose(loss.Lost);
        }
        foreach (Cpu cpu in Alive<Cpu>())
        {
            bool vacates = Monitor(cpu).Lose(loss);
            if (cpu.Recover(vacates, loss.Now) is { } again)
            {
                loss.Post(cpu.Address, cpu.Address, again);
            }
        }
        // Also those on lost nodes: what is reported of them is that they are lost.
        _machine.Vms.ToList().ForEach(vm => vm.Monitor.Lose(loss));
        Each<Scheduler>(actor => actor.Lose(loss));
        Each<MemMap>(actor => actor.Lose(loss));
        Each<CowDisk>(actor => actor.Lose(loss));
        Each<VirtualSwitch>(actor => actor.Lose(loss));
        Each<DmaEngine>(actor => actor.Lose(loss));
        Each<Reclaimer>(actor => actor.Lose(loss));
        Each<Merger>(actor => actor.Lose(loss));
        _keeper.Lose(loss, vm => _machine.Vms[vm].Processors.ExitCode ?? VmProcessors.LostExitCode);
    }

    private void Each<T>(Action<T> does)
        where T : Actor
    {
        foreach (T actor in Alive<T>().ToArray())
        {
            does(actor);
        }
    }
}
