namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// The floating-point exceptions, in the bit order of FCSR.Cause (bits 17:12), Enables (11:7, without E) and
/// Flags (6:2, without E) (MIPS64 manual, volume I, FCSR register).
/// </summary>
[Flags]
public enum FpFlags : byte
{
    None = 0,
    Inexact = 1,
    Underflow = 2,
    Overflow = 4,
    DivideByZero = 8,
    Invalid = 16,

    /// <summary>E: never raised by this library, which computes every case natively.</summary>
    Unimplemented = 32,
}
