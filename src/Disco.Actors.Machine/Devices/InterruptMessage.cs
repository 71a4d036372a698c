using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices;

/// <summary>The messages of interrupts and resets.</summary>
public enum InterruptKind : ushort
{
    /// <summary>Device to interrupt controller: A = shared interrupt number, B = level of its line (0 or 1).</summary>
    LineLevel = 0x0301,

    /// <summary>Interrupt controller to CPU: A = levels of its pins, bit p for pin p, which is Cause.IP[p+2].</summary>
    InterruptLevel = 0x0302,

    /// <summary>Coherence manager to CPU held in reset: A = virtual address to start at.</summary>
    CoreStart = 0x0303,

    /// <summary>Power controller to its virtual machine: A = exit code, B = 1 for a reset, 0 for a power-off.</summary>
    MachineEnd = 0x0304,
}

/// <summary>Builders of the interrupt messages.</summary>
public static class InterruptMessage
{
    public static Message LineLevel(int interrupt, bool level) => new()
    {
        Kind = (ushort)InterruptKind.LineLevel,
        Lane = Lane.Request,
        A = (ulong)interrupt,
        B = level ? 1UL : 0UL,
    };

    /// <summary>
    /// On the reply lane: the pin change that a register write causes leaves before the write's acknowledgement and
    /// so reaches the CPU before it, and a handler that has acknowledged its interrupt does not see it again.
    /// </summary>
    public static Message InterruptLevel(uint pins) => new()
    {
        Kind = (ushort)InterruptKind.InterruptLevel,
        Lane = Lane.Reply,
        A = pins,
    };

    public static Message CoreStart(ulong virtualAddress) => new()
    {
        Kind = (ushort)InterruptKind.CoreStart,
        Lane = Lane.Request,
        A = virtualAddress,
    };

    public static Message MachineEnd(int exitCode, bool reset) => new()
    {
        Kind = (ushort)InterruptKind.MachineEnd,
        Lane = Lane.Request,
        A = (ulong)exitCode,
        B = reset ? 1UL : 0UL,
    };
}
