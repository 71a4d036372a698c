namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>What a reader of decoded instructions needs to know without knowing the instruction.</summary>
[Flags]
public enum OpFlags : ushort
{
    None = 0,

    /// <summary>Conditional, relative to the delay slot's address.</summary>
    Branch = 1 << 0,

    /// <summary>Unconditional: J, JAL, JR, JALR and the hazard-barrier forms.</summary>
    Jump = 1 << 1,

    /// <summary>Branch likely: the delay slot is nullified when not taken.</summary>
    Likely = 1 << 2,

    /// <summary>Writes a return address (GPR 31, or rd of JALR).</summary>
    Link = 1 << 3,

    /// <summary>Reads memory through the TLB; PREF, CACHE and SYNCI are not loads.</summary>
    Load = 1 << 4,

    /// <summary>Writes memory through the TLB.</summary>
    Store = 1 << 5,

    /// <summary>LWL, LWR, LDL, LDR and their stores: no alignment requirement.</summary>
    Partial = 1 << 6,

    /// <summary>LL, LLD, SC, SCD.</summary>
    Linked = 1 << 7,

    /// <summary>Raises Trap, Syscall or Breakpoint, always or on a condition.</summary>
    Trap = 1 << 8,

    /// <summary>Reserved Instruction when 64-bit operations are not enabled. [Vol III, 4.5]</summary>
    Wide = 1 << 9,

    /// <summary>Part of EJTAG, which the machine lacks: decoded for the reader, reserved when executed.</summary>
    Ejtag = 1 << 10,

    /// <summary>Coprocessor Unusable (0) outside kernel mode unless Status.CU0. Derived from the opcode.</summary>
    Cop0 = 1 << 11,

    /// <summary>Coprocessor Unusable (1) unless Status.CU1. Derived from the opcode.</summary>
    Cop1 = 1 << 12,

    /// <summary>Coprocessor Unusable (2), always. Derived from the opcode.</summary>
    Cop2 = 1 << 13,
}
