using System.Diagnostics;

namespace Disco.Actors.Core;

/// <summary>
/// Mistakes that the code under test makes on purpose, one at a time, to see whether testing finds them. Calls are
/// compiled only where <see cref="Constant"/> is defined, which no shipping assembly does; there they cost nothing.
/// </summary>
public static class Mutants
{
    /// <summary>The compilation symbol.</summary>
    public const string Constant = "DISCO_MUTANTS";

#if DISCO_MUTANTS
    [ThreadStatic]
    private static Mutant _active;

    /// <summary>The mistake of the calling thread; None for none.</summary>
    public static Mutant Active
    {
        get => _active;
        set => _active = value;
    }
#endif

    /// <summary>Puts a wrong value in a place when the mistake is the active one.</summary>
    [Conditional(Constant)]
    public static void Set<T>(Mutant mutant, ref T place, T value)
    {
#if DISCO_MUTANTS
        if (_active == mutant)
        {
            place = value;
        }
#endif
    }
}
