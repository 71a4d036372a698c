using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>The interpreter's own promises: tail jumps, exact budgets.</summary>
[Trait("level", "basic")]
public sealed class InterpreterTests
{
    /// <summary>Goal: every record jumps to the next one, so a long run needs no more stack than a short one.</summary>
    [Fact]
    public void Loop_of_a_hundred_million_instructions_needs_no_stack()
    {
        Rig rig = new("""
            dli   a0,20000000
            move  v0,zero
            loop: daddiu a0,a0,-1
            daddu v0,v0,a0
            xor   v1,v0,a0
            bnez  a0,loop
            sltu  a1,v0,v1
            """);

        rig.Run(100_000_005);

        Assert.Equal(20000000UL * 19999999 / 2, rig[2]);
    }
}
