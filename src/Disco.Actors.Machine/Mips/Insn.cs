using System.Runtime.InteropServices;

namespace Disco.Actors.Machine.Mips;

/// <summary>
/// A decoded instruction: what the interpreter executes. The handler does the work and jumps to the next record's
/// handler, so that a block runs as threaded code. Lives in pinned memory; see <see cref="CodeBlock"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Insn
{
    public delegate*<Insn*, ulong*, MipsCore, long, long> Handler;

    /// <summary>
    /// Operand by kind of instruction: immediate, shift, offset; for a branch the distance in bytes to the target's
    /// record or the target's address relative to the granule.
    /// </summary>
    public long Immediate;

    /// <summary>First source: slot of the register file.</summary>
    public byte Rs;

    /// <summary>Second source: slot of the register file.</summary>
    public byte Rt;

    /// <summary>Destination: slot of the register file; a write to register 0 goes to <see cref="Reg.Sink"/>.</summary>
    public byte Rd;

    public InsnFlags Flags;

    /// <summary>Number of the instruction in its granule: its address is the granule's plus 4 times this.</summary>
    public ushort Index;

    /// <summary>Of a branch: how many records further its delay slot's copy is.</summary>
    public ushort Slot;

    /// <summary>
    /// Of a record whose handler is a region's code: what that code reads; see <see cref="Translation.RegionData"/>.
    /// </summary>
    public ulong* Region;

    /// <summary>Sets the handler; whoever finds it, on any thread, finds what was written before.</summary>
    public static void Publish(Insn* record, nint handler)
    {
#pragma warning disable RS0030 // an order of writes, no thread
        Volatile.Write(ref *(nint*)&record->Handler, handler);
#pragma warning restore RS0030
    }
}

[Flags]
internal enum InsnFlags : byte
{
    None = 0,

    /// <summary>The copy of an instruction that executes in the delay slot of the branch before it.</summary>
    DelaySlot = 1,

    /// <summary>The branch before it leaves the block: its target is in <see cref="Reg.NextPc"/>.</summary>
    Far = 2,

    /// <summary>The record after a delay slot: it jumps to the branch's target.</summary>
    End = 4,
}

/// <summary>Slots of the register file, an array of 64-bit words.</summary>
internal static class Reg
{
    public const int Ra = 31;
    public const int Hi = 32;
    public const int Lo = 33;

    /// <summary>Where writes to register 0 go.</summary>
    public const int Sink = 34;

    /// <summary>Branch target outside the block, a virtual address.</summary>
    public const int NextPc = 35;

    /// <summary>Branch target inside the block, a record's address.</summary>
    public const int Target = 36;

    /// <summary>Virtual address of the granule that executes.</summary>
    public const int PcBase = 37;

    /// <summary>Translation cache of the present mode.</summary>
    public const int DataTable = 38;

    /// <summary>Fetch table, and the mode bits in its tags.</summary>
    public const int FetchTable = 39;
    public const int FetchContext = 40;

    /// <summary>1 when Status.CU1 is set and there is an FPU.</summary>
    public const int FpuUsable = 41;

    /// <summary>The eight condition codes, bit n is FCC n.</summary>
    public const int ConditionCodes = 42;

    /// <summary>A device's datum, or an unproven result, on its way to a register.</summary>
    public const int Scratch = 43;

    /// <summary>
    /// Changes when the fetch table does, and with the mode: bits 7..0 are the context, a count above.
    /// </summary>
    public const int FetchEpoch = 44;

    /// <summary>
    /// How often execution still arrives somewhere by a branch before the next sample of what is executed often.
    /// </summary>
    public const int ToSample = 45;

    /// <summary>A region stops with this much of the budget left, or less; the interpreter uses it up.</summary>
    public const int Slack = 46;

    /// <summary>By a region's number, the epoch for which its granules were found to be fetched.</summary>
    public const int Epochs = 47;

    public const int Fpr = 48;
    public const int Count = Fpr + 32;

    /// <summary>The slots of the floating-point registers as 32-bit words: what single operands are named by.</summary>
    public const int FprWords = Fpr * 2;
}
