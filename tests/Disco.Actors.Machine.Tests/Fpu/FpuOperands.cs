using Disco.Actors.Core;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>
/// Operands that find rounding errors: fractions of few or all ones, exponents near another operand's, near both ends
/// of the range and near the width of the format, and all special values.
/// </summary>
internal sealed class FpuOperands(ulong seed)
{
    private SeededRandom _random = new(seed);

    /// <summary>Operands of a kind: 's', 'd' (formats), 'w', 'l' (integers).</summary>
    public ulong[] Next(char kind, int count)
    {
        ulong[] operands = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            operands[i] = kind switch
            {
                's' => Number(8, 23, i == 0 ? 127 : (operands[i - 1] >> 23) & 0xFF),
                'd' => Number(11, 52, i == 0 ? 1023 : (operands[i - 1] >> 52) & 0x7FF),
                'w' => (ulong)(int)Integer(),
                _ => Integer(),
            };
        }

        return operands;
    }

    public ulong Double() => Next('d', 1)[0];

    public ulong Single() => Next('s', 1)[0];

    private ulong Number(int exponentBits, int fractionBits, ulong near)
    {
        ulong mask = (1UL << fractionBits) - 1;
        ulong exponentMax = (1UL << exponentBits) - 1;
        ulong bias = exponentMax >> 1;
        ulong fraction = Bits() & mask;
        fraction = Below(8) switch
        {
            0 => 0,
            1 => mask,
            2 => 1UL << (int)Below(fractionBits),
            3 => fraction & (ulong.MaxValue << (int)Below(fractionBits)),
            4 => fraction | (mask >> (int)Below(fractionBits)),
            _ => fraction,
        };
        ulong exponent = Below(16) switch
        {
            0 => 0,
            1 => 1 + Below(4),
            2 => exponentMax - 1 - Below(4),
            3 => exponentMax,
            4 or 5 => Bits() & exponentMax,
            6 or 7 => (bias / 2) + Below(2 * fractionBits),
            8 or 9 => bias + Below(66),
            10 => bias - Below(fractionBits + 3),
            _ => (near + Below(9) - 4) & exponentMax,
        };
        return (Below(2) << (exponentBits + fractionBits)) | (exponent << fractionBits) | fraction;
    }

    /// <summary>Integers of every length, of few ones, of few zeros, and of both signs.</summary>
    private ulong Integer()
    {
        ulong value = Bits() >> (int)Below(64);
        value = Below(4) switch
        {
            0 => 1UL << (int)Below(64),
            1 => (ulong.MaxValue << (int)Below(64)) ^ (value >> 40),
            _ => value,
        };
        return Below(2) == 0 ? value : 0 - value;
    }

    private ulong Below(int limit) => Bits() % (ulong)limit;

    private ulong Bits() => _random.Next();
}
