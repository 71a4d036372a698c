using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>
/// A machine's nodes and network with shootdown drivers in place of CPUs and monitors. Virtual machine v lives on
/// node v, round and round.
/// </summary>
public sealed class ShootdownSystem
{
    public ShootdownSystem(ShootdownPlan plan)
    {
        Fabric fabric = new(plan.Interconnect, new ContiguousPerNode(plan.Nodes, Page.Bytes));
        for (int cpu = 0; cpu < plan.Cpus; cpu++)
        {
            fabric.Place(Address.Cpu(cpu), cpu / plan.CpusPerNode);
        }
        for (int vm = 0; vm < plan.Vms; vm++)
        {
            fabric.Place(ShootdownMonitor.AddressOf(vm), vm % plan.Nodes);
        }
        Networks = [.. Enumerable.Range(0, plan.Nodes).Select(node => new NetworkActor(node, fabric))];
        Cpus = [.. Enumerable.Range(0, plan.Cpus).Select(cpu => new ShootdownCpu(cpu, plan, fabric))];
        Monitors = [.. Enumerable.Range(0, plan.Vms).Select(vm => new ShootdownMonitor(vm, plan, fabric))];
        World = new World([.. Networks, .. Cpus, .. Monitors], fabric.Config.Lookahead, new ShootdownNames());
    }

    public World World { get; }

    public NetworkActor[] Networks { get; }

    public ShootdownCpu[] Cpus { get; }

    public ShootdownMonitor[] Monitors { get; }

    public bool IsFinished =>
        Array.TrueForAll(Monitors, monitor => monitor.IsFinished) && Array.TrueForAll(Cpus, cpu => cpu.IsFinished);

    /// <summary>The messages that set everything going, for cycle 1.</summary>
    public IEnumerable<(Address Target, Message Message)> Starts()
    {
        foreach (Actor actor in World.Actors.Where(actor => actor is ShootdownCpu or ShootdownMonitor))
        {
            yield return (actor.Address, new Message { Kind = DriverMessage.Step });
        }
    }

    public ShootdownReport Report() => ShootdownReport.Of(
        Monitors.Select(monitor => monitor.Initiator.Statistics), Cpus.Select(cpu => cpu.Responder.Statistics));
}
