using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Verification.Stress.WholeMachines;

/// <summary>A failing machine's run, repeated and drawn.</summary>
public static class MachineText
{
    // Before the end of a run, or of a machine that broke.
    private const int Drawn = 60;

    /// <param name="scenario">Of a file.</param>
    /// <param name="each">Told the machine and its programs, line by line.</param>
    /// <returns>What breaks; null for nothing.</returns>
    public static Violation? Repeat(MachineScenario scenario, Action<string>? each = null)
    {
        each?.Invoke(scenario.ToString());
        foreach (string line in scenario.ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            each?.Invoke(line);
        }
        try
        {
            return new MachineRunner(new Coverage()).Run(scenario).Violation;
        }
        catch (FormatException broken)
        {
            throw new FormatException($"the programs of the file are none: {broken.Message}");
        }
    }

    /// <summary>A Mermaid sequence diagram of the last messages.</summary>
    public static string Mermaid(Repro repro)
    {
        LastMessages last = new();
        MachineEnd end = new MachineRunner(new Coverage()) { Watcher = last }.Run(repro.Machine!);
        StringBuilder text = new("sequenceDiagram\n");
        foreach (string actor in last.Actors)
        {
            text.Append($"    participant {TraceText.Id(actor)} as {actor}\n");
        }
        foreach (string arrow in last.Arrows)
        {
            text.Append(arrow);
        }
        if (end.Violation is { } violation)
        {
            string what = violation.What.Replace(';', ',').Replace(':', ' ').Split('\n')[0];
            text.Append($"    Note over {TraceText.Id(last.Actors.First())}: {what}\n");
        }
        return text.ToString();
    }

    private sealed class LastMessages : IObserver
    {
        private readonly DiscoMessageNames _names = new(new CoherenceNames());
        private readonly Queue<(Envelope Envelope, long Cycle)> _last = new();

        public IEnumerable<string> Actors => _last
            .SelectMany(each => (Address[])[each.Envelope.Source, each.Envelope.Target]).Distinct().Order()
            .Select(address => address.ToString());

        public IEnumerable<string> Arrows => _last.Select(each =>
            $"    {TraceText.Id(each.Envelope.Source.ToString())}->>{TraceText.Id(each.Envelope.Target.ToString())}: "
            + $"{_names.Describe(each.Envelope.Message).Replace(';', ',').Replace(':', ' ')} at {each.Cycle}\n");

        public void Delivered(in Envelope envelope, Actor actor)
        {
            if (envelope.Source == envelope.Target)
            {
                return;
            }
            if (_last.Count == Drawn)
            {
                _last.Dequeue();
            }
            _last.Enqueue((envelope, envelope.Arrival.Value));
        }

        public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
        {
        }
    }
}
