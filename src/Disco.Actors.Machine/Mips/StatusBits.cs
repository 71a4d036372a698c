namespace Disco.Actors.Machine.Mips;

/// <summary>Bits of Status. [MIPS64 Vol III, 9.21]</summary>
public static class StatusBits
{
    public const uint Ie = 1 << 0;
    public const uint Exl = 1 << 1;
    public const uint Erl = 1 << 2;
    public const uint Ux = 1 << 5;
    public const uint Sx = 1 << 6;
    public const uint Kx = 1 << 7;
    public const uint Bev = 1 << 22;
    public const uint Px = 1 << 23;
    public const uint Re = 1 << 25;
    public const uint Fr = 1 << 26;
    public const uint Cu0 = 1 << 28;
    public const uint Cu1 = 1 << 29;

    /// <summary>IM: the mask of the eight interrupts, at Cause.IP's place.</summary>
    public const uint InterruptMask = 0xFF00;

    public static Mode ModeOf(uint status) =>
        (status & (Exl | Erl)) != 0 ? Mode.Kernel
        : ((status >> 3) & 3) switch { 0 => Mode.Kernel, 1 => Mode.Supervisor, _ => Mode.User };

    /// <summary>RE: the byte order of user mode is the other one. [Vol III, 9.21]</summary>
    public static bool IsReversed(uint status) => (status & Re) != 0 && ModeOf(status) == Mode.User;

    /// <summary>64-bit operations: always in kernel mode, else by SX, by UX or PX. [Vol III, 4.5]</summary>
    public static bool WideOperations(uint status) => ModeOf(status) switch
    {
        Mode.Kernel => true,
        Mode.Supervisor => (status & Sx) != 0,
        Mode.User => (status & (Ux | Px)) != 0,
    };
}

/// <summary>Bits of Cause. [MIPS64 Vol III, 9.25]</summary>
public static class CauseBits
{
    public const uint Bd = 1U << 31;
    public const uint Ti = 1 << 30;
    public const uint Iv = 1 << 23;
    public const uint Ip7 = 1 << 15;

    /// <summary>IP1, IP0 and IV.</summary>
    public const uint Writable = Iv | 0x300;
}
