using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Session;

/// <content>Going on until something is the case, forward and back.</content>
public sealed partial class ReplaySession
{
    // How far back states are looked at in one go.
    private const long BackCycles = 20_000;

    /// <summary>Goes on to the next delivery for which the test holds; it has been made then.</summary>
    /// <returns>False when there is none; the position is the end of the run then.</returns>
    public bool RunUntil(DeliveryTest isIt)
    {
        while (true)
        {
            long here = Engine.Deliveries;
            Segment segment = SegmentHere();
            for (int i = (int)(here - segment.Before); i < segment.Deliveries.Count; i++)
            {
                if (isIt(segment.Deliveries[i]))
                {
                    MoveWithin(segment, segment.Before + i + 1);
                    return true;
                }
            }
            Advance(segment.End);
            if (segment.IsLast)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Goes on to the end of the first cycle after which a test of the actors' states holds. False as above.
    /// </summary>
    public bool RunUntil(Func<bool> isIt)
    {
        while (StepCycle())
        {
            if (isIt())
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Goes back to the last delivery before the present one for which the test holds; it is the last one made
    /// then. False when there is none; the position is the beginning then.</summary>
    public bool RunBackUntil(DeliveryTest isIt)
    {
        Segment segment = SegmentBefore(out long below);
        while (true)
        {
            for (int i = (int)(below - segment.Before) - 1; i >= 0; i--)
            {
                if (isIt(segment.Deliveries[i]))
                {
                    MoveWithin(segment, segment.Before + i + 1);
                    return true;
                }
            }
            Cycle upper = segment.Start.Cycle;
            if (upper == Cycle.Zero)
            {
                SeekTo(Cycle.Zero);
                return false;
            }
            below = segment.Before;
            SeekTo(Cycle.Max(Cycle.Zero, upper - _segmentCycles));
            segment = Look(upper);
        }
    }

    /// <summary>
    /// Goes back to the end of the last cycle before the present one after which a test of the actors' states holds.
    /// False when there is none; the position is the beginning then.
    /// </summary>
    public bool RunBackUntil(Func<bool> isIt)
    {
        Cycle upper = Engine.Now;
        while (upper > Cycle.Zero)
        {
            Cycle lower = Cycle.Max(Cycle.Zero, upper - BackCycles);
            SeekTo(lower);
            Cycle last = lower == Cycle.Zero && isIt() ? lower : Cycle.Never;
            while (StepCycle() && Engine.Now < upper)
            {
                last = isIt() ? Engine.Now : last;
            }
            if (last != Cycle.Never)
            {
                SeekTo(last);
                return true;
            }
            // The state at its beginning belongs to the stretch before.
            upper = lower == Cycle.Zero ? lower : lower + 1;
        }
        SeekTo(Cycle.Zero);
        return false;
    }

    /// <summary>A segment that ends at or after the present position.</summary>
    /// <param name="below">Its deliveries up to this number are before the present one.</param>
    private Segment SegmentBefore(out long below)
    {
        Cycle now = Engine.Now;
        bool isInside = IsInsideCycle;
        below = Math.Max(0, isInside || _log.Last is not null ? Engine.Deliveries - 1 : Engine.Deliveries);
        if (_segment is { } known && known.Before <= below && below <= known.Until)
        {
            return known;
        }
        SeekTo(Cycle.Max(Cycle.Zero, now - _segmentCycles));
        return Look(isInside ? now + 1 : now);
    }
}
