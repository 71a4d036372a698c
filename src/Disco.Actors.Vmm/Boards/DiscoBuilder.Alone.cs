using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Boards;

/// <content>One actor of a machine without the others, for a replay of it alone.</content>
public sealed partial class DiscoBuilder
{
    /// <summary>
    /// Makes one actor of the machine that <see cref="Build"/> makes, and no other. It has no state yet: load one that
    /// was saved. Null when the machine has no such actor.
    /// </summary>
    /// <param name="config">Of the coherent fidelity.</param>
    /// <param name="actor">Which.</param>
    public static Actor? BuildAlone(DiscoConfig config, Address actor)
    {
        DiscoBuilder builder = new(config);
        return MachineBuilder.BuildHostedAlone(builder._board, builder, actor);
    }

    Actor? IMachineHost.InstallAlone(Fabric fabric, int lineBytes, Address actor)
    {
        _fabric = fabric;
        PlaceActors(fabric);
        VmMemoryPlan[] plans = [.. Enumerable.Range(0, _config.Vms.Count).Select(PlanOf)];
        MonitorMemory.Place(fabric, plans);
        List<Actor> devices = [];
        for (int vm = 0; vm < plans.Length; vm++)
        {
            devices.AddRange(AddSpec(vm, fabric, only: actor).Actors);
        }
        Actor? shared = MonitorDevices.MakeAlone(
            fabric, lineBytes, _setup, _config.DiskCosts, _config.Switch, actor);
        int index = actor.Index;
        return devices.SingleOrDefault() ?? shared ?? actor.Role switch
        {
            Role.Vm when index < plans.Length => new VmMonitor(
                plans[index], fabric, _config.Mapping, _config.Monitor.Shootdown, CpuSet.Below(_board.Cpus))
            {
                Placement = _config.Placement.Create(),
                Part = new VmProcessors(fabric, _places[index], Keeper.KeeperAddress),
            },
            Role.MemMap when index < _board.Nodes => MonitorMemory.MakeMemMap(
                index, fabric, memory: null, _config.Mapping, lineBytes),
            _ when actor == Reclaimer.ReclaimerAddress && _config.Mapping.LowPermille > 0 => new Reclaimer(
                0, plans, _board.Nodes, fabric, _config.Mapping),
            _ when actor == Merger.MergerAddress => MonitorMemory.MakeMerger(
                MergesOf(_config), fabric, _config.Mapping),
            Role.Scheduler when index < _board.Nodes => MakeScheduler(index, fabric),
            _ when actor == Keeper.KeeperAddress => new Keeper(KeeperNode, _setup, fabric),
            _ => null,
        };
    }
}
