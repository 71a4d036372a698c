using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// How a device is connected: where its registers are, who its CPUs are, and where its interrupt goes.
/// </summary>
public sealed class DeviceWiring(Fabric fabric, ulong baseAddress, int cpus)
{
    public Fabric Fabric { get; } = fabric;

    /// <summary>The physical address of its first register.</summary>
    public ulong Base { get; } = baseAddress;

    public int Cpus { get; } = cpus;

    /// <summary>Cycles from a register access's arrival until its reply leaves.</summary>
    public long AccessCycles { get; init; } = 20;

    /// <summary>The shared interrupt the device's line is connected to, -1 for none.</summary>
    public int Interrupt { get; init; } = -1;

    /// <summary>The actor its interrupt line leads to.</summary>
    public Address Interrupts { get; init; } = new(Role.Interrupts, 0);

    /// <summary>
    /// Who stands for the CPUs of a virtual machine's device: gets what is meant for CPU n, with n in word B, and the
    /// end of the machine. Null on a real board.
    /// </summary>
    public Address? VirtualMachine { get; init; }

    /// <summary>
    /// Answers to register accesses go by way of the virtual machine, too, so that they stay behind the pin changes
    /// that go that way. For an interrupt controller.
    /// </summary>
    public bool AnswersByMachine { get; init; }
}
