using System.Buffers.Binary;
using Disco.Actors.Machine.Mips.Isa;
using Xunit;

namespace Disco.Actors.Machine.Tests.Isa;

/// <summary>What the assembler adds to the table: labels, data, pseudo-instructions, messages.</summary>
public sealed class AssemblerTests
{
    private static string Listing(string text, ulong baseAddress = 0x1000)
    {
        byte[] bytes = Assembler.Assemble(text, baseAddress).Bytes;
        IEnumerable<string> lines = Enumerable.Range(0, bytes.Length / 4).Select(i => Disassembler.Format(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 * i)), baseAddress + (ulong)(4 * i)));
        return string.Join('\n', lines).Replace('\t', ' ');
    }

    [Fact]
    public void Labels_forward_backward_and_numbered_reach_their_statements()
    {
        string listing = Listing("""
            start:  b     end           # forward
            1:      nop
                    beq   a0,$5,1b; nop
                    bnez  $a2,1f
            1:      j     start
            end:    jal   1b
            """);

        Assert.Equal(
            """
            beq zero,zero,0x1018
            nop
            beq a0,a1,0x1004
            nop
            bne a2,zero,0x1014
            j 0x1000
            jal 0x1014
            """.ReplaceLineEndings("\n"),
            listing);
    }

    [Theory]
    [InlineData("li v0,-1", "addiu v0,zero,-1")]
    [InlineData("li v0,0x8000", "ori v0,zero,0x8000")]
    [InlineData("li v0,0x12345678", "lui v0,0x1234\nori v0,v0,0x5678")]
    [InlineData("li v0,-65536", "lui v0,0xffff")]
    [InlineData("li v0,0x80000000", "ori v0,zero,0x8000\ndsll v0,v0,0x10")]
    [InlineData("li v0,0x123456789", "lui v0,0x1\nori v0,v0,0x2345\ndsll v0,v0,0x10\nori v0,v0,0x6789")]
    [InlineData("move a0,a1", "or a0,a1,zero")]
    [InlineData("not a0,a1", "nor a0,a1,zero")]
    [InlineData("bal .+8", "bgezal zero,0x1008")]
    [InlineData("div a0,a1", "div zero,a0,a1")]
    [InlineData("jalr t9", "jalr t9")]
    [InlineData("jalr ra,t9", "jalr t9")]
    [InlineData("dext a0,a1,35,9", "dextu a0,a1,0x23,0x9")]
    [InlineData("dins a0,a1,3,40", "dinsm a0,a1,0x3,0x28")]
    [InlineData("rotr a0,a1,3", "ror a0,a1,0x3")]
    [InlineData("lw a0,(sp)", "lw a0,0(sp)")]
    [InlineData("lw a0,%lo(0x18004)(sp)", "lw a0,-32764(sp)")]
    [InlineData("mfc0 a0,$16,1", "mfc0 a0,$16,1")]
    public void Written_form_gives_the_machine_instructions(string text, string instructions) =>
        Assert.Equal(instructions, Listing(text));

    /// <summary>The loads are executed by hand: LUI, ORI, ADDIU, DADDIU and DSLL as Vol II defines them.</summary>
    [Theory]
    [InlineData(0L)]
    [InlineData(-32769L)]
    [InlineData(0x7FFF_FFFFL)]
    [InlineData(0x8000_0000L)]
    [InlineData(0x0000_8000_0000_0000L)]
    [InlineData(-0x7FFF_0000_FFFF_8000L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Load_of_a_constant_computes_it(long value)
    {
        Assert.Equal(value, Execute(Assembler.Assemble($"li a0,{value}").Bytes));
        Assert.Equal(value, Execute(Assembler.Assemble($"dli a0,0x{value:x}").Bytes));
    }

    [Theory]
    [InlineData(0xFFFF_FFFF_8000_7FFCul)]
    [InlineData(0xFFFF_FFFF_8000_FFF0ul)]
    [InlineData(0x0000_0000_7FFF_0000ul)]
    [InlineData(0x9800_0000_8000_8000ul)]
    public void Load_of_an_address_computes_it(ulong baseAddress)
    {
        AssembledProgram program = Assembler.Assemble("la a0,here\nhere:", baseAddress);

        Assert.Equal((long)program["here"], Execute(program.Bytes));
    }

    private static long Execute(byte[] bytes)
    {
        long value = 0;
        for (int at = 0; at < bytes.Length; at += 4)
        {
            Instruction word = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)));
            long source = (Decoder.Decode(word.Word) == Op.Dsll ? word.Rt : word.Rs) == 4 ? value : 0;
            value = Decoder.Decode(word.Word) switch
            {
                Op.Lui => (int)(word.Word << 16),
                Op.Ori => source | (long)word.ImmediateUnsigned,
                Op.Addiu or Op.Daddiu => source + word.Immediate,
                Op.Dsll => source << word.Sa,
                _ => throw new InvalidOperationException(Disassembler.Format(word.Word, 0)),
            };
        }

        return value;
    }

    [Fact]
    public void Data_takes_the_byte_order_asked_for()
    {
        const string Text = """
            .equ   two, 2
                   .byte  1, two, 0xff, -1
                   .half  0x1234
                   .align 2
            word:  .word  0x12345678, word+4
                   .dword 0x0123456789abcdef
                   .asciiz "a;#\n"
                   .org   0x20
            end:
            """;

        AssembledProgram little = Assembler.Assemble(Text, 0x100);
        AssembledProgram big = Assembler.Assemble(Text, 0x100, bigEndian: true);

        Assert.Equal(
            "0102FFFF34120000785634120C010000EFCDAB8967452301613B230A000000000000"[..64],
            Convert.ToHexString(little.Bytes));
        Assert.Equal(
            "0102FFFF12340000123456780000010C0123456789ABCDEF613B230A000000000000"[..64],
            Convert.ToHexString(big.Bytes));
        Assert.Equal(0x108ul, little["word"]);
        Assert.Equal(0x120ul, little["end"]);
        Assert.Equal("a;#\n", System.Text.Encoding.ASCII.GetString(little.Bytes, 24, 4));
    }

    [Theory]
    [InlineData("frobnicate a0", "line 1: unknown instruction 'frobnicate'")]
    [InlineData("nop\n\nadd a0,a1", "line 3: add: expected ',' at ''")]
    [InlineData("add a0,a1,q9", "line 1: add: expected a general register at 'q9'")]
    [InlineData("add a0,a1,a2,a3", "line 1: add: too many operands: ',a3'")]
    [InlineData("addiu a0,a1,40000", "line 1: addiu: 40000 is not a signed 16-bit value (-32768 to 32767)")]
    [InlineData("sll a0,a1,32", "line 1: sll: 32 is not a 5-bit value (0 to 31)")]
    [InlineData("b nowhere", "line 1: beq: 'nowhere' is not defined")]
    [InlineData("a: nop\na: nop", "line 2: 'a' is defined twice")]
    [InlineData("b 1b", "line 1: beq: no label 1: before this line")]
    [InlineData("b 0x40000", "line 1: beq: branch target 0x40000 is unaligned or beyond 128 KiB")]
    [InlineData("j 0x10000000", "line 1: j: jump target 0x10000000 is unaligned or in another 256 MiB region")]
    [InlineData("li a0,later\nlater:", "line 1: the value must be known at this line (la loads an address)")]
    [InlineData("ext a0,a1,20,20", "line 1: ext: cannot address 20 bits at bit 20")]
    [InlineData(".byte 1\nnop", "line 2: instruction at 0x1, not a multiple of 4; use .align 2")]
    [InlineData(".byte 256", "line 1: 256 does not fit 8 bits")]
    [InlineData("nop\n.org 0", "line 2: .org: would go back 4 bytes")]
    [InlineData(".frob", "line 1: unknown directive '.frob'")]
    [InlineData("add.s $f1,$f2,a0", "line 1: add.s: expected a floating-point register at 'a0'")]
    public void Mistake_is_one_sentence_with_its_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Assembler.Assemble(text)).Message);
}
