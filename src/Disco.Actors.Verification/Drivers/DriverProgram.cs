using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Drivers;

public enum DriverAction : byte
{
    Load,
    Store,
    LoadLinked,
    StoreConditional,

    /// <summary>Gives the line up.</summary>
    Evict,
}

/// <summary>One step of a program.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Address">Of an aligned word of 8 bytes.</param>
/// <param name="Value">What a store stores.</param>
/// <param name="DelayCycles">To wait before it.</param>
public readonly record struct DriverStep(DriverAction Action, MachineAddress Address, ulong Value, int DelayCycles);

/// <summary>What a driver does, one step after the other. Its state is saved with the driver's.</summary>
public abstract class DriverProgram
{
    /// <summary>The next step; false at the end.</summary>
    public abstract bool TryNext(out DriverStep step);

    /// <summary>Told the outcome of each step, in order.</summary>
    /// <param name="step">The step.</param>
    /// <param name="value">What a load loaded.</param>
    /// <param name="succeeded">False only for a conditional store that lost its link.</param>
    public abstract void Performed(in DriverStep step, ulong value, bool succeeded);

    public abstract void Save(StateWriter writer);

    public abstract void Load(StateReader reader);
}
