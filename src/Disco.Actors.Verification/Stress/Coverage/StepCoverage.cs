using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>How often each step of each protocol's table was taken: the triples of role, state and event.</summary>
public sealed class StepCoverage
{
    private const int KindsMax = 0x900;

    private readonly sbyte[] _tableOf = new sbyte[KindsMax];
    private readonly long[][] _counts;
    private readonly int[] _events;

    public StepCoverage()
    {
        Array.Fill(_tableOf, (sbyte)-1);
        _counts = new long[ProtocolTables.All.Count][];
        _events = new int[_counts.Length];
        for (int table = 0; table < _counts.Length; table++)
        {
            ProtocolTable it = ProtocolTables.All[table];
            _tableOf[it.Kind] = (sbyte)table;
            _events[table] = it.Events.Length;
            _counts[table] = new long[it.States.Length * it.Events.Length];
        }
    }

    /// <summary>Counts a report when it is one of a step.</summary>
    public bool See(in TraceEvent traceEvent)
    {
        int table = traceEvent.Kind < KindsMax ? _tableOf[traceEvent.Kind] : -1;
        if (table < 0)
        {
            return false;
        }
        _counts[table][((int)traceEvent.B * _events[table]) + (int)traceEvent.C]++;
        return true;
    }

    public long CountOf(ProtocolTable table, int state, int e)
    {
        int index = _tableOf[table.Kind];
        return _counts[index][(state * _events[index]) + e];
    }

    /// <summary>The steps that were taken, by name.</summary>
    public Dictionary<string, long> ToNames()
    {
        Dictionary<string, long> names = new(StringComparer.Ordinal);
        foreach (ProtocolTable table in ProtocolTables.All)
        {
            for (int state = 0; state < table.States.Length; state++)
            {
                for (int e = 0; e < table.Events.Length; e++)
                {
                    if (CountOf(table, state, e) is > 0 and long count)
                    {
                        names.Add(table.NameOf(state, e), count);
                    }
                }
            }
        }
        return names;
    }
}
