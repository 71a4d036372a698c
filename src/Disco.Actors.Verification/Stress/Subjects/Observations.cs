using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>
/// What a driver's accesses saw, in their order. Kept only where a run's outcome is wanted: it tells states apart that
/// are the same otherwise.
/// </summary>
internal sealed class Observations(bool isWanted)
{
    private const int ValuesMax = 16;

    private readonly ulong[] _values = new ulong[ValuesMax];
    private int _count;

    public ReadOnlySpan<ulong> Values => _values.AsSpan(0, _count);

    public void Add(ulong value)
    {
        if (isWanted)
        {
            Invariant.Holds(_count < ValuesMax);
            _values[_count++] = value;
        }
    }

    public void Save(StateWriter writer)
    {
        if (isWanted)
        {
            writer.Write("observed", _count);
            writer.Write("values", MemoryMarshal.AsBytes(_values.AsSpan()));
        }
    }

    public void Load(StateReader reader)
    {
        if (isWanted)
        {
            _count = reader.ReadInt32("observed");
            reader.ReadBytes("values", MemoryMarshal.AsBytes(_values.AsSpan()));
        }
    }
}
