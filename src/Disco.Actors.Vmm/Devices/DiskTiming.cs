using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// How long a disk takes for what is not in memory. Either a fixed time, or the arm and the platters of the disk that
/// SimOS modelled, an HP 97560 (Ruemmler and Wilkes, IEEE Computer 27(3), 1994), as much faster as is asked.
/// </summary>
public sealed record DiskTiming
{
    // 1962 cylinders of 19 tracks of 72 sectors, 4002 revolutions a minute.
    private const long SectorsPerTrack = 72;
    private const long SectorsPerCylinder = 72 * 19;
    private const double RevolutionMilliseconds = 60_000.0 / 4002;
    private const double ControllerMilliseconds = 2.2;

    /// <summary>A request takes so long whatever it is; 0 for the arm's own time.</summary>
    public long FixedCycles { get; init; } = 8000;

    /// <summary>The machine's clock, to turn milliseconds into cycles.</summary>
    public double ClockHz { get; init; } = 400e6;

    /// <summary>The arm and the platters are this many times faster than the real disk's.</summary>
    public double Speedup { get; init; } = 1;

    /// <summary>Throws when the numbers make no sense.</summary>
    public void Check()
    {
        Invariant.Holds(FixedCycles >= 0);
        Invariant.Holds(ClockHz > 0);
        Invariant.Holds(Speedup > 0);
    }

    /// <summary>Cycles from the start of a request to its last byte; at least 1.</summary>
    /// <param name="armSector">Where the arm is.</param>
    /// <param name="sector">The first sector of the request.</param>
    /// <param name="sectors">How many.</param>
    /// <param name="startCycle">When the arm starts; decides where the platter is.</param>
    public long ServiceCycles(long armSector, long sector, long sectors, long startCycle)
    {
        if (FixedCycles > 0)
        {
            return FixedCycles;
        }
        double cyclesPerMillisecond = ClockHz / 1000 / Speedup;
        double seek = SeekMilliseconds(Math.Abs((sector / SectorsPerCylinder) - (armSector / SectorsPerCylinder)));
        double arrived = (startCycle / cyclesPerMillisecond) + ControllerMilliseconds + seek;
        double angle = arrived / RevolutionMilliseconds % 1;
        double wanted = sector % SectorsPerTrack / (double)SectorsPerTrack;
        double rotation = ((wanted - angle + 1) % 1) * RevolutionMilliseconds;
        double transfer = sectors * RevolutionMilliseconds / SectorsPerTrack;
        double total = ControllerMilliseconds + seek + rotation + transfer;
        return Math.Max(1, (long)(total * cyclesPerMillisecond));
    }

    private static double SeekMilliseconds(long cylinders) => cylinders switch
    {
        0 => 0,
        < 383 => 3.24 + (0.400 * Math.Sqrt(cylinders)),
        _ => 8.00 + (0.008 * cylinders),
    };
}
