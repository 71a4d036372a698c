using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <content>One actor of a machine without the others, for a replay of it alone.</content>
public sealed partial class MachineBuilder
{
    // The one device to be made; null for all.
    private Address? _only;

    /// <summary>
    /// Makes one actor of the machine that <see cref="Build(BoardConfig, GuestSetup)"/> makes, and no other. It knows
    /// where the others are, and has no state yet: load one that was saved. Null when the machine has no such actor.
    /// </summary>
    /// <param name="config">Of the coherent fidelity: in the other one CPUs are not alone.</param>
    /// <param name="image">The guest.</param>
    /// <param name="disk">As for <see cref="Build(BoardConfig, GuestSetup)"/>.</param>
    /// <param name="actor">Which.</param>
    public static Actor? BuildAlone(BoardConfig config, ElfImage image, ReadOnlyMemory<byte>? disk, Address actor) =>
        BuildAlone(config, new GuestSetup(image) { Disk = disk }, actor);

    /// <summary>The same for a guest that comes with more than an image.</summary>
    public static Actor? BuildAlone(BoardConfig config, GuestSetup setup, Address actor)
    {
        MachineBuilder builder = new(config) { _only = actor };
        Invariant.Holds(builder.IsCoherent);
        builder.AddDevices(setup, memory: null);
        DeviceMap devices = new(builder._ranges);
        return builder.PartAlone(actor, node => null) ?? (actor.Role == Role.Cpu && actor.Index < config.Cpus
            ? builder.CpuAlone(actor.Index, devices, builder.ToGuestCore(actor.Index, setup.Image), monitor: null)
            : builder._actors.SingleOrDefault());
    }

    /// <summary>The same of a machine with a monitor, <see cref="BuildHosted"/>.</summary>
    public static Actor? BuildHostedAlone(BoardConfig config, IMachineHost host, Address actor)
    {
        MachineBuilder builder = new(config) { _only = actor };
        Invariant.Holds(builder.IsCoherent);
        Actor? own = host.InstallAlone(builder._fabric, config.Second.LineBytes, actor);
        if (own is not null || actor.Role != Role.Cpu || actor.Index >= config.Cpus)
        {
            return own ?? builder.PartAlone(actor, host.HotPagesOf);
        }
        int number = actor.Index;
        return builder.CpuAlone(
            number, new DeviceMap([]), host.ToCore(builder.ToCore(number)),
            host.MonitorOf(number, config.NodeOf(number)));
    }

    private Actor? PartAlone(Address actor, Func<int, HotPageConfig?> hotPagesOf)
    {
        int node = actor.Index;
        if (node >= _config.Nodes)
        {
            return null;
        }
        int lineBytes = _config.Second.LineBytes;
        return actor.Role switch
        {
            Role.Memory => new MemoryNode(node, _fabric, lineBytes),
            Role.Directory => new DirectoryController(node, _fabric, lineBytes, hotPagesOf(node)),
            Role.Network => new NetworkActor(node, _fabric),
            _ => null,
        };
    }

    private Cpu CpuAlone(int number, DeviceMap devices, CoreConfig config, CpuMonitor? monitor)
    {
        CoherentPort port = new(number, _config.ToCaches(), _fabric, devices);
        MipsCore core = new(config, port);
        int node = _config.NodeOf(number);
        return monitor is null
            ? new Cpu(number, node, core, port, held: number != 0)
            : new Cpu(number, node, core, port, monitor);
    }
}
