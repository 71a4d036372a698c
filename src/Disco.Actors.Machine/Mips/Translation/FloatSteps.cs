using System.Runtime.CompilerServices;
using Disco.Actors.Machine.Fpu;
using Disco.Actors.Machine.Mips.Interpreter;

namespace Disco.Actors.Machine.Mips.Translation;

/// <summary>
/// Floating-point operations as a region calls them: 1 when done, 0 when there is a flag to set or a trap to take,
/// with no register changed, so that the interpreter can do it all. Operands are packed: destination in bits 7..0,
/// first source above, second source above, the immediate from bit 24.
/// </summary>
internal static unsafe class FloatSteps
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static int Arithmetic<T>(ulong* r, MipsCore core, long operands)
        where T : struct, IFloat
    {
        ulong a = Source(r, (byte)(operands >> 8), T.NarrowSource);
        ulong b = Source(r, (byte)(operands >> 16), T.NarrowSource);
        FpFlags raised = FpFlags.None;
        ulong result = 0;
        if (!T.HasHost || core.Fp.Rounding != Rounding.Nearest || !T.TryHost(a, b, &result, ref raised))
        {
            core.Fp.Raised = FpFlags.None;
            result = T.Do(a, b, ref core.Fp);
            raised = core.Fp.Raised;
        }
        return Finish(r, core, operands, T.NarrowResult, result, raised);
    }

    [MethodImpl(Hot)]
    public static int Ternary<T>(ulong* r, MipsCore core, long operands)
        where T : struct, IFloatTernary
    {
        core.Fp.Raised = FpFlags.None;
        ulong result = T.Do(
            Source(r, (byte)(operands >> 8), T.Narrow),
            Source(r, (byte)(operands >> 16), T.Narrow),
            Source(r, (byte)(operands >> 24), T.Narrow),
            ref core.Fp);
        return Finish(r, core, operands, T.Narrow, result, core.Fp.Raised);
    }

    public static int CompareS(ulong* r, MipsCore core, long operands)
    {
        core.Fp.Raised = FpFlags.None;
        bool holds = FpArithmetic.ConditionS(
            (int)(operands >> 24),
            (uint)Source(r, (byte)(operands >> 8), narrow: true),
            (uint)Source(r, (byte)(operands >> 16), narrow: true),
            ref core.Fp);
        return FinishCompare(r, core, operands, holds);
    }

    public static int CompareD(ulong* r, MipsCore core, long operands)
    {
        core.Fp.Raised = FpFlags.None;
        bool holds = FpArithmetic.ConditionD(
            (int)(operands >> 24),
            Source(r, (byte)(operands >> 8), narrow: false),
            Source(r, (byte)(operands >> 16), narrow: false),
            ref core.Fp);
        return FinishCompare(r, core, operands, holds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Source(ulong* r, byte slot, bool narrow) => narrow ? ((uint*)r)[slot] : r[slot];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(ulong* r, MipsCore core, long operands, bool narrow, ulong result, FpFlags raised)
    {
        core.Fp.Raised = raised;
        if ((raised & ~core.FpSettled) != 0)
        {
            return 0;
        }
        if (narrow)
        {
            ((uint*)r)[(byte)operands] = (uint)result;
        }
        else
        {
            r[(byte)operands] = result;
        }
        return 1;
    }

    private static int FinishCompare(ulong* r, MipsCore core, long operands, bool holds)
    {
        if ((core.Fp.Raised & ~core.FpSettled) != 0)
        {
            return 0;
        }
        ulong code = 1UL << (byte)operands;
        r[Reg.ConditionCodes] = holds ? r[Reg.ConditionCodes] | code : r[Reg.ConditionCodes] & ~code;
        return 1;
    }
}
