using System.Globalization;
using System.Numerics;
using Disco.Actors.Machine.Mips.Isa;
using Xunit;

namespace Disco.Actors.Machine.Tests.Isa;

/// <summary>The decode table as an object: complete, free of overlaps, and the tree equal to a linear search.</summary>
public sealed class InstructionTableTests
{
    /// <summary>Two rows share a word iff they agree on all bits that both fix.</summary>
    [Fact]
    public void Rows_overlap_only_where_one_is_a_declared_special_case()
    {
        IReadOnlyList<InstructionRow> rows = InstructionTable.Rows;
        for (int i = 0; i < rows.Count; i++)
        {
            for (int j = i + 1; j < rows.Count; j++)
            {
                InstructionRow first = rows[i], second = rows[j];
                bool overlap = ((first.Value ^ second.Value) & first.Mask & second.Mask) == 0;
                bool declared = second.Inside == first.Op || first.Inside == second.Op;

                Assert.True(overlap == declared, $"{first.Name} {first.Encoding} and {second.Name} {second.Encoding}");
            }
        }
    }

    [Fact]
    public void Special_case_lies_wholly_inside_its_general_row()
    {
        foreach (InstructionRow row in InstructionTable.Rows.Where(row => row.Inside != Op.Reserved))
        {
            InstructionRow general = OpInfo.Of(row.Inside).Row!;

            Assert.Equal(general.Mask, general.Mask & row.Mask);
            Assert.True(general.Matches(row.Value), row.Name);
            Assert.True(BitOperations.PopCount(row.Mask) > BitOperations.PopCount(general.Mask), row.Name);
        }
    }

    /// <summary>The decoder returns the row's number as the Op, so the enum must be in table order.</summary>
    [Fact]
    public void Every_op_has_one_row_in_the_order_of_the_enum()
    {
        Op[] rows = [.. InstructionTable.Rows.Select(row => row.Op)];

        Assert.Equal(Enum.GetValues<Op>().Where(op => op != Op.Reserved), rows);
    }

    /// <summary>
    /// Counts of Vol II, appendix A, less what the machine leaves out (paired single, ALNV.PS, SELx). NOP, SSNOP and
    /// EHB add three to SPECIAL; JR.HB and JALR.HB two; the rotates six.
    /// </summary>
    [Theory]
    [InlineData("000000", 66, "A.3 SPECIAL")]
    [InlineData("000001", 15, "A.4 REGIMM")]
    [InlineData("011100", 10, "A.5 SPECIAL2")]
    [InlineData("011111", 14, "A.6 SPECIAL3")]
    [InlineData("010000", 17, "A.11 COP0")]
    [InlineData("010001", 68, "A.13 COP1")]
    [InlineData("010010", 13, "A.19 COP2")]
    [InlineData("010011", 15, "A.20 COP1X")]
    [InlineData("", 53, "A.2 main opcodes: all others")]
    public void Table_has_as_many_rows_as_the_manual(string opcode, int rows, string table)
    {
        string[] tables = ["000000", "000001", "011100", "011111", "010000", "010001", "010010", "010011"];

        int count = InstructionTable.Rows.Count(row =>
            opcode.Length > 0 ? row.Encoding[..6] == opcode : !tables.Contains(row.Encoding[..6]));

        Assert.True(rows == count, $"{table}: {count} rows");
    }

    /// <summary>The tree against the dumb twin: all rows in turn, strictest first.</summary>
    [Fact]
    public void Decoder_agrees_with_a_linear_search_on_random_and_near_valid_words()
    {
        InstructionRow[] strictest =
            [.. InstructionTable.Rows.OrderByDescending(row => BitOperations.PopCount(row.Mask))];
        ulong state = 0x9E3779B97F4A7C15;
        for (int i = 0; i < 200_000; i++)
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            uint word = (uint)(state >> 32);
            InstructionRow near = strictest[i % strictest.Length];
            if ((i & 1) == 0)
            {
                // A valid word with one bit turned finds the holes between rows.
                word = (word & ~near.Mask) | near.Value;
                word ^= (i & 2) == 0 ? 0 : 1u << (int)(state >> 27 & 31);
            }

            Op expected = Array.Find(strictest, row => row.Matches(word))?.Op ?? Op.Reserved;

            Assert.True(expected == Decoder.Decode(word), string.Create(CultureInfo.InvariantCulture, $"{word:x8}"));
        }
    }

    [Theory]
    [InlineData(0x00000000u, Op.Nop)]
    [InlineData(0x03e00008u, Op.Jr)]
    [InlineData(0x27bdffe0u, Op.Addiu)]
    [InlineData(0x7c03e83bu, Op.Rdhwr)]
    [InlineData(0x42000018u, Op.Eret)]
    [InlineData(0x41606000u, Op.Di)]
    [InlineData(0x46241032u, Op.CCondD)]
    [InlineData(0x00000005u, Op.Reserved)]
    [InlineData(0x46c00000u, Op.Reserved)]
    public void Decode_known_word_gives_its_op(uint word, Op op) => Assert.Equal(op, Decoder.Decode(word));

    [Fact]
    public void Decode_allocates_nothing()
    {
        Decoder.Decode(0x27bdffe0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        uint sum = 0;
        for (uint word = 0; word < 100_000; word++)
        {
            sum += (uint)Decoder.Decode(word * 0x9E3779B9);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.NotEqual(0u, sum);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Flags_follow_the_opcode_and_the_row()
    {
        Assert.True(OpInfo.Of(Op.Bgezall) is { IsBranch: true, IsLikely: true, IsLink: true, HasDelaySlot: true });
        Assert.True(OpInfo.Of(Op.Jalr) is { IsBranch: false, IsJump: true, HasDelaySlot: true });
        Assert.True(OpInfo.Of(Op.Lwc1) is { IsLoad: true, NeedsFpu: true, AccessBytes: 4 });
        Assert.True(OpInfo.Of(Op.Sdc2) is { IsStore: true, NeedsCp2: true, AccessBytes: 8 });
        Assert.True(OpInfo.Of(Op.Cache) is { NeedsCp0: true, IsLoad: false });
        Assert.True(OpInfo.Of(Op.Movf) is { NeedsFpu: true });
        Assert.Equal("MIPS64 Vol II, ADDU", OpInfo.Of(Op.Addu).ManualSection);
        Assert.Equal("MIPS64 Vol II, C.cond.fmt", OpInfo.Of(Op.CCondD).ManualSection);
        Assert.Equal("MIPS64 Vol II, CVT.W.fmt", OpInfo.Of(Op.CvtWS).ManualSection);
        Assert.Equal("MIPS64 Vol II, DROTR32", OpInfo.Of(Op.Drotr32).ManualSection);
    }
}
