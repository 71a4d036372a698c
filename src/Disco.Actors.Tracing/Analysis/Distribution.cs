namespace Disco.Actors.Tracing.Analysis;

/// <summary>Values and how often each occurred: percentiles are exact, not those of buckets.</summary>
public sealed class Distribution
{
    private readonly SortedDictionary<long, long> _counts = [];
    private decimal _sum;

    public long Count { get; private set; }

    /// <summary>0 without values.</summary>
    public double Mean => Count == 0 ? 0 : (double)(_sum / Count);

    /// <summary>0 without values.</summary>
    public long Max => _counts.Count == 0 ? 0 : _counts.Keys.Last();

    public void Add(long value)
    {
        _counts[value] = _counts.GetValueOrDefault(value) + 1;
        _sum += value;
        Count++;
    }

    /// <summary>The least value that at least a part of all values does not exceed; 0 without values.</summary>
    /// <param name="part">0 to 1.</param>
    public long Percentile(double part)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(part * Count));
        foreach ((long value, long count) in _counts)
        {
            wanted -= count;
            if (wanted <= 0)
            {
                return value;
            }
        }
        return Max;
    }
}
