namespace Disco.Actors.Machine.Mips;

/// <summary>Cause.ExcCode. [MIPS64 Vol III, table 9.32]</summary>
public enum ExceptionCode : byte
{
    Interrupt = 0,
    TlbModified = 1,
    TlbLoad = 2,
    TlbStore = 3,
    AddressErrorLoad = 4,
    AddressErrorStore = 5,
    BusErrorFetch = 6,
    BusErrorData = 7,
    Syscall = 8,
    Breakpoint = 9,
    ReservedInstruction = 10,
    CoprocessorUnusable = 11,
    Overflow = 12,
    Trap = 13,
    FloatingPoint = 15,
    TlbReadInhibit = 19,
    TlbExecuteInhibit = 20,
}
