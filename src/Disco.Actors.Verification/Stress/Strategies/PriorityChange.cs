using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Receivers, or channels, have random priorities and the highest comes next; at d - 1 random moments the one that
/// would come next becomes the lowest. [Burckhardt et al., ASPLOS 2010; by channels: Ozkan et al., OOPSLA 2018]
/// </summary>
internal sealed class PriorityChange(int depth, bool byChannel) : Strategy
{
    private ulong[] _priorities = [];
    private int[] _changes = [];
    private SeededRandom _random;
    private int _step;
    private int _next;

    public override string Name => $"{(byChannel ? "pct-channels" : "pct")}:{depth}";

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess)
    {
        _random = random;
        int count = byChannel ? network.Channels : network.Actors.Length;
        if (_priorities.Length < count)
        {
            _priorities = new ulong[count];
        }
        Array.Clear(_priorities);
        if (_changes.Length != depth - 1)
        {
            _changes = new int[depth - 1];
        }
        for (int i = 0; i < _changes.Length; i++)
        {
            _changes[i] = _random.Below(Math.Max(1, lengthGuess));
        }
        Array.Sort(_changes);
        (_step, _next) = (0, 0);
    }

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        int channel = Highest(network, allowed);
        while (_next < _changes.Length && _changes[_next] <= _step)
        {
            // Lower than all: priorities that were drawn have the top bit; later changes go below earlier ones.
            _priorities[KeyOf(network, channel)] = (ulong)(_changes.Length - _next);
            _next++;
            channel = Highest(network, allowed);
        }
        _step++;
        return channel;
    }

    private int KeyOf(StressNetwork network, int channel) => byChannel ? channel : network.TargetOf(channel);

    private int Highest(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        ulong highest = 0;
        int best = allowed[0];
        int equal = 0;
        foreach (int channel in allowed)
        {
            ref ulong priority = ref _priorities[KeyOf(network, channel)];
            if (priority == 0)
            {
                priority = _random.Next() | (1UL << 63);
            }
            if (priority > highest)
            {
                (highest, best, equal) = (priority, channel, 1);
            }
            else if (priority == highest && _random.Below(++equal) == 0)
            {
                best = channel;
            }
        }
        return best;
    }
}
