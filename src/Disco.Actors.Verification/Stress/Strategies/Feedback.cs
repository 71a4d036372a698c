using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Strategies;

/// <summary>
/// Repeats the beginning of a run that showed something new, then goes on at random: novelty is a pair of message kinds
/// that a receiver had not seen one after the other. (After P's feedback-guided scheduling)
/// </summary>
internal sealed class Feedback : Strategy
{
    private const int CorpusMax = 64;

    private readonly List<(Choice[] Choices, int Novelty)> _corpus = [];
    private SeededRandom _random;
    private Choice[] _prefix = [];
    private int _prefixLength;
    private int _step;

    public override string Name => "feedback";

    public override bool Learns => true;

    public override void Begin(StressNetwork network, SeededRandom random, int lengthGuess)
    {
        _random = random;
        _step = 0;
        _prefixLength = 0;
        if (_corpus.Count > 0 && !_random.OneIn(4))
        {
            _prefix = _corpus[_random.Below(_corpus.Count)].Choices;
            _prefixLength = _random.Below(_prefix.Length);
        }
    }

    public override int Pick(StressNetwork network, ReadOnlySpan<int> allowed)
    {
        while (_step < _prefixLength)
        {
            int channel = _prefix[_step++].Value;
            // One choice in sixteen is another than before.
            if (!_random.OneIn(16) && allowed.Contains(channel))
            {
                return channel;
            }
        }
        return allowed[_random.Below(allowed.Length)];
    }

    public override void End(ReadOnlySpan<Choice> choices, int novelty)
    {
        if (novelty == 0 || choices.Length == 0)
        {
            return;
        }
        if (_corpus.Count == CorpusMax)
        {
            int least = 0;
            for (int i = 1; i < _corpus.Count; i++)
            {
                least = _corpus[i].Novelty < _corpus[least].Novelty ? i : least;
            }
            _corpus.RemoveAt(least);
        }
        _corpus.Add((choices.ToArray(), novelty));
    }
}
