using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What disks cost, and their bounds.</summary>
public sealed record DiskConfig
{
    public DiskTiming Timing { get; init; } = new();

    /// <summary>From a request's end to its answer's leaving: what the monitor's driver does.</summary>
    public long CallCycles { get; init; } = 100;

    /// <summary>Requests a disk works on at a time; more wait.</summary>
    public int Slots { get; init; } = 16;

    /// <summary>Pages of the image a disk keeps in memory; 0 for none: then nothing is remapped.</summary>
    public int CachePagesMax { get; init; } = 8192;

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Timing.Check();
        Invariant.Holds(CallCycles >= 0);
        Invariant.Holds(Slots >= 1);
        Invariant.Holds(CachePagesMax >= 0);
    }
}
