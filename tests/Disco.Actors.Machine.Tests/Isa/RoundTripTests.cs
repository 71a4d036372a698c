using System.Buffers.Binary;
using Disco.Actors.Machine.Mips.Isa;
using Xunit;

namespace Disco.Actors.Machine.Tests.Isa;

/// <summary>Word to text and back, for every row.</summary>
public sealed class RoundTripTests
{
    private const ulong Pc = 0xFFFF_FFFF_8010_0000;

    public static TheoryData<Op> Ops => [.. Enum.GetValues<Op>().Where(op => op != Op.Reserved)];

    [Theory]
    [MemberData(nameof(Ops))]
    public void Row_with_random_fields_survives_disassembly_and_assembly(Op op)
    {
        InstructionSamples samples = new(1 + (ulong)op);
        for (int i = 0; i < 50; i++)
        {
            uint word = samples.Sample(OpInfo.Of(op).Row!);
            string text = Disassembler.Format(word, Pc);

            byte[] little = Assembler.Assemble(text, Pc).Bytes;
            byte[] big = Assembler.Assemble(text, Pc, bigEndian: true).Bytes;

            Assert.True(4 == little.Length && word == BinaryPrimitives.ReadUInt32LittleEndian(little), text);
            Assert.Equal(word, BinaryPrimitives.ReadUInt32BigEndian(big));
            Assert.Equal(text, Disassembler.Format(BinaryPrimitives.ReadUInt32LittleEndian(little), Pc));
        }
    }

    /// <summary>The accessors of Instruction read the bits that the row's letters name.</summary>
    [Theory]
    [MemberData(nameof(Ops))]
    public void Accessors_read_the_fields_that_the_row_draws(Op op)
    {
        InstructionRow row = OpInfo.Of(op).Row!;
        uint word = new InstructionSamples(77 + (ulong)op).Sample(row);
        Instruction instruction = new(word);

        foreach ((char letter, BitField field) in row.Fields)
        {
            long read = letter switch
            {
                's' => instruction.Rs,
                't' => instruction.Rt,
                'd' => instruction.Rd,
                'a' => row.Fields.ContainsKey('m') ? instruction.Lsb : instruction.Sa,
                'm' => instruction.Msb,
                'S' => instruction.Fs,
                'T' => instruction.Ft,
                'D' => instruction.Fd,
                'R' => instruction.Fr,
                'i' => (long)instruction.ImmediateUnsigned,
                'j' => instruction.Target26,
                'e' => instruction.Sel,
                'n' => instruction.Condition,
                'c' => op is Op.CCondS or Op.CCondD ? instruction.CompareCc : instruction.Cc,
                'h' => op switch
                {
                    Op.Sync => instruction.Stype,
                    Op.Prefx => instruction.HintIndexed,
                    _ => instruction.Hint,
                },
                'k' => field.Width == 10 ? instruction.TrapCode : op switch
                {
                    Op.Wait => instruction.Code & 0x7FFFF,
                    Op.Cop2 => word & 0x1FF_FFFF,
                    _ => instruction.Code,
                },
                _ => throw new InvalidOperationException($"letter {letter}"),
            };

            Assert.Equal(field.Read(word), read);
        }
    }
}
