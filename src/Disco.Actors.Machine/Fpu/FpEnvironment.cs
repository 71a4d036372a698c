namespace Disco.Actors.Machine.Fpu;

/// <summary>
/// What an operation reads from FCSR and what it reports back. The core fills it from FCSR, clears
/// <see cref="Raised"/> before each instruction and writes it to FCSR.Cause afterwards.
/// </summary>
public struct FpEnvironment
{
    /// <summary>FCSR.RM.</summary>
    public Rounding Rounding;

    /// <summary>FCSR.FS: a result that is denormal before rounding becomes a zero of the same sign.</summary>
    public bool FlushToZero;

    /// <summary>The exceptions signaled since the core cleared them; operations only add to it.</summary>
    public FpFlags Raised;

    /// <summary>
    /// FCSR.Enables.U: a tiny result signals underflow even when it is exact (IEEE 754-1985, 7.4).
    /// </summary>
    public bool UnderflowTrapEnabled;
}
