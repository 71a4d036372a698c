using System.Numerics;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// Which CPUs hold decoded instructions of which stretch of memory, where CPUs share the bytes themselves: a store to
/// such a stretch has to make the others decode again. Derived from what was executed; no part of the state.
/// </summary>
public sealed class SharedCode
{
    private const int GranuleShift = 10;

    private readonly ulong[] _holders;
    private readonly MipsCore?[] _cores = new MipsCore?[64];

    public SharedCode(ulong memoryBytes) => _holders = new ulong[(memoryBytes >> GranuleShift) + 1];

    /// <summary>For construction.</summary>
    public void Connect(int cpu, MipsCore core) => _cores[cpu] = core;

    /// <summary>Notes a holder of the range; true when it is a new one.</summary>
    public bool Add(int cpu, ulong physical, int lengthBytes)
    {
        bool isNew = false;
        for (ulong at = First(physical); at <= Last(physical, lengthBytes); at++)
        {
            isNew |= (_holders[at] & (1UL << cpu)) == 0;
            _holders[at] |= 1UL << cpu;
        }
        return isNew;
    }

    /// <summary>The other CPUs' stores to the range have to ask from now on.</summary>
    public void LoseWritePermission(int cpu, ulong physical, int lengthBytes)
    {
        for (int other = 0; other < _cores.Length; other++)
        {
            if (other != cpu)
            {
                _cores[other]?.DropWrite(physical, lengthBytes);
            }
        }
    }

    public bool IsForeign(int cpu, ulong physical, int lengthBytes)
    {
        for (ulong at = First(physical); at <= Last(physical, lengthBytes); at++)
        {
            if ((_holders[at] & ~(1UL << cpu)) != 0)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Makes the other holders of the range decode it again.</summary>
    public void Written(int cpu, ulong physical, int lengthBytes)
    {
        for (ulong at = First(physical); at <= Last(physical, lengthBytes); at++)
        {
            for (ulong others = _holders[at] & ~(1UL << cpu); others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                Invariant.Holds(_cores[other] is not null);
                _cores[other]!.DropCode(at << GranuleShift, 1 << GranuleShift);
            }
            _holders[at] &= 1UL << cpu;
        }
    }

    /// <summary>Makes all holders of the range decode it again.</summary>
    public void WrittenByDevice(ulong physical, int lengthBytes)
    {
        for (ulong at = First(physical); at <= Last(physical, lengthBytes); at++)
        {
            for (ulong holders = _holders[at]; holders != 0; holders &= holders - 1)
            {
                int holder = BitOperations.TrailingZeroCount(holders);
                Invariant.Holds(_cores[holder] is not null);
                _cores[holder]!.DropCode(at << GranuleShift, 1 << GranuleShift);
            }
            _holders[at] = 0;
        }
    }

    private static ulong First(ulong physical) => physical >> GranuleShift;

    private static ulong Last(ulong physical, int lengthBytes) =>
        (physical + (ulong)lengthBytes - 1) >> GranuleShift;
}
