namespace Disco.Actors.Machine.Fpu;

/// <summary>The rounding modes with the encoding of FCSR.RM (MIPS64 manual, volume I, FCSR register).</summary>
public enum Rounding : byte
{
    /// <summary>RN: to the nearest value, a tie goes to the even one.</summary>
    Nearest = 0,

    /// <summary>RZ: toward zero.</summary>
    Zero = 1,

    /// <summary>RP: toward plus infinity.</summary>
    Up = 2,

    /// <summary>RM: toward minus infinity.</summary>
    Down = 3,
}
