using Disco.Actors.Core;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// How far a guest's time is ahead of the user's. A guest that waits would pass through its time in no time: with
/// somebody at the keyboard an hour of sleep is to last one. What it is behind is not made up for.
/// </summary>
/// <param name="clockHz">Of the guest's CPUs.</param>
internal sealed class Pace(long clockHz)
{
    private Cycle? _from;
    private TimeSpan _since;

    /// <summary>From here on, whatever was.</summary>
    public void Begin(Cycle now, TimeSpan host) => (_from, _since) = (now, host);

    /// <summary>Zero, or how long to wait.</summary>
    /// <param name="now">The guest's time.</param>
    /// <param name="host">The user's, from any beginning.</param>
    public TimeSpan LeadAt(Cycle now, TimeSpan host)
    {
        long cycles = now.Value - (_from ?? now).Value;
        TimeSpan lead = TimeSpan.FromSeconds(cycles / (double)clockHz) - (host - _since);
        if (_from is null || lead < TimeSpan.Zero)
        {
            Begin(now, host);
            return TimeSpan.Zero;
        }
        return lead;
    }
}
