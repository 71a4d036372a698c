using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>Branches and jumps with their delay slots. [MIPS64 Vol I, 4.1.3; Vol II]</summary>
[Trait("level", "basic")]
public sealed class BranchFacts
{
    /// <summary>v0 counts 1 for the slot and 16 for the path not taken.</summary>
    [Theory]
    [InlineData("beq a0,a1", 5, 5, true)]
    [InlineData("beq a0,a1", 5, 6, false)]
    [InlineData("bne a0,a1", 5, 6, true)]
    [InlineData("bne a0,a1", 5, 5, false)]
    [InlineData("blez a0", 0, 0, true)]
    [InlineData("blez a0", 1, 0, false)]
    [InlineData("bgtz a0", 1, 0, true)]
    [InlineData("bgtz a0", -1, 0, false)]
    [InlineData("bltz a0", -1, 0, true)]
    [InlineData("bltz a0", 0, 0, false)]
    [InlineData("bgez a0", 0, 0, true)]
    [InlineData("bgez a0", -1, 0, false)]
    [InlineData("bltzal a0", -1, 0, true)]
    [InlineData("bltzal a0", 0, 0, false)]
    [InlineData("bgezal a0", 0, 0, true)]
    [InlineData("bgezal a0", -1, 0, false)]
    public void Branch_executes_its_slot_whether_taken_or_not(string branch, long a, long b, bool taken)
    {
        foreach (string gap in Gaps())
        {
            Assert.Equal(taken ? 1UL : 17UL, Executed(branch, gap, a, b));
        }
    }

    /// <summary>A branch likely that is not taken nullifies its slot. [Vol II, BEQL]</summary>
    [Theory]
    [InlineData("beql a0,a1", 5, 5, true)]
    [InlineData("beql a0,a1", 5, 6, false)]
    [InlineData("bnel a0,a1", 5, 6, true)]
    [InlineData("bnel a0,a1", 5, 5, false)]
    [InlineData("blezl a0", 0, 0, true)]
    [InlineData("blezl a0", 1, 0, false)]
    [InlineData("bgtzl a0", 1, 0, true)]
    [InlineData("bgtzl a0", 0, 0, false)]
    [InlineData("bltzl a0", -1, 0, true)]
    [InlineData("bltzl a0", 0, 0, false)]
    [InlineData("bgezl a0", 0, 0, true)]
    [InlineData("bgezl a0", -1, 0, false)]
    [InlineData("bltzall a0", -1, 0, true)]
    [InlineData("bltzall a0", 0, 0, false)]
    [InlineData("bgezall a0", 0, 0, true)]
    [InlineData("bgezall a0", -1, 0, false)]
    public void Branch_likely_nullifies_the_slot_of_a_path_not_taken(string branch, long a, long b, bool taken)
    {
        foreach (string gap in Gaps())
        {
            Assert.Equal(taken ? 1UL : 16UL, Executed(branch, gap, a, b));
        }
    }

    /// <summary>The return address is the one after the slot, also when not taken. [Vol II, BGEZAL]</summary>
    [Theory]
    [InlineData("bal there")]
    [InlineData("bltzal a0,there")]
    [InlineData("jal there")]
    [InlineData("la t0,there\njalr t0")]
    [InlineData("la t0,there\njalr.hb t0")]
    public void Link_is_the_address_after_the_slot(string call)
    {
        Rig rig = new($"{call}\nnop\nafter: nop\nthere: nop");

        rig.Run();

        Assert.Equal(rig.Program["after"], rig[31]);
    }

    /// <summary>JALR reads its target before it writes the link. [Vol II, JALR]</summary>
    [Fact]
    public void Jump_and_call_through_registers_go_where_the_register_says()
    {
        Rig rig = new("""
            la    t0,sub
            jalr  t1,t0
            li    v0,1
            b     stop
            ori   v0,v0,4
            sub:  jr t1
            ori   v0,v0,2
            """);

        rig.Run();

        Assert.Equal(7UL, rig[2]);
    }

    /// <summary>J keeps the upper bits of the slot's address. [Vol II, J]</summary>
    [Fact]
    public void Jump_stays_in_its_region()
    {
        Rig rig = new("j there\nli v0,1\nli v0,2\nthere: nop");

        rig.Run();

        Assert.Equal(1UL, rig[2]);
    }

    // With the branch at the start, and as the last word of a granule of lines and of pages; short and far targets.
    private static string[] Gaps() => ["", ".org 0x3c", ".org 0x3fc"];

    private static ulong Executed(string branch, string gap, long a, long b)
    {
        string separator = branch.Contains(' ', StringComparison.Ordinal) ? "," : " ";
        string text = $"{(gap.Length == 0 ? "" : $"b here\nnop\n{gap}\n")}here: {branch}{separator}there\n"
            + "ori v0,v0,1\nori v0,v0,16\nthere: nop\n";
        ulong near = new Rig(text) { [4] = (ulong)a, [5] = (ulong)b }.Run()[2];
        ulong far = new Rig(text.Replace("there: nop", "b stop\nnop\n.org 0x1000\nthere: nop",
            StringComparison.Ordinal)) { [4] = (ulong)a, [5] = (ulong)b }.Run()[2];
        ulong lines = new Rig(text, port: memory => new LinePort(memory)) { [4] = (ulong)a, [5] = (ulong)b }
            .RunThroughBlocks()[2];
        Assert.Equal(near, far);
        Assert.Equal(near, lines);
        return near;
    }
}
