using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices;

/// <summary>The physical addresses [Base, Base + SizeBytes) belong to the registers of one actor.</summary>
public sealed record DeviceRange(string Name, ulong Base, ulong SizeBytes, Address Device, int Node)
{
    public ulong End => Base + SizeBytes;

    public bool Contains(ulong physical) => physical - Base < SizeBytes;
}

/// <summary>Which actor answers for a physical address outside memory. Ranges are sorted and never overlap.</summary>
public sealed class DeviceMap
{
    private readonly DeviceRange[] _ranges;

    public DeviceMap(IEnumerable<DeviceRange> ranges)
    {
        _ranges = [.. ranges.OrderBy(range => range.Base)];
        for (int i = 0; i < _ranges.Length; i++)
        {
            Invariant.Holds(_ranges[i].SizeBytes > 0);
            Invariant.Holds(i == 0 || _ranges[i - 1].End <= _ranges[i].Base);
        }
    }

    public IReadOnlyList<DeviceRange> Ranges => _ranges;

    /// <summary>The range that holds the address, null when none does: a bus error for a CPU.</summary>
    public DeviceRange? Find(ulong physical)
    {
        int low = 0;
        int high = _ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].Contains(physical))
            {
                return _ranges[middle];
            }
            if (physical < _ranges[middle].Base)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }
        return null;
    }
}
