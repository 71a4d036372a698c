namespace Disco.Actors.Engines.Akka;

/// <summary>
/// Envelopes handled by kind; room is taken by family, which is the kind's high byte. Those of the kind that was last
/// are counted apart: what is written for every envelope moves to another core of the host whenever the actor does.
/// </summary>
internal sealed class HandledCounts
{
    private readonly long[]?[] _families = new long[256][];
    private ushort _kind;
    private long _ofKind;

    public long Sum => _ofKind + _families.Sum(family => family?.Sum() ?? 0);

    public void Add(ushort kind, long count = 1)
    {
        if (kind != _kind)
        {
            Note();
            _kind = kind;
        }
        _ofKind += count;
    }

    public void AddTo(long[] byKind)
    {
        Note();
        for (int kind = 0; kind < byKind.Length; kind++)
        {
            byKind[kind] += _families[kind >> 8]?[(byte)kind] ?? 0;
        }
    }

    public void Clear()
    {
        Array.Clear(_families);
        _ofKind = 0;
    }

    private void Note()
    {
        if (_ofKind != 0)
        {
            long[] family = _families[_kind >> 8] ??= new long[256];
            family[(byte)_kind] += _ofKind;
            _ofKind = 0;
        }
    }
}
