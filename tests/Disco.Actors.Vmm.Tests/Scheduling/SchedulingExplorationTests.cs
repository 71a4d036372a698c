using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>
/// Every order of messages and of what CPUs may do, on machines of few CPUs and vCPUs. The numbers of states are
/// pinned: a change of the protocols shows.
/// </summary>
public sealed class SchedulingExplorationTests
{
    private const int StatesMax = 400_000;

    [Theory]
    [InlineData(2, 2, false, false, 2734)]
    [InlineData(2, 2, true, false, 32148)]
    [InlineData(3, 1, false, false, 2658)]
    [InlineData(2, 2, false, true, 17096)]
    public void No_order_loses_or_doubles_a_vcpu_or_leaves_it_waiting_for_ever(
        int nodes, int vcpus, bool stops, bool balances, int states)
    {
        SchedulingModel model = new(new SchedulingShape(nodes, vcpus, stops, balances));
        List<byte[]> found = [];
        Dictionary<ulong, int> known = [];
        List<(int From, int To)> edges = [];
        bool[][] runs = [.. Enumerable.Range(0, vcpus).Select(_ => new bool[StatesMax])];
        Visit(model, found, known, runs);
        for (int at = 0; at < found.Count; at++)
        {
            model.Load(SmallState.Read(found[at]));
            foreach (SchedulingMove move in model.Moves())
            {
                model.Load(SmallState.Read(found[at]));
                model.Make(move);
                edges.Add((at, Visit(model, found, known, runs)));
            }
        }

        Assert.All(runs, good => Assert.Equal(-1, FirstWithoutWayTo(good, found.Count, edges)));
        Assert.Equal(states, found.Count);
    }

    private static int Visit(
        SchedulingModel model, List<byte[]> found, Dictionary<ulong, int> known, bool[][] runs)
    {
        SmallState state = new();
        model.Save(state);
        byte[] bytes = state.ToArray();
        StateHash hash = new();
        hash.Write("state", bytes);
        if (known.TryGetValue(hash.Value, out int number))
        {
            return number;
        }
        number = found.Count;
        Assert.True(number < StatesMax);
        known.Add(hash.Value, number);
        found.Add(bytes);
        for (int key = 0; key < runs.Length; key++)
        {
            runs[key][number] = model.Runs(key) || model.IsOver(key);
        }
        return number;
    }

    /// <summary>A state from which no state of a set can be reached; -1 when there is none.</summary>
    private static int FirstWithoutWayTo(bool[] good, int states, List<(int From, int To)> edges)
    {
        ILookup<int, int> into = edges.ToLookup(edge => edge.To, edge => edge.From);
        bool[] leads = good[..states];
        Queue<int> queue = new(Enumerable.Range(0, states).Where(state => leads[state]));
        while (queue.TryDequeue(out int state))
        {
            foreach (int before in into[state])
            {
                if (!leads[before])
                {
                    leads[before] = true;
                    queue.Enqueue(before);
                }
            }
        }
        return Array.IndexOf(leads, false);
    }
}
