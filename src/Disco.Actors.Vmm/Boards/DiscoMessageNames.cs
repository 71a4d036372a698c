using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <summary>Names of a machine's messages and of the monitor's families.</summary>
public sealed class DiscoMessageNames(IMessageNames machine) : IMessageNames
{
    private readonly Shootdown.ShootdownNames _shootdown = new();

    public IReadOnlyList<MessageFamily> Families { get; } =
    [
        .. machine.Families,
        new(MappingNames.Family, "mapping", 2),
        new(SchedulingMessage.Family, "scheduling", 2),
        new(VirtualDeviceNames.Family, "virtual devices", 3),
        new(Shootdown.ShootdownMessage.Family, "shootdown", 1),
    ];

    public string NameOf(ushort kind) => (kind >> 8) switch
    {
        MappingNames.Family => MappingNames.NameOf(kind),
        SchedulingMessage.Family => SchedulingNames.NameOf(kind),
        VirtualDeviceNames.Family => VirtualDeviceNames.NameOf(kind),
        Shootdown.ShootdownMessage.Family => _shootdown.NameOf(kind),
        _ => machine.NameOf(kind),
    };

    public string Describe(in Message message) => (message.Kind >> 8) switch
    {
        MappingNames.Family => MappingNames.Describe(message),
        SchedulingMessage.Family => SchedulingNames.Describe(message),
        VirtualDeviceNames.Family => VirtualDeviceNames.Describe(message),
        Shootdown.ShootdownMessage.Family => _shootdown.Describe(message),
        _ => machine.Describe(message),
    };
}
