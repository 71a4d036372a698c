using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Tests.Isa;

/// <summary>Words that encode a row with random fields, leaving out what the manual calls unpredictable.</summary>
internal sealed class InstructionSamples(ulong seed)
{
    private ulong _state = seed;

    internal uint Sample(InstructionRow row)
    {
        while (true)
        {
            uint word = row.Value | (Next() & ~row.Mask & ~row.Ignored);
            if (row.Form == Form.RdRsTwice)
            {
                // CLZ, CLO: rt must repeat rd. [Vol II, CLZ]
                word = (word & ~(31u << 16)) | ((word >> 11 & 31) << 16);
            }

            if (Decoder.Decode(word) == row.Op && IsPredictable(row, new Instruction(word)))
            {
                return word;
            }
        }
    }

    private static bool IsPredictable(InstructionRow row, Instruction word)
    {
        switch (row.Form)
        {
            case Form.Extract or Form.ExtractLong or Form.ExtractUpper:
            case Form.Insert or Form.InsertLong or Form.InsertUpper:
                (int position, int width) = BitFieldRange.Decode(row.Form, word.Lsb, word.Msb);
                return BitFieldRange.Encode(row, position, width) is not null;
            case Form.RdRs:
                // JALR with rd equal to rs cannot be restarted. [Vol II, JALR]
                return word.Rd != word.Rs;
            case Form.RsBranch:
                // Nor can a branch that links over its own operand. [Vol II, BGEZAL]
                return word.Rs != 31 || (row.Flags & OpFlags.Link) == 0;
            default:
                // SLL zero,zero,5 is the later releases' PAUSE, which other tools print so.
                return word.Word != 5u << 6;
        }
    }

    private uint Next()
    {
        _state = _state * 6364136223846793005 + 1442695040888963407;
        return (uint)(_state >> 32);
    }
}
