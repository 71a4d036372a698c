using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>Envelopes from one partition to another, collected in a window and fetched after its barrier.</summary>
internal sealed class Outbox
{
    private Envelope[] _envelopes = new Envelope[16];
    private int[] _targets = new int[16];

    public int Count { get; private set; }

    public ref Envelope this[int index] => ref _envelopes[index];

    /// <summary>The number of the actor the envelope goes to.</summary>
    public int TargetOf(int index) => _targets[index];

    /// <summary>The next envelope, to be filled in; usable for writing until the next addition.</summary>
    public ref Envelope Add(int target)
    {
        if (Count == _envelopes.Length)
        {
            Array.Resize(ref _envelopes, Count * 2);
            Array.Resize(ref _targets, Count * 2);
        }
        _targets[Count] = target;
        return ref _envelopes[Count++];
    }

    public void Clear() => Count = 0;
}
