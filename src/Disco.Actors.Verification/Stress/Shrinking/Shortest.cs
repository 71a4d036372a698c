using Disco.Actors.Core;
using Disco.Actors.Verification.Exploration;

namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>
/// The fewest steps in which a failure's programs can break its rule, by search in breadth: what a shrunk trace is
/// compared with. Of the faults it may take those kinds that the trace has.
/// </summary>
public sealed class Shortest(Failure failure, int statesMax = 60_000)
{
    private readonly Subject _subject = SubjectFactory.Create(failure.Scenario.Shape);
    private readonly StatePacker _packer = new();
    private readonly HashSet<ulong> _visited = [];
    private readonly Queue<(byte[] Bytes, int Depth)> _frontier = new();

    /// <returns>Null when the bound on states came first, or when the rule is one for machines at rest.</returns>
    public int? Steps()
    {
        if (failure.Violation.IsLiveness)
        {
            return null;
        }
        HashSet<ChoiceKind> faults = [.. failure.Choices.Select(choice => choice.Kind)];
        _subject.Network.Timeless = true;
        _subject.Start(failure.Scenario.Ops);
        Visit(0);
        while (_frontier.TryDequeue(out (byte[] Bytes, int Depth) at) && _visited.Count < statesMax)
        {
            _subject.LoadFrom(at.Bytes);
            foreach (Choice choice in ChoicesNow(faults))
            {
                _subject.LoadFrom(at.Bytes);
                if (Breaks(choice))
                {
                    return at.Depth + 1;
                }
                Visit(at.Depth + 1);
            }
        }
        return null;
    }

    private List<Choice> ChoicesNow(HashSet<ChoiceKind> faults)
    {
        List<Choice> choices = [];
        StressNetwork network = _subject.Network;
        for (int place = 0; place < network.Ready; place++)
        {
            foreach (ChoiceKind kind in (ChoiceKind[])[ChoiceKind.Deliver, ChoiceKind.Duplicate, ChoiceKind.Refuse])
            {
                Choice choice = new(kind, network.ReadyAt(place));
                if ((kind == ChoiceKind.Deliver || faults.Contains(kind)) && Stress.Steps.CanTake(_subject, choice))
                {
                    choices.Add(choice);
                }
            }
        }
        for (int which = 0; faults.Contains(ChoiceKind.Disturb) && which < _subject.Disturbances; which++)
        {
            choices.Add(new Choice(ChoiceKind.Disturb, which));
        }
        return choices;
    }

    private bool Breaks(Choice choice)
    {
        try
        {
            Stress.Steps.Take(_subject, choice);
            return false;
        }
        catch (Exception broken)
        {
            return Violation.Of(broken.Message, "", 0, isLiveness: false).Rule == failure.Violation.Rule;
        }
    }

    private void Visit(int depth)
    {
        _packer.Clear();
        _subject.Save(_packer);
        StateHash hash = new();
        hash.Write("state", _packer.Bytes);
        if (_visited.Add(hash.Value))
        {
            _frontier.Enqueue((_packer.Bytes.ToArray(), depth));
        }
    }
}
