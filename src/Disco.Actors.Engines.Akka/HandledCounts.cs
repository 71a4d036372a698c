namespace Disco.Actors.Engines.Akka;

/// <summary>Envelopes handled by kind; room is taken by family, which is the kind's high byte.</summary>
internal sealed class HandledCounts
{
    private readonly long[]?[] _families = new long[256][];

    public long Sum => _families.Sum(family => family?.Sum() ?? 0);

    public void Add(ushort kind, long count = 1)
    {
        long[] family = _families[kind >> 8] ??= new long[256];
        family[(byte)kind] += count;
    }

    public void AddTo(long[] byKind)
    {
        for (int kind = 0; kind < byKind.Length; kind++)
        {
            byKind[kind] += _families[kind >> 8]?[(byte)kind] ?? 0;
        }
    }

    public void Clear() => Array.Clear(_families);
}
