using Disco.Actors.Core;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Tests.Differential;

/// <summary>
/// Draws short instruction sequences from the decode table whose outcome the manual defines: no traps, no control
/// register but FCSR, memory only inside a data block that register 30 points at. Register 29 is the harness's own.
/// </summary>
internal sealed class SequenceGenerator(ulong seed)
{
    public const int DataBytes = 256;
    private const int DataRegister = 30;
    private const int BlockRegister = 29;

    /// <summary>What a user program may not do, or what ends it, or what differs from one CPU to the next.</summary>
    private static readonly HashSet<Op> Left =
    [
        Op.Syscall, Op.Break, Op.Sdbbp, Op.Rdhwr, Op.Cache, Op.Ctc1, Op.Cfc1, Op.Synci, Op.Sync, Op.J, Op.Jal, Op.Jr,
        Op.JrHb, Op.Jalr, Op.JalrHb, Op.Ll, Op.Lld, Op.Sc, Op.Scd,
        // These trap on overflow, which ends a user program; they have tests of their own.
        Op.Add, Op.Addi, Op.Sub, Op.Dadd, Op.Daddi, Op.Dsub,
        // QEMU only flips the sign of a signaling NaN where the manual says Invalid; the Fpu tests cover them.
        Op.AbsS, Op.AbsD, Op.NegS, Op.NegD,
        // Indexed accesses, drawn apart below with an index that stays inside the block.
        Op.Lwxc1, Op.Ldxc1, Op.Luxc1, Op.Swxc1, Op.Sdxc1, Op.Suxc1, Op.Prefx,
    ];

    /// <summary>
    /// Their result is UNPREDICTABLE unless the operands are sign-extended words. [MIPS64 Vol II, ADDU]
    /// </summary>
    private static readonly HashSet<Op> OfWords =
    [
        Op.Addu, Op.Subu, Op.Sra, Op.Srl, Op.Srav, Op.Srlv, Op.Rotr, Op.Rotrv, Op.Mult, Op.Multu, Op.Div, Op.Divu,
        Op.Mul, Op.Madd, Op.Maddu, Op.Msub, Op.Msubu, Op.Clz, Op.Clo, Op.Ext, Op.Ins, Op.Wsbh,
    ];

    private static readonly InstructionRow[] Integer = [.. Rows(row => (row.Flags & OpFlags.Cop1) == 0)];
    private static readonly InstructionRow[] Floating = [.. Rows(row => (row.Flags & OpFlags.Cop1) != 0)];

    private SeededRandom _random = new(seed);

    /// <summary>
    /// About <paramref name="length"/> instructions; a branch may skip up to three of them, forwards.
    /// </summary>
    public List<uint> Next(int length, bool floating)
    {
        List<uint> words = [];
        while (words.Count < length)
        {
            InstructionRow[] rows = floating && !_random.OneIn(4) ? Floating : Integer;
            Emit(rows[_random.Below(rows.Length)], words);
        }
        return words;
    }

