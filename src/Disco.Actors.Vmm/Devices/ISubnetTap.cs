using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>Watches what the virtual subnet carries, at every plug. Sees, never touches.</summary>
public interface ISubnetTap
{
    /// <summary>A message leaves its sender; nothing of it has arrived anywhere.</summary>
    /// <param name="message">It lies in the sender's memory.</param>
    /// <param name="at">When.</param>
    void Sent(SubnetMessage message, Cycle at);

    /// <summary>A receiver has all of a message, and is about to be told.</summary>
    /// <param name="message">It lies in the receiver's memory.</param>
    /// <param name="receiver">The virtual machine; <see cref="SubnetMessage.Outside"/> for the gateway.</param>
    /// <param name="at">When.</param>
    void Received(SubnetMessage message, int receiver, Cycle at);
}

/// <summary>A message on the subnet.</summary>
/// <param name="Source">Address on the subnet.</param>
/// <param name="Destination">The same, as the sender wrote it.</param>
/// <param name="Sender">The virtual machine; <see cref="Outside"/> for what came from there.</param>
/// <param name="Envelope">That brought the call, or the last piece from outside: who delivered it, and its number.
/// </param>
/// <param name="Stretches">Where its bytes lie: guest physical address and length.</param>
/// <param name="Data">The bytes themselves when they are in the switch and in no guest; else null.</param>
public sealed record SubnetMessage(
    ulong Source,
    ulong Destination,
    int Sender,
    (Address Source, long Sequence) Envelope,
    IReadOnlyList<(ulong Address, int Bytes)> Stretches,
    byte[]? Data)
{
    public const int Outside = SwitchJob.Outside;
}
