using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// At random among the channels that are not clogged; from time to time a few channels, or all to one receiver, clog
/// for a while. (FoundationDB's swizzle)
/// </summary>
internal sealed class Clogging : Strategy
{
    private const int OneIn = 8;

    private int[] _until = [];
    private int[] _candidates = new int[64];
    private SeededRandom _random;
    private int _step;

    public override string Name => "clog";

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess)
    {
        _random = random;
        _step = 0;
        if (_until.Length < network.Channels)
        {
            _until = new int[network.Channels];
        }
        Array.Clear(_until);
    }

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        _step++;
        if (_random.OneIn(OneIn))
        {
            Clog(network, allowed);
        }
        if (_candidates.Length < allowed.Length)
        {
            _candidates = new int[allowed.Length * 2];
        }
        int free = 0;
        foreach (int channel in allowed)
        {
            if (_until[channel] <= _step)
            {
                _candidates[free++] = channel;
            }
        }
        return free > 0 ? _candidates[_random.Below(free)] : allowed[_random.Below(allowed.Length)];
    }

    private void Clog(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        int first = allowed[_random.Below(allowed.Length)];
        int until = _step + (4 << _random.Below(5));
        bool all = _random.OneIn(2);
        int target = network.TargetOf(first);
        foreach (int channel in allowed)
        {
            if (channel == first || (all && network.TargetOf(channel) == target))
            {
                _until[channel] = until;
            }
        }
    }
}
