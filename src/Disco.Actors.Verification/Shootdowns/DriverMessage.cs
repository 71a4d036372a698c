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
}
