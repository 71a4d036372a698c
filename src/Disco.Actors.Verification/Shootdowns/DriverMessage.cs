namespace Disco.Actors.Verification.Shootdowns;

/// <summary>What the drivers of shootdowns say to each other besides the protocol; part of family 0x10.</summary>
internal static class DriverMessage
{
    /// <summary>CPU to monitor. A: the page.</summary>
    public const ushort Fill = 0x1001;

    /// <summary>Monitor to CPU. A: the page. B: the generation. C: 1 for the right to write.</summary>
    public const ushort Filled = 0x1002;

    /// <summary>To oneself: the next step. A: what for.</summary>
    public const ushort Step = 0x1003;

    /// <summary>A monitor's message to itself: time to end a transaction. A: which.</summary>
    public const ushort End = 0x1004;

    /// <summary>CPU to monitor: it has no translation left and uses the virtual machine no more; it will again; and
    /// the answer to the latter.</summary>
    public const ushort Leave = 0x1005;
    public const ushort Join = 0x1006;
    public const ushort Joined = 0x1007;
}
