using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>The sentence that tells a user how the guest failed.</summary>
internal static class GuestError
{
    private const uint StatusExl = 1 << 1;
    private const uint CauseDelaySlot = 1u << 31;

    /// <summary>
    /// For a core that went to the boot vectors, where a board without firmware has no handler: by an exception while
    /// Status.BEV is set, or by a jump. [MIPS64 Vol III, 6.2]
    /// </summary>
    public static string Describe(Address cpu, MipsCore core)
    {
        if ((core.Status & StatusExl) == 0)
        {
            return $"{cpu} jumped to the boot vectors at 0x{core.Pc:x16}, where the board has no code";
        }
        ulong at = (core.Cause & CauseDelaySlot) != 0 ? core.Epc + 4 : core.Epc;
        ExceptionCode code = (ExceptionCode)((core.Cause >> 2) & 31);
        string where = HasAddress(code) ? $", bad address 0x{core.BadVAddr:x16}" : "";
        return $"{cpu} took {NameOf(code)} at 0x{at:x16}{where} with no handler installed";
    }

    private static bool HasAddress(ExceptionCode code) => code is ExceptionCode.TlbModified or ExceptionCode.TlbLoad
        or ExceptionCode.TlbStore or ExceptionCode.AddressErrorLoad or ExceptionCode.AddressErrorStore;

    // The manual's names. [MIPS64 Vol III, table 9.32]
    private static string NameOf(ExceptionCode code) => code switch
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
