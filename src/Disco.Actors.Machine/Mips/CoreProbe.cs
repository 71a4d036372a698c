namespace Disco.Actors.Machine.Mips;

/// <summary>An instruction that a core is about to execute.</summary>
/// <param name="Pc">Its virtual address.</param>
/// <param name="Cycle">In which.</param>
/// <param name="Instruction">
/// Instructions the core executed before it. One that is stopped by its port arrives again later, with this number.
/// </param>
public readonly record struct CoreArrival(ulong Pc, long Cycle, long Instruction);

/// <summary>
/// What a debugger wants to be told of a core's execution. It never changes what is executed or when, and is no part
/// of the core's state.
/// </summary>
public sealed class CoreProbe
{
    /// <summary>Virtual addresses of instructions.</summary>
    public HashSet<ulong> Addresses { get; } = [];

    /// <summary>Told when one of the addresses is about to execute; perhaps more than once for one execution.</summary>
    public Action<CoreArrival>? Arrived { get; set; }
}
