using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Disco.Actors.Core;

/// <summary>A broken invariant: a bug of the emulator, never a fault of a guest. Stops the run at once.</summary>
public sealed class InvariantBroken(string what) : Exception(what);

/// <summary>Assertions that stay on in every build. For message granularity; too dear per guest instruction.</summary>
public static class Invariant
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        if (!condition)
        {
            Broken(what!);
        }
    }

    [DoesNotReturn]
    public static void Broken(string what) => throw new InvariantBroken(what);

    /// <summary>For the arm of a table that no run may reach.</summary>
    [DoesNotReturn]
    public static T Unreachable<T>(string what) => throw new InvariantBroken(what);
}
