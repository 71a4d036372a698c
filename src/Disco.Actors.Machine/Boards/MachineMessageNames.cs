using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Boards;

/// <summary>Names of all messages of a machine, by family.</summary>
public sealed class MachineMessageNames : IMessageNames
{
    private readonly CoherenceNames _coherence = new();

    public IReadOnlyList<MessageFamily> Families { get; } =
    [
        new(CoherenceMessage.Family, "coherence", 1),
        new(0x02, "uncached", 2),
        new(0x03, "interrupts", 1),
        new(0x04, "timers", 1),
    ];

    public string NameOf(ushort kind) =>
        DeviceMessageNames.Knows(kind) ? DeviceMessageNames.NameOf(kind) : _coherence.NameOf(kind);

    public string Describe(in Message message) =>
        DeviceMessageNames.Knows(message.Kind) ? DeviceMessageNames.Describe(message) : _coherence.Describe(message);
}
