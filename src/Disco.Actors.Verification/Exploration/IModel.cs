using Disco.Actors.Core;

namespace Disco.Actors.Verification.Exploration;

/// <summary>A small closed system that an explorer walks through, state by state.</summary>
/// <typeparam name="TMove">A step.</typeparam>
public interface IModel<TMove>
    where TMove : struct
{
    /// <summary>Nothing is under way and nobody waits.</summary>
    bool IsQuiescent { get; }

    /// <summary>Somebody waits, and nothing can ever come.</summary>
    bool IsDeadlock { get; }

    /// <summary>Every step that could come next.</summary>
    List<TMove> Moves();

    /// <summary>Takes a step, checking what must hold in every state.</summary>
    void Make(TMove move);

    void Save(StateWriter writer);

    void Load(StateReader reader);

    /// <summary>The step in words, for a counterexample. Call before <see cref="Make"/>.</summary>
    string Describe(TMove move);

    /// <summary>The present state in a line, for a counterexample.</summary>
    string Picture();
}
