using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging;

/// <content>One instruction forward or back. The rest of the machine moves as much as it does in that time.</content>
public sealed partial class Debugger
{
    private const int CyclesOneByOne = 1000;
    private const long RefineParts = 32;
    private const long BackMin = 256;

    /// <summary>Lets a thread execute one instruction.</summary>
    /// <param name="thread">Another's breakpoint may be met first.</param>
    /// <param name="interrupted">Asked now and then: a thread may sleep for long.</param>
    /// <param name="wholeBranches">
    /// True to go on behind the delay slot of a branch, as the processor's own debug mode does. [EJTAG, single step]
    /// </param>
    public Stop Step(DebugThread thread, Func<bool> interrupted, bool wholeBranches)
    {
        (ulong Pc, bool InSlot)? from = PlaceOf(thread);
        do
        {
            if (Timeline.IsAtEnd)
            {
                return AtEnd();
            }
            if (StepOnce(thread, interrupted) is { } stop)
            {
                return stop;
            }
            // An instruction that the monitor made possible executes only the second time.
        }
        while (PlaceOf(thread) == from || (wholeBranches && PlaceOf(thread) is { InSlot: true }));
        Timeline.ShowOutput();
        return new Stop(StopReason.Step, thread);
    }

    /// <summary>Goes back to before the last instruction of a thread.</summary>
    /// <param name="thread">Breakpoints are not looked at.</param>
    /// <param name="interrupted">Asked now and then.</param>
    /// <param name="wholeBranches">As in <see cref="Step"/>.</param>
    public Stop StepBack(DebugThread thread, Func<bool> interrupted, bool wholeBranches)
    {
        (ulong Pc, bool InSlot)? from = PlaceOf(thread);
        Cycle after = Timeline.Now;
        do
        {
            if (interrupted())
            {
                return new Stop(StopReason.Interrupted, thread);
            }
            if (!MoveBack(thread))
            {
                return new Stop(StopReason.Begin, thread, null, "there is nothing before");
            }
        }
        while (PlaceOf(thread) is not { } place || place == from || (wholeBranches && place.InSlot));
        return WatchedBetween(thread, Timeline.Now, after) ?? new Stop(StopReason.Step, thread);
    }

    /// <summary>What a thread accessed on the way is reported also when it is gone back over.</summary>
    private Stop? WatchedBetween(DebugThread thread, Cycle from, Cycle to)
    {
        if (!_breakpoints.Exists(each => each is DataBreakpoint))
        {
            return null;
        }
        Hit? access = null;
        foreach (Hit hit in Collect(to))
        {
            access ??= hit.Breakpoint is DataBreakpoint && hit.Thread == thread ? hit : null;
        }
        Timeline.SeekTo(from);
        return access is { } met ? new Stop(StopReason.Breakpoint, thread, met.Breakpoint) : null;
    }

    private static (ulong Pc, bool InSlot)? PlaceOf(DebugThread thread) =>
        thread.Registers is { } registers ? (registers[ThreadRegisters.Pc], registers.InDelaySlot) : null;

    /// <summary>Goes on until the thread has tried an instruction; a stop when something else comes before.</summary>
    private Stop? StepOnce(DebugThread thread, Func<bool> interrupted)
    {
        Progress before = thread.Progress;
        Pass(thread);
        Timeline.Remember();
        for (int i = 0; i < CyclesOneByOne; i++)
        {
            if (Timeline.IsAtEnd)
            {
                return AtEnd();
            }
            Cycle next = Cycle.Max(Timeline.Now, Timeline.Engine.NextEventCycle);
            if (Collect(next == Cycle.Never ? next : next + 1) is [Hit first, ..])
            {
                return StopAt(first);
            }
            if (thread.Progress != before)
            {
                return null;
            }
        }
        return StepFar(thread, before, interrupted);
    }

    /// <summary>The thread waits for long: longer and longer stretches, the last one then in parts.</summary>
    private Stop? StepFar(DebugThread thread, Progress before, Func<bool> interrupted)
    {
        for (long stretch = StretchMin; !Timeline.IsAtEnd; stretch = Math.Min(2 * stretch, StretchMax))
        {
            Timeline.Remember();
            Cycle from = Timeline.Now;
            List<Hit> hits = Collect(from + stretch);
            Hit? first = hits.Count > 0 ? hits[0] : null;
            if (thread.Progress != before)
            {
                Cycle changed = FirstWhere(() => thread.Progress != before, from, Timeline.Now);
                if (first is null || changed <= first.Value.Cycle)
                {
                    Timeline.SeekTo(changed);
                    return null;
                }
            }
            if (first is { } hit)
            {
                return StopAt(hit);
            }
            Timeline.ShowOutput();
            if (interrupted())
            {
                return new Stop(StopReason.Interrupted, thread);
            }
        }
        return AtEnd();
    }

    /// <summary>Goes to the last position before this one at which the thread's progress was another.</summary>
    private bool MoveBack(DebugThread thread)
    {
        Progress after = thread.Progress;
        Cycle upper = Timeline.Now;
        for (long stretch = BackMin; upper > Timeline.Begin; stretch = Math.Min(16 * stretch, StretchMax))
        {
            Cycle lower = Cycle.Max(Timeline.Begin, new Cycle(Math.Max(0, upper.Value - stretch)));
            if (LastWhere(() => thread.Progress != after, lower, upper) is { } found)
            {
                Timeline.SeekTo(found);
                return true;
            }
            upper = lower;
        }
        Timeline.SeekTo(Timeline.Begin);
        return false;
    }

    /// <summary>The first cycle at which a test holds that holds at the end and not at the beginning.</summary>
    private Cycle FirstWhere(Func<bool> holds, Cycle from, Cycle to)
    {
        while (to.Value - from.Value > 1)
        {
            long step = Math.Max(1, (to.Value - from.Value) / RefineParts);
            Timeline.SeekTo(from);
            while (!holds() && Timeline.Now < to)
            {
                from = Timeline.Now;
                Timeline.RunTo(Cycle.Min(to, from + step));
            }
            to = Timeline.Now;
        }
        return to;
    }

    /// <summary>The last cycle before the end at which a test holds; null when none is found.</summary>
    private Cycle? LastWhere(Func<bool> holds, Cycle from, Cycle to)
    {
        while (true)
        {
            long step = Math.Max(1, (to.Value - from.Value) / RefineParts);
            Cycle? last = null;
            Timeline.SeekTo(from);
            Timeline.Remember();
            while (Timeline.Now < to)
            {
                last = holds() ? Timeline.Now : last;
                Timeline.RunTo(Cycle.Min(to, Timeline.Now + step));
            }
            if (last is not { } found || step == 1)
            {
                return last;
            }
            from = found;
            to = Cycle.Min(to, found + step);
        }
    }
}
