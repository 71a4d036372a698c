using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Debugging.Timelines;
using Disco.Actors.Engines;

namespace Disco.Actors.Debugging;

/// <summary>
/// Moves a run forward and back to where something is to be seen. It only looks: a run that was debugged ends in the
/// same state as one that was not, unless the user changes registers or memory.
/// </summary>
/// <remarks>
/// A run is let go in stretches, in which sensors note what breakpoints ask for. Actors are then past it, some more and
/// some less; so the run goes back to the beginning of the stretch and from there to exactly the noted cycle.
/// </remarks>
public sealed partial class Debugger
{
    private const long StretchMin = 20_000;
    private const long StretchMax = 2_000_000;

    private readonly List<Breakpoint> _breakpoints = [];
    private readonly Sensors _sensors;
    private readonly List<Hit> _hits = [];

    // Of each CPU the instruction that was reported last, and when: it is not reported again before it has executed.
    private readonly Dictionary<int, (long Instruction, Cycle Cycle)> _reported = [];
    private int _lastNumber;

    public Debugger(DebugMachine machine, Timeline timeline)
    {
        Machine = machine;
        Timeline = timeline;
        _sensors = new Sensors(machine, timeline.Engine);
    }

    public DebugMachine Machine { get; }

    public Timeline Timeline { get; }

    public IReadOnlyList<Breakpoint> Breakpoints => _breakpoints;

    /// <summary>Adds a breakpoint and gives it its number.</summary>
    public Breakpoint Add(Breakpoint breakpoint)
    {
        Breakpoint numbered = breakpoint with { Number = ++_lastNumber };
        _breakpoints.Add(numbered);
        _sensors.Set(_breakpoints);
        return numbered;
    }

    /// <summary>Removes those for which a test holds; how many.</summary>
    public int Remove(Predicate<Breakpoint> isIt)
    {
        int removed = _breakpoints.RemoveAll(isIt);
        if (removed > 0)
        {
            _sensors.Set(_breakpoints);
        }
        return removed;
    }

    /// <summary>Goes on to the next breakpoint or the end.</summary>
    /// <param name="focus">The instruction this thread stands at does not count.</param>
    /// <param name="interrupted">Asked now and then.</param>
    public Stop Continue(DebugThread? focus, Func<bool> interrupted)
    {
        Pass(focus);
        for (long stretch = StretchMin; !Timeline.IsAtEnd; stretch = Math.Min(2 * stretch, StretchMax))
        {
            Timeline.Remember();
            if (Collect(Timeline.Now + stretch) is [Hit first, ..])
            {
                return StopAt(first);
            }
            Timeline.ShowOutput();
            if (interrupted())
            {
                return new Stop(StopReason.Interrupted, focus);
            }
        }
        return AtEnd();
    }

    /// <summary>Goes on to the end without looking at breakpoints.</summary>
    public void Finish(Func<bool> interrupted)
    {
        Remove(_ => true);
        while (!Timeline.IsAtEnd && !interrupted())
        {
            Timeline.RunTo(Timeline.Now + StretchMax);
            Timeline.ShowOutput();
        }
    }

    /// <summary>Goes back to the last breakpoint before the position, or to the beginning.</summary>
    /// <param name="focus">As in <see cref="Continue"/>.</param>
    /// <param name="interrupted">Asked now and then.</param>
    public Stop ContinueBack(DebugThread? focus, Func<bool> interrupted)
    {
        Pass(focus);
        Cycle begin = Timeline.Begin;
        Envelope? last = Timeline.LastDelivery;
        // Deliveries of the present cycle that have been made lie before the position.
        bool isInside = last is { } made && made.Arrival == Timeline.Now;
        Cycle upper = isInside ? Timeline.Now + 1 : Timeline.Now;
        bool IsBefore(Hit hit) => !hit.IsMessage
            ? !isInside || hit.Cycle < last!.Value.Arrival
            : last is not { } known || Envelope.Compare(hit.Envelope, known) < 0;
        for (long stretch = StretchMin; upper > begin; stretch = Math.Min(4 * stretch, 4 * StretchMax))
        {
            Cycle lower = Cycle.Max(begin, new Cycle(Math.Max(0, upper.Value - stretch)));
            Timeline.SeekTo(lower);
            Timeline.Remember();
            List<Hit> before = Collect(upper).FindAll(IsBefore);
            if (before.Count > 0)
            {
                // One that had to wait was met several times: where it first was.
                Hit latest = before[^1];
                return StopAt(before.Find(hit => hit.IsMessage == latest.IsMessage && (hit.IsMessage
                    ? hit.Cycle == latest.Cycle && Envelope.Compare(hit.Envelope, latest.Envelope) == 0
                    : hit.Cpu == latest.Cpu && hit.Instruction == latest.Instruction)));
            }
            upper = lower;
            if (interrupted())
            {
                Timeline.SeekTo(lower);
                return new Stop(StopReason.Interrupted, focus);
            }
        }
        Timeline.SeekTo(begin);
        return new Stop(StopReason.Begin, focus, null, "there is nothing before");
    }

    /// <summary>The end of the run, as a stop.</summary>
    internal Stop AtEnd()
    {
        Timeline.ShowOutput();
        RunResult? result = Timeline.Ending;
        string sentence = result is null ? "the recording ends here" : result.Reason;
        if (result?.Outcome == Outcome.Faulted)
        {
            // The state of a run that has failed is not to be looked at: that before the failure is.
            Timeline.SeekTo(result.Cycle);
        }
        return new Stop(StopReason.End, null, null, sentence);
    }

    /// <summary>Runs to a cycle and gives what is to be reported of the way, in order.</summary>
    private List<Hit> Collect(Cycle until)
    {
        _hits.Clear();
        _sensors.Aim();
        _sensors.Into = _hits;
        Timeline.RunTo(until);
        _sensors.Into = null;
        _hits.RemoveAll(IsReported);
        _hits.Sort(Hit.Compare);
        return _hits;
    }

    private bool IsReported(Hit hit) =>
        !hit.IsMessage && _reported.TryGetValue(hit.Cpu, out (long Instruction, Cycle Cycle) reported)
        && reported.Instruction == hit.Instruction;

    /// <summary>Forgets what was reported but has executed or is not there any more.</summary>
    private void Pass(DebugThread? focus)
    {
        foreach (int cpu in _reported.Keys.ToArray())
        {
            (long instruction, Cycle cycle) = _reported[cpu];
            if (Machine.Hardware.Cpus[cpu].Core.Instructions != instruction || cycle > Timeline.Now)
            {
                _reported.Remove(cpu);
            }
        }
        if (focus?.Seat is { } seat)
        {
            _reported[seat.Address.Index] = (seat.Core.Instructions, Timeline.Now);
        }
    }

    private Stop StopAt(Hit hit)
    {
        if (hit.IsMessage)
        {
            GoBehind(hit.Envelope);
        }
        else
        {
            Timeline.SeekTo(hit.Cycle);
            _reported[hit.Cpu] = (hit.Instruction, hit.Cycle);
        }
        Timeline.ShowOutput();
        return new Stop(StopReason.Breakpoint, hit.Thread, hit.Breakpoint);
    }
}
