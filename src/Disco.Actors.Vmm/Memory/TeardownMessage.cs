using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// Teardown, to vm/k: its memory is not needed any more. TornDown, the answer: every frame has been given back. A vm.
/// </summary>
public readonly record struct TeardownMessage(MappingKind Kind, int Vm)
{
    public static TeardownMessage From(in Message message) => new((MappingKind)message.Kind, (int)message.A);

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind == MappingKind.TornDown ? Lane.Reply : Lane.Request,
        A = (uint)Vm,
    };
}
