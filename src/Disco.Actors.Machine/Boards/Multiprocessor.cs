using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Machine.Boards;

/// <summary>A machine that has been put together and loaded: the world to run, and its parts by kind.</summary>
public sealed class Multiprocessor
{
    internal Multiprocessor(BoardConfig config, World world, Cpu[] cpus, LoadReport load)
    {
        Config = config;
        World = world;
        Cpus = cpus;
        Load = load;
    }

    public BoardConfig Config { get; }

    public World World { get; }

    public LoadReport Load { get; }

    public IReadOnlyList<Cpu> Cpus { get; }

    /// <summary>One per node; none in the fast fidelity.</summary>
    public required IReadOnlyList<DirectoryController> Directories { get; init; }

    /// <summary>One per node.</summary>
    public required IReadOnlyList<MemoryNode> Memories { get; init; }

    /// <summary>One per node; none in the fast fidelity.</summary>
    public required IReadOnlyList<NetworkActor> Networks { get; init; }

    public required Fabric Fabric { get; init; }

    public required DeviceMap Devices { get; init; }

    /// <summary>The memory nodes' bytes under machine addresses; caches may hold newer ones.</summary>
    public required MachineMemory Memory { get; init; }

    /// <summary>CPUs of the fast fidelity share memory: such a machine must not be run by several threads.</summary>
    public bool NeedsOneThread => Config.Fidelity == Fidelity.Fast;
}

/// <summary>What was put into memory before the start.</summary>
/// <param name="Image">Name of the guest.</param>
/// <param name="Entry">Virtual address of the first instruction.</param>
/// <param name="ImageBytes">Bytes copied from the file.</param>
/// <param name="ImageEnd">First physical address behind the guest.</param>
/// <param name="DeviceTree">Physical address of the device tree.</param>
/// <param name="DeviceTreeBytes">Its length.</param>
public sealed record LoadReport(
    string Image, ulong Entry, long ImageBytes, ulong ImageEnd, ulong DeviceTree, int DeviceTreeBytes);
