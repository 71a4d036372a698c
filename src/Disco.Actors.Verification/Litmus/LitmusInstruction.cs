namespace Disco.Actors.Verification.Litmus;

/// <summary>The instructions a litmus test may have, and three that stand for several.</summary>
public enum LitmusOp : byte
{
    Nop,
    Sync,
    LoadImmediate,
    Move,
    AddImmediate,
    Add,
    Xor,
    Load,
    Store,
    LoadLinked,
    StoreConditional,
    BranchZero,
    BranchNotZero,
    Branch,

    /// <summary>Maps a virtual page to the frame of a word, in the present address space.</summary>
    Map,

    /// <summary>The processor's own translations go, all of them.</summary>
    Flush,

    /// <summary>Enters an address space.</summary>
    Asid,
}

/// <summary>One instruction.</summary>
/// <param name="Op">What it does.</param>
/// <param name="Text">As it was written; the assembler gets it, unless it stands for several.</param>
/// <param name="Target">The register written or, by a store, read; see <see cref="LitmusRegisters"/>.</param>
/// <param name="First">The first register read; of an access, the pointer; of Map, the word's number.</param>
/// <param name="Second">The second register read.</param>
/// <param name="Value">The immediate; of a branch, the number of the instruction it goes to.</param>
public readonly record struct LitmusInstruction(
    LitmusOp Op, string Text, int Target = 0, int First = 0, int Second = 0, int Value = 0)
{
    public bool IsAccess => Op is LitmusOp.Load or LitmusOp.Store or LitmusOp.LoadLinked or LitmusOp.StoreConditional;

    public bool IsBranch => Op is LitmusOp.BranchZero or LitmusOp.BranchNotZero or LitmusOp.Branch;

    public bool Translates => Op is LitmusOp.Map or LitmusOp.Flush or LitmusOp.Asid;
}

/// <summary>The registers a litmus test may use.</summary>
public static class LitmusRegisters
{
    /// <summary>Words in memory: x, y, z, w, to which a0 to a3 point.</summary>
    public const int Words = 4;

    /// <summary>Pointers from here on, in <see cref="LitmusInstruction.First"/>, are virtual pages.</summary>
    public const int FirstPage = Words;

    /// <summary>Registers with values; zero is the last.</summary>
    public static readonly string[] Values = ["v0", "v1", "t0", "t1", "t2", "t3", "zero"];

    public static readonly string[] Pointers = ["a0", "a1", "a2", "a3", "gp", "fp"];

    public static readonly string[] WordNames = ["x", "y", "z", "w"];
}
