namespace Disco.Actors.Machine.Mips;

/// <summary>An exception that is about to be taken.</summary>
/// <param name="Code">The cause.</param>
/// <param name="Pc">Address of the instruction that caused it.</param>
/// <param name="InDelaySlot">True when that instruction sits in a branch delay slot.</param>
/// <param name="BadAddress">The faulting virtual address, where the code has one.</param>
/// <param name="Word">The instruction, 0 when it could not be fetched.</param>
/// <param name="Coprocessor">The unusable coprocessor, where the code is CoprocessorUnusable.</param>
/// <param name="Refill">True for a TLB exception without a matching entry.</param>
public readonly record struct GuestTrap(
    ExceptionCode Code, ulong Pc, bool InDelaySlot, ulong BadAddress, uint Word, int Coprocessor, bool Refill);

/// <summary>What a monitor did with a trap.</summary>
public enum TrapOutcome
{
    /// <summary>Nothing: the processor takes the exception as the manual says.</summary>
    Deliver,

    /// <summary>The monitor has changed the core's state; execution goes on at the core's program counter.</summary>
    Resume,

    /// <summary>The monitor waits for something; the core stops and asks again when it is run again.</summary>
    Block,
}

/// <summary>
/// Sees every exception raised outside kernel mode before it is taken: the seam at which a virtual machine monitor
/// takes over the processor. [Disco 4.1]
/// </summary>
public interface ITrapMonitor
{
    /// <param name="core">The core, stopped before the instruction; its registers may be changed.</param>
    /// <param name="trap">What happened.</param>
    /// <param name="stallCycles">The monitor adds what its work costs.</param>
    TrapOutcome OnTrap(MipsCore core, in GuestTrap trap, ref long stallCycles);
}
