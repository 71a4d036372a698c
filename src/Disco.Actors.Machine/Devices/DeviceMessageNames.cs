using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices;

/// <summary>Names of the families 0x02 (uncached), 0x03 (interrupts) and 0x04 (timers).</summary>
public static class DeviceMessageNames
{
    public static bool Knows(ushort kind) => kind >> 8 is 0x02 or 0x03 or 0x04;

    public static string NameOf(ushort kind) => (kind >> 8) switch
    {
        0x02 => ((UncachedKind)kind).ToString(),
        0x03 => ((InterruptKind)kind).ToString(),
        _ => ((TimerKind)kind).ToString(),
    };

    public static string Describe(in Message message)
    {
        string name = NameOf(message.Kind);
        return message.Kind switch
        {
            (ushort)UncachedKind.UncachedRead or (ushort)UncachedKind.UncachedAck =>
                $"{name} 0x{message.A:x} size {(ushort)(message.C >> 32)} for {Address.FromPacked((uint)message.C)}",
            (ushort)UncachedKind.UncachedWrite or (ushort)UncachedKind.UncachedData =>
                $"{name} 0x{message.A:x} = 0x{message.B:x} size {(ushort)(message.C >> 32)} for "
                + $"{Address.FromPacked((uint)message.C)}",
            (ushort)UncachedKind.ConsoleInput => $"{name} {message.B} characters",
            (ushort)UncachedKind.ConsoleOutput => $"{name} 0x{message.A:x}",
            (ushort)UncachedKind.BalloonWant => $"{name} {message.A} pages",
            (ushort)UncachedKind.FramePiece => $"{name} at {message.B} of {(uint)message.A} bytes",
            (ushort)InterruptKind.LineLevel => $"{name} interrupt {message.A} = {message.B}",
            (ushort)InterruptKind.InterruptLevel => $"{name} pins 0x{message.A:x}",
            (ushort)InterruptKind.CoreStart => $"{name} at 0x{message.A:x}",
            (ushort)InterruptKind.MachineEnd => $"{name} exit code {message.A}",
            _ => $"{name} {message.A} generation {message.B}",
        };
    }
}
