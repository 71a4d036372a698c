namespace Disco.Actors.Core;

/// <summary>
/// A generator whose whole state is one word, kept in the state of the actor that draws from it (splitmix64).
/// </summary>
public struct SeededRandom(ulong seed)
{
    /// <summary>The state; save and restore it with the actor.</summary>
    public ulong State = seed;

    public ulong Next()
    {
        ulong value = TotalOrder.Mix(State);
        State += 0x9E3779B97F4A7C15;
        return value;
    }

    /// <summary>Uniform in 0 .. <paramref name="bound"/>-1; the bias is below 2^-32 for bounds below 2^32.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>True once in <paramref name="n"/> draws on average.</summary>
    public bool OneIn(int n) => Below(n) == 0;
}
