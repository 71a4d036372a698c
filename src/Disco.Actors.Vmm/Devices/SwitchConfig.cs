using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What the virtual subnet costs, and its bounds.</summary>
public sealed record SwitchConfig
{
    /// <summary>From a step's end to the next message's leaving: what the monitor's driver does.</summary>
    public long CallCycles { get; init; } = 100;

    /// <summary>Calls the switch works on at a time; more wait.</summary>
    public int Slots { get; init; } = 16;

    /// <summary>Receive buffers of a virtual machine.</summary>
    public int BuffersMax { get; init; } = 64;

    /// <summary>Bytes of the longest message that leaves by the gateway, which has to gather it.</summary>
    public int GatewayBytesMax { get; init; } = 1 << 20;

    /// <summary>Whole pages are remapped; off to see what that is worth.</summary>
    public bool Remapping { get; init; } = true;

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Invariant.Holds(CallCycles >= 0);
        Invariant.Holds(Slots >= 1);
        Invariant.Holds(BuffersMax >= 1);
        Invariant.Holds(GatewayBytesMax >= 0);
    }
}
