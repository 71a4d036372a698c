using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Mutation;

/// <summary>Switches a mutant on for as long as it lives, on this thread.</summary>
public readonly struct ActiveMutant : IDisposable
{
    /// <summary>True in the assembly whose code can make mistakes.</summary>
    public static bool IsPossible =>
#if DISCO_MUTANTS
        true;
#else
        false;
#endif

    /// <param name="mutant">None for none; any other only where it is possible.</param>
    public ActiveMutant(Mutant mutant)
    {
        Invariant.Holds(mutant == Mutant.None || IsPossible);
#if DISCO_MUTANTS
        Mutants.Active = mutant;
#endif
    }

    public void Dispose()
    {
#if DISCO_MUTANTS
        Mutants.Active = Mutant.None;
#endif
    }
}
