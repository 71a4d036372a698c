using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>What every CPU knows of a virtual machine from the start, and never changes.</summary>
public sealed record VirtualMachineSpec
{
    /// <summary>0 to 255.</summary>
    public required int Id { get; init; }

    /// <summary>Virtual CPUs, 1 to 64.</summary>
    public required int Vcpus { get; init; }

    /// <summary>Pages of physical memory, from 0 on.</summary>
    public required int Pages { get; init; }

    /// <summary>The processor its guest takes itself to run on; the number is replaced by each virtual CPU's.</summary>
    public required CoreConfig Processor { get; init; }

    /// <summary>Its devices, at their physical addresses.</summary>
    public required DeviceMap Devices { get; init; }

    /// <summary>Its share of time against others.</summary>
    public required int Weight { get; init; }

    /// <summary>Entries of each virtual CPU's second-level TLB, a power of two from 4; 0 for none.</summary>
    public int SecondLevelEntries { get; init; } = 4096;

    /// <summary>Who answers its disk calls; null when it has no disk.</summary>
    public Address? Disks { get; init; }

    /// <summary>Who answers its network calls.</summary>
    public Address? Network { get; init; }

    /// <summary>Of the machine's processors.</summary>
    public long ClockHz { get; init; } = 400_000_000;

    /// <summary>Its monitor.</summary>
    public Address Monitor => new(Role.Vm, (ushort)Id);

    public ulong MemoryBytes => (ulong)Pages << Machine.Interconnect.Page.Shift;
}
