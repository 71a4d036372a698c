using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>The messages of virtual devices; family 0x07 of <see cref="Message.Kind"/>.</summary>
public enum DeviceKind : ushort
{
    // CPU to device: one call for a whole request. [Disco 4.2.5] See DeviceCall.
    DiskCall = 0x0701,
    NetSend,
    NetReceive,

    /// <summary>Device to CPU: the call's result. See DeviceCall; A = result, signed.</summary>
    CallDone,

    /// <summary>One disk to another: the same call, for a disk of yours.</summary>
    DiskForward,

    /// <summary>A device to itself: the arm has the data. A = slot.</summary>
    ServiceDue,

    /// <summary>A device to itself: ask again for a page that was busy. A = slot, B = 1 to map it, 0 to pin it.
    /// </summary>
    RetryDue,

    // From and to whoever ends a VM. A = vm.

    /// <summary>Forget the VM: finish nothing for it, release what is held for it.</summary>
    Detach = 0x0710,

    /// <summary>Nothing is held for the VM any more.</summary>
    Detached,

    // Between NICs and the switch. See Devices/Network.
    Announce = 0x0720,
    Offer,
    Taken,

    // Outside and console multiplexer.

    /// <summary>The keyboard is for VM A from now on.</summary>
    Focus = 0x0730,

    /// <summary>Outside to the gateway: up to 24 bytes of a message. A, B, C; see Gateway.</summary>
    GatewayBytes = 0x0740,

    /// <summary>Outside to the gateway: the message is complete. A = address it is for.</summary>
    GatewayEnd,

    // Outside to the gateway of Ethernet frames; see Forwarding.OutsideMessage.
    ForwardOpen = 0x0748,
    ForwardBytes,
    ForwardTook,
    ForwardEnd,
    OutsideBytes,
    OutsideEnd,

    // Virtio devices of virtual machines.

    /// <summary>Block device to disk: move sectors; see <see cref="DiskTransfer"/>.</summary>
    DiskTransfer = 0x0750,

    /// <summary>Disk to block device: A = result, signed, C = request number.</summary>
    DiskTransferred,

    // A device and the DMA engine of its node; see GuestDma.
    DmaRead = 0x0760,
    DmaWrite,
    DmaDone,
}

/// <summary>
/// A virtual CPU's call of a device, and its end. The virtual CPU waits for the end, and stays on its CPU until then.
/// <code>
/// A  physical address of the request block; in the end, the result
/// B  63        32 31     16 15       0
///   +------------+---------+----------+
///   |    cpu     |  vcpu   |    vm    |
///   +------------+---------+----------+
/// C  request number, echoed
/// </code>
/// </summary>
public readonly record struct DeviceCall(DeviceKind Kind, ulong Argument, int Vm, int Vcpu, int Cpu, ulong Request)
{
    public long Result => (long)Argument;

    public static DeviceCall From(in Message message) => new(
        (DeviceKind)message.Kind, message.A, (ushort)message.B, (ushort)(message.B >> 16), (int)(message.B >> 32),
        message.C);

    /// <summary>The end of this call.</summary>
    public DeviceCall Done(long result) => this with { Kind = DeviceKind.CallDone, Argument = (ulong)result };

    public Message Pack() => new()
    {
        Kind = (ushort)Kind,
        Lane = Kind == DeviceKind.CallDone ? Lane.Reply : Lane.Request,
        A = Argument,
        B = (ushort)Vm | ((ulong)(ushort)Vcpu << 16) | ((ulong)(uint)Cpu << 32),
        C = Request,
    };
}

/// <summary>Names of the family of virtual devices.</summary>
public static class VirtualDeviceNames
{
    public const byte Family = 0x07;

    public static bool Knows(ushort kind) => kind >> 8 == Family;

    public static string NameOf(ushort kind) => ((DeviceKind)kind).ToString();

    public static string Describe(in Message message)
    {
        string name = NameOf(message.Kind);
        DeviceCall call = DeviceCall.From(message);
        string who = $"vm {call.Vm} vcpu {call.Vcpu} on cpu/{call.Cpu}";
        return (DeviceKind)message.Kind switch
        {
            DeviceKind.DiskCall or DeviceKind.DiskForward or DeviceKind.NetSend or DeviceKind.NetReceive =>
                $"{name} block 0x{message.A:x} of {who}",
            DeviceKind.DiskTransfer => $"{name} at byte {message.A} for vm {call.Vm}",
            DeviceKind.DmaRead or DeviceKind.DmaWrite =>
                $"{name} 0x{message.A:x} {(uint)message.B} bytes of vm {message.B >> 32}",
            DeviceKind.CallDone => $"{name} {call.Result} for {who}",
            DeviceKind.Detach or DeviceKind.Detached or DeviceKind.Focus => $"{name} vm {message.A}",
            _ => $"{name} 0x{message.A:x} 0x{message.B:x} 0x{message.C:x}",
        };
    }
}
