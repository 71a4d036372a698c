using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>The sentence that tells a user how the guest failed.</summary>
public static class GuestError
{
    private const uint StatusExl = 1 << 1;
    private const uint CauseDelaySlot = 1u << 31;

    /// <summary>
    /// For a core that went to the boot vectors, where a board without firmware has no handler: by an exception while
    /// Status.BEV is set, or by a jump. [MIPS64 Vol III, 6.2]
    /// </summary>
    public static string Describe(Address cpu, MipsCore core) =>
        Describe(cpu.ToString(), core.Status, core.Cause, core.Epc, core.BadVAddr, core.Pc);

    /// <summary>The same from the registers of a processor with a name.</summary>
    public static string Describe(string name, uint status, uint cause, ulong epc, ulong badVAddr, ulong pc)
    {
        if ((status & StatusExl) == 0)
        {
            return $"{name} jumped to the boot vectors at 0x{pc:x16}, where the board has no code";
        }
        ulong at = (cause & CauseDelaySlot) != 0 ? epc + 4 : epc;
        ExceptionCode code = (ExceptionCode)((cause >> 2) & 31);
        string where = HasAddress(code) ? $", bad address 0x{badVAddr:x16}" : "";
        return $"{name} took {NameOf(code)} at 0x{at:x16}{where} with no handler installed";
    }

    private static bool HasAddress(ExceptionCode code) => code is ExceptionCode.TlbModified or ExceptionCode.TlbLoad
        or ExceptionCode.TlbStore or ExceptionCode.AddressErrorLoad or ExceptionCode.AddressErrorStore;

    // The manual's names. [MIPS64 Vol III, table 9.32]
    public static string NameOf(ExceptionCode code) => code switch
    {
        ExceptionCode.Interrupt => "Interrupt",
        ExceptionCode.TlbModified => "TLB Modified",
        ExceptionCode.TlbLoad => "TLB Refill or Invalid (load or fetch)",
        ExceptionCode.TlbStore => "TLB Refill or Invalid (store)",
        ExceptionCode.AddressErrorLoad => "Address Error (load or fetch)",
        ExceptionCode.AddressErrorStore => "Address Error (store)",
        ExceptionCode.BusErrorFetch => "Bus Error (fetch)",
        ExceptionCode.BusErrorData => "Bus Error (data)",
        ExceptionCode.Syscall => "System Call",
        ExceptionCode.Breakpoint => "Breakpoint",
        ExceptionCode.ReservedInstruction => "Reserved Instruction",
        ExceptionCode.CoprocessorUnusable => "Coprocessor Unusable",
        ExceptionCode.Overflow => "Integer Overflow",
        ExceptionCode.Trap => "Trap",
        ExceptionCode.FloatingPoint => "Floating Point",
        ExceptionCode.TlbReadInhibit => "TLB Read-Inhibit",
        ExceptionCode.TlbExecuteInhibit => "TLB Execute-Inhibit",
    };
}
