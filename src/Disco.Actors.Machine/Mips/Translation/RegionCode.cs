using System.Collections.Concurrent;
using System.Reflection.Emit;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>Where a region can be left: what the interpreter goes on with.</summary>
/// <param name="Granule">Virtual address of the granule of the record.</param>
/// <param name="Index">Number of the record in it.</param>
/// <param name="Kind">Which record it is.</param>
/// <param name="CreditCycles">Cycles that were taken from the budget and not used.</param>
/// <param name="IsCounted">A path out of the region, which may become hot itself.</param>
internal readonly record struct RegionExit(
    ulong Granule, int Index, RegionExitKind Kind, long CreditCycles, bool IsCounted);

internal enum RegionExitKind : byte
{
    Main,
    Slot,

    /// <summary>To the address in <see cref="Reg.NextPc"/>.</summary>
    Far,
}

/// <summary>
/// The code of a region: a handler like the interpreter's, for the record of the region's head. It holds no address of
/// a core, so every core of every machine can use it.
/// </summary>
internal sealed unsafe class RegionCode(
    DynamicMethod method, delegate*<Insn*, ulong*, MipsCore, long, long> entry, RegionExit[] exits)
{
    /// <summary>The method lives as long as this object does.</summary>
    public DynamicMethod Method { get; } = method;

    public delegate*<Insn*, ulong*, MipsCore, long, long> Entry { get; } = entry;

    public RegionExit[] Exits { get; } = exits;
}

/// <summary>
/// Every region compiled so far: a table of a pure function, so that the CPUs of a machine, and machines after one
/// another, compile once. Which core asked first is of no effect but speed.
/// </summary>
internal static class RegionStore
{
    private const int RegionsMax = 4096;

    private static readonly ConcurrentDictionary<RegionKey, RegionCode> Codes = new();

    /// <summary>The code of a region, compiled now when it is the first of its kind.</summary>
    public static RegionCode Get(Region region, Interpreter.HandlerSet handlers)
    {
        if (Codes.TryGetValue(region.Key, out RegionCode? code))
        {
            return code;
        }
        if (Codes.Count >= RegionsMax)
        {
            Codes.Clear();
        }
        return Codes.GetOrAdd(region.Key, new RegionCompiler(region, handlers).Compile());
    }
}
