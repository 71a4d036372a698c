namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>
/// Makes a failing run small while it breaks the same rule: what cannot have caused the end goes, then operations, then
/// single steps, then actors and pages. Whatever is kept was run again. At the end no single operation and no single
/// step can go. [Zeller, Hildebrandt, 2002; Scott et al., DEMi, NSDI 2016]
/// </summary>
public sealed class Shrinker
{
    private readonly string _rule;
    private readonly bool _settles;
    private Shape _shape;
    private Subject _subject;
    private StressOp[] _ops;
    private Choice[] _steps;

    /// <param name="failure">Which shows up again when its steps are repeated.</param>
    public Shrinker(Failure failure)
    {
        _rule = failure.Violation.Rule;
        _shape = failure.Scenario.Shape;
        _ops = failure.Scenario.Ops;
        _steps = failure.Choices;
        _subject = SubjectFactory.Create(_shape);
        ReplayResult safety = Replay.Run(_subject, _ops, _steps, settles: false);
        // A rule for machines at rest, or a run without end, shows only when everything else has arrived.
        _settles = failure.Violation.IsLiveness || safety.Violation?.Rule != _rule;
        if (!_settles)
        {
            _steps = [.. safety.Taken.Select(taken => taken.Choice)];
        }
    }

    /// <summary>Runs made.</summary>
    public int Runs { get; private set; }

    /// <summary>True when the failure could be repeated at all.</summary>
    public bool Repeats => Breaks(_subject, _ops, _steps);

    /// <returns>The small failure, and its run.</returns>
    public (Failure Failure, ReplayResult Run) Shrink(Failure failure)
    {
        KeepCausalPast();
        for (int size = int.MaxValue; _ops.Length + _steps.Length < size;)
        {
            size = _ops.Length + _steps.Length;
            _ops = Minimise(_ops, ops => Breaks(_subject, ops, _steps));
            _steps = Minimise(_steps, steps => Breaks(_subject, _ops, steps));
            ShrinkShape();
        }
        ReplayResult run = Replay.Run(_subject, _ops, _steps, _settles);
        Choice[] steps = _settles ? _steps : [.. run.Taken.Select(taken => taken.Choice)];
        return (failure with
        {
            Scenario = new Scenario(_shape, _ops, FaultRates.None),
            Choices = steps,
            Violation = run.Violation! with { IsLiveness = _settles },
        }, run);
    }

    private bool Breaks(Subject subject, ReadOnlySpan<StressOp> ops, ReadOnlySpan<Choice> steps)
    {
        Runs++;
        return Replay.Run(subject, ops, steps, _settles).Violation?.Rule == _rule;
    }

    /// <summary>Keeps the last step, what its actor did before, and what caused either of them.</summary>
    private void KeepCausalPast()
    {
        if (_settles)
        {
            return;
        }
        List<TakenStep> taken = Replay.Run(_subject, _ops, _steps, settles: false).Taken;
        bool[] keep = new bool[taken.Count];
        HashSet<int> actors = [];
        HashSet<int> causes = [];
        for (int i = taken.Count - 1; i >= 0; i--)
        {
            TakenStep step = taken[i];
            keep[i] = i == taken.Count - 1 || step.Target < 0 || actors.Contains(step.Target)
                || (step.Delivery >= 0 && causes.Contains(step.Delivery));
            if (keep[i])
            {
                actors.Add(step.Target);
                causes.Add(step.Cause);
            }
        }
        Choice[] past = [.. taken.Where((_, i) => keep[i]).Select(step => step.Choice)];
        if (Breaks(_subject, _ops, past))
        {
            _steps = past;
        }
    }

    /// <summary>Delta debugging: chunks go, in ever smaller ones, until no single element can.</summary>
    private static T[] Minimise<T>(T[] all, Func<T[], bool> breaks)
    {
        for (int chunk = Math.Max(1, all.Length / 2); ;)
        {
            bool removed = false;
            for (int at = all.Length - chunk; at > -chunk; at -= chunk)
            {
                int from = Math.Max(0, at);
                int to = Math.Min(all.Length, at + chunk);
                if (to <= from)
                {
                    continue;
                }
                T[] less = [.. all[..from], .. all[to..]];
                if (breaks(less))
                {
                    all = less;
                    removed = true;
                }
            }
            if (chunk == 1 && !removed)
            {
                return all;
            }
            chunk = removed && chunk == 1 ? 1 : Math.Max(1, chunk / 2);
        }
    }

    private void ShrinkShape()
    {
        while (SmallerShapes().Any(TryShape))
        {
            // Each success starts over from the smaller shape.
        }
    }

    private IEnumerable<Shape> SmallerShapes()
    {
        Shape shape = _shape;
        if (shape.CpusPerNode > 1)
        {
            yield return shape with { CpusPerNode = shape.CpusPerNode - 1 };
        }
        if (shape.Nodes > 1)
        {
            yield return shape with { Nodes = shape.Nodes - 1 };
            yield return shape with { Nodes = 1, CpusPerNode = shape.Cpus };
            yield return shape with { Topology = Machine.Interconnect.TopologyKind.Uma };
        }
        yield return shape with { Lines = shape.Lines - 1 };
        yield return shape with { WordsPerLine = shape.WordsPerLine - 1 };
        yield return shape with { WritebackLines = shape.WritebackLines - 1 };
        yield return shape with { Vms = shape.Vms - 1 };
        yield return shape with { Pages = shape.Pages - 1 };
    }

    /// <summary>The same steps, by name, on a smaller subject.</summary>
    private bool TryShape(Shape shape)
    {
        if (shape == _shape || shape.Lines < 1 || shape.WordsPerLine < 1 || shape.WritebackLines < 1 || shape.Vms < 1
            || shape.Pages < 1)
        {
            return false;
        }
        try
        {
            Subject smaller = SubjectFactory.Create(shape);
            string[] names = Names();
            Choice?[] read = [.. names.Select(name => StepText.Read(smaller, name))];
            Choice[] steps = [.. read.Where(step => step is not null).Select(step => step!.Value)];
            if (!Breaks(smaller, _ops, steps))
            {
                return false;
            }
            (_shape, _subject, _steps) = (shape, smaller, steps);
            return true;
        }
        catch (Core.InvariantBroken)
        {
            // No such machine can be built.
            return false;
        }
    }

    private string[] Names()
    {
        List<string> names = [];
        ReplayResult _ = Replay.Run(
            _subject, _ops, _steps, settles: false, choice => names.Add(StepText.Write(_subject, choice)));
        return [.. names];
    }
}
