using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>
/// What runs have shown: for each receiver, which two kinds of messages came one after the other from which kind of
/// sender; as a set of hashes.
/// </summary>
internal sealed class MessagePairs
{
    private const int Bits = 16;

    private readonly ulong[] _seen = new ulong[(1 << Bits) / 64];
    private readonly uint[] _last = new uint[128];

    /// <summary>Pairs seen since the beginning of the run that no run had shown before.</summary>
    public int Novelty { get; private set; }

    /// <summary>Different pairs of all runs.</summary>
    public int Pairs { get; private set; }

    public void Begin()
    {
        Array.Clear(_last);
        Novelty = 0;
    }

    public void See(StressNetwork network, int channel)
    {
        ref readonly Envelope envelope = ref network.HeadOf(channel);
        int target = network.TargetOf(channel);
        uint now = ((uint)envelope.Source.Role << 16) | envelope.Message.Kind;
        uint before = _last[target];
        _last[target] = now;
        ulong pair = ((ulong)envelope.Target.Packed << 48) ^ ((ulong)before << 24) ^ now;
        uint hash = (uint)((pair * 0x9E3779B97F4A7C15) >> (64 - Bits));
        ulong bit = 1UL << (int)(hash & 63);
        if ((_seen[hash >> 6] & bit) == 0)
        {
            _seen[hash >> 6] |= bit;
            Novelty++;
            Pairs++;
        }
    }
}
