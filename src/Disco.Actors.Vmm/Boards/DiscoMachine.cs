using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Vmm.Boards;

/// <summary>A machine with a monitor that has been put together and loaded: the world to run, and its parts.</summary>
public sealed class DiscoMachine
{
    private NodeLosses? _losses;

    internal DiscoMachine(DiscoConfig config, Multiprocessor hardware)
    {
        Config = config;
        Hardware = hardware;
    }

    public DiscoConfig Config { get; }

    /// <summary>CPUs, caches, directories and memories; what the monitor runs on.</summary>
    public Multiprocessor Hardware { get; }

    public World World => Hardware.World;

    /// <summary>CPUs of the fast fidelity share memory: such a machine must not be run by several threads.</summary>
    public bool NeedsOneThread => Hardware.NeedsOneThread;

    /// <summary>In order of number, which is the order of their configuration.</summary>
    public required IReadOnlyList<VirtualMachine> Vms { get; init; }

    /// <summary>The monitor's part on each CPU.</summary>
    public required IReadOnlyList<DiscoCpu> Monitors { get; init; }

    /// <summary>Frames and pmaps.</summary>
    public required MonitorMemory Memory { get; init; }

    /// <summary>Disks, subnet, keyboard.</summary>
    public required MonitorDevices Devices { get; init; }

    /// <summary>Nodes that were lost, and virtual machines with them, as far as this object has seen it.</summary>
    public IReadOnlyList<LossReport> Losses => _losses?.Reports ?? [];

    /// <summary>One per node.</summary>
    public required IReadOnlyList<Scheduler> Schedulers { get; init; }

    /// <summary>For the builder: from now on the loss of nodes is contained.</summary>
    internal void ContainLosses(IEnumerable<Frame> text)
    {
        _losses = new NodeLosses(this, text.ToHashSet());
        World.Losses = _losses;
    }
}

/// <summary>One virtual machine of a machine.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Config">What was asked for.</param>
/// <param name="Load">What was put into its memory.</param>
/// <param name="Monitor">Its pmap's owner.</param>
/// <param name="Processors">Its exit code, once it has ended.</param>
/// <param name="Console">The actor whose output is its console's.</param>
public sealed record VirtualMachine(
    int Number, VmConfig Config, LoadReport Load, VmMonitor Monitor, VmProcessors Processors, Address Console);