    /// <summary>A register's first value, biased towards the edges.</summary>
    public ulong Value() => _random.Below(8) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << _random.Below(64),
        3 => (1UL << _random.Below(64)) - 1,
        4 => (ulong)(int)_random.Next(),
        5 => (ulong)(sbyte)_random.Next(),
        6 => (ulong)(long)(int)(1u << _random.Below(32)),
        _ => _random.Next(),
    };

    /// <summary>A floating-point register's first value: both formats, zeros, denormals, infinities, NaNs.</summary>
    public ulong FloatingValue()
    {
        ulong sign = _random.Next() & (1UL << 63);
        return _random.Below(10) switch
        {
            0 => sign,
            1 => sign | 0x7ff0_0000_0000_0000,
            2 => sign | 0x7ff0_0000_0000_0000 | (_random.Next() >> 12),
            3 => sign | (_random.Next() >> (12 + _random.Below(40))),
            4 => sign | ((ulong)(1023 + _random.Below(5) - 2) << 52) | (_random.Next() >> 12),
            5 => BitConverter.DoubleToUInt64Bits(_random.Below(2000) - 1000),
            6 => BitConverter.SingleToUInt32Bits(_random.Below(2000) - 1000),
            7 => (uint)_random.Next() & 0x807f_ffff,
            8 => ((uint)_random.Next() & 0x807f_ffff) | 0x7f80_0000,
            _ => _random.Next(),
        };
    }

    public uint RoundingMode() => (uint)_random.Below(4);

    private static IEnumerable<InstructionRow> Rows(Func<InstructionRow, bool> which) =>
        InstructionTable.Rows.Where(row =>
            (row.Flags & (OpFlags.Cop0 | OpFlags.Cop2 | OpFlags.Trap | OpFlags.Ejtag)) == 0
            && !Left.Contains(row.Op) && which(row));

    private void Emit(InstructionRow row, List<uint> words)
    {
        uint word = row.Value;
        foreach (char letter in row.Encoding.Distinct())
        {
            if (char.IsLetter(letter) && letter != 'x')
            {
                word = Place(row, letter, word, Field(row, letter));
            }
        }
        if (row.Op is Op.Div or Op.Divu or Op.Ddiv or Op.Ddivu)
        {
            // Division by zero has no defined result: make the divisor odd. ori rt, rt, 1.
            uint divisor = (word >> 16) & 31;
            words.Add(0x3400_0001 | (divisor << 21) | (divisor << 16));
        }
        if (OfWords.Contains(row.Op))
        {
            words.Add(SignExtend((word >> 21) & 31));
            words.Add(SignExtend((word >> 16) & 31));
        }
        words.Add(BitFieldWithin(row.Op, word));
        if ((row.Flags & OpFlags.Branch) != 0)
        {
            // The slot, and what a taken branch skips: nothing that the next instruction stands on.
            for (uint skipped = word & 0xffff; skipped > 0; skipped--)
            {
                words.Add(AddImmediate());
            }
        }
    }

    private uint Field(InstructionRow row, char letter)
    {
        bool memory = (row.Flags & (OpFlags.Load | OpFlags.Store)) != 0 || row.Op is Op.Pref;
        bool branch = (row.Flags & OpFlags.Branch) != 0;
        return letter switch
        {
            's' when memory => DataRegister,
            'i' when memory => Offset(row),
            'i' when branch => (uint)(2 + _random.Below(3)),
            't' or 'd' => Destination(row),
            's' => (uint)_random.Below(32),
            _ => (uint)_random.Next(),
        };
    }

    /// <summary>
    /// Any register but the two that the harness stands on; link registers are written by nobody else.
    /// </summary>
    private uint Destination(InstructionRow row)
    {
        uint register = (uint)_random.Below(BlockRegister);
        // DIV's divisor is changed on the way, and register 0 can't be.
        return register == 0 && row.Op is Op.Div or Op.Divu or Op.Ddiv or Op.Ddivu ? 1 : register;
    }

    private uint Offset(InstructionRow row)
    {
        int bytes = Math.Max(1, row.AccessBytes);
        bool aligned = (row.Flags & OpFlags.Partial) == 0;
        return aligned
            ? (uint)(_random.Below(DataBytes / bytes) * bytes)
            : (uint)(8 + _random.Below(DataBytes - 16));
    }

    /// <summary>
    /// EXT and INS with a field that fits; others are UNPREDICTABLE. [MIPS64 Vol II, EXT, INS, DEXT..DINSU]
    /// </summary>
    private uint BitFieldWithin(Op op, uint word)
    {
        (int positionMin, int positionMax, int endMax, int sizeMin, int sizeMax) = op switch
        {
            Op.Ext => (0, 31, 32, 1, 32),
            Op.Dext => (0, 31, 63, 1, 32),
            Op.Dextm => (0, 31, 64, 33, 64),
            Op.Dextu => (32, 63, 64, 1, 32),
            Op.Ins => (0, 31, 32, 1, 32),
            Op.Dins => (0, 31, 32, 1, 32),
            Op.Dinsm => (0, 31, 64, 2, 64),
            Op.Dinsu => (32, 63, 64, 1, 32),
            _ => default,
        };
        if (sizeMax == 0)
        {
            return word;
        }
        int position = positionMin + _random.Below(Math.Min(positionMax, endMax - sizeMin) - positionMin + 1);
        int size = sizeMin + _random.Below(Math.Min(sizeMax, endMax - position) - sizeMin + 1);
        if (op is Op.Dinsm && position + size <= 32)
        {
            size = 33 - position;
        }
        int last = position + size - 1;
        int upper = op switch
        {
            Op.Ext or Op.Dext or Op.Dextu => size - 1,
            Op.Dextm => size - 33,
            Op.Ins or Op.Dins => last,
            Op.Dinsm or Op.Dinsu => last - 32,
            _ => Invariant.Unreachable<int>("only bit fields come here"),
        };
        return (word & 0xffff_003f) | ((uint)upper << 11) | ((uint)(position & 31) << 6);
    }

    /// <summary>sll r, r, 0.</summary>
    private static uint SignExtend(uint register) => (register << 16) | (register << 11);

    private uint AddImmediate()
    {
        // addiu rt, rs, imm: simple, and its effect shows whether it ran.
        uint target = (uint)_random.Below(BlockRegister);
        return 0x2400_0000 | ((uint)_random.Below(32) << 21) | (target << 16) | ((uint)_random.Next() & 0xffff);
    }

    private static uint Place(InstructionRow row, char letter, uint word, uint value)
    {
        int low = 31 - row.Encoding.LastIndexOf(letter);
        int width = row.Encoding.Count(each => each == letter);
        uint mask = (uint)((1UL << width) - 1);
        return (word & ~(mask << low)) | ((value & mask) << low);
    }
}
