using System.Globalization;
using System.Text;
using Disco.Actors.TestKit;

namespace Disco.Actors.Simulation.Tests.GuestLitmus;

/// <summary>
/// The guest around a litmus program: all CPUs start through the board's registers, and then, as often as asked for,
/// one of them resets x and y, all meet at a barrier, load what they happen to (so that copies lie about), wait a
/// random moment, execute their column and store what they saw.
/// </summary>
/// <param name="Litmus">The program.</param>
/// <param name="Iterations">How often.</param>
/// <param name="Seed">Of the random moments.</param>
/// <param name="DistanceBytes">From x to y: in one line, in one node, or in two.</param>
/// <param name="SkewMask">Of the number of turns of the waiting loop, each two cycles.</param>
internal sealed record LitmusImage(LitmusText Litmus, int Iterations, ulong Seed, int DistanceBytes, int SkewMask)
{
    private const ulong Kseg0 = 0xffff_ffff_8000_0000;
    private const ulong Barrier = 0x0020_0000;
    private const ulong Variables = 0x0020_1000;
    private const ulong Results = 0x0030_0000;
    private const int RecordBytes = 16;

    /// <summary>Physical address of what a CPU saw in an iteration: v0, v1. The CPU after the last stands for x, y.
    /// </summary>
    public ulong RecordOf(int iteration, int cpu) =>
        Results + (ulong)((iteration * (Litmus.Cpus + 1)) + cpu) * RecordBytes;

    public byte[] Assemble() => GuestElf.Assemble(Text());

    private string Text()
    {
        StringBuilder text = new();
        text.Append(Start);
        text.Append(CultureInfo.InvariantCulture, $"""
                    dli     s1,0x{Kseg0 + Barrier:x}
                    dli     a0,0x{Kseg0 + Variables:x}
                    daddiu  a1,a0,{DistanceBytes}
                    dli     s3,0x{Kseg0 + RecordOf(0, 0):x}
                    li      s2,{Iterations}
                    dli     s4,0x{Seed | 1:x}
                    daddiu  t0,s0,1
                    dmultu  s4,t0
                    mflo    s4
                    move    s5,zero
                    bnez    s0,loop
                    nop
                    # CPU 0 lets the others go: which, where, coherent, exception base, go.
                    li      t1,1
            release: li     t0,{Litmus.Cpus}
                    beq     t1,t0,loop
                    nop
                    sll     t0,t1,16
                    sw      t0,0x2018(s6)
                    lui     t0,0xa010
                    sw      t0,0x4020(s6)
                    sw      zero,0x4008(s6)
                    lui     t0,0x4000
                    sw      t0,0x4030(s6)
                    sw      zero,0x4000(s6)
                    addiu   t1,t1,1
                    b       release
                    nop

            """);
        AppendLoop(text);
        for (int cpu = 0; cpu < Litmus.Cpus; cpu++)
        {
            text.Append(CultureInfo.InvariantCulture, $"column{cpu}:\n{Litmus.Columns[cpu]}    b record\n    nop\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{BarrierText.Replace("CPUS", $"{Litmus.Cpus}")}");
        return text.ToString();
    }

    private void AppendLoop(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"""
            loop:   bal     barrier
                    nop
                    # The CPUs take turns in resetting.
                    andi    t0,s2,{Litmus.Cpus - 1}
                    bne     t0,s0,1f
                    nop
                    li      t0,{Litmus.Initial[0]}
                    sd      t0,0(a0)
                    li      t0,{Litmus.Initial[1]}
                    sd      t0,0(a1)
            1:      bal     barrier
                    nop
                    # Marsaglia's xorshift.
                    dsll    t0,s4,13
                    xor     s4,s4,t0
                    dsrl    t0,s4,7
                    xor     s4,s4,t0
                    dsll    t0,s4,17
                    xor     s4,s4,t0
                    andi    t0,s4,1
                    beqz    t0,2f
                    nop
                    ld      t1,0(a0)
            2:      andi    t0,s4,2
                    beqz    t0,3f
                    nop
                    ld      t1,0(a1)
            3:      dsrl    t0,s4,8
                    andi    t0,t0,{SkewMask}
            4:      bnez    t0,4b
                    daddiu  t0,t0,-1
                    move    v0,zero
                    move    v1,zero

            """);
        for (int cpu = 0; cpu < Litmus.Cpus - 1; cpu++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    li t0,{cpu}\n    beq s0,t0,column{cpu}\n    nop\n");
        }
        AppendRecord(text);
    }

    private void AppendRecord(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"""
                    b       column{Litmus.Cpus - 1}
                    nop
            record: dsll    t0,s0,4
                    daddu   t0,t0,s3
                    sd      v0,0(t0)
                    sd      v1,8(t0)
                    bal     barrier
                    nop
                    bnez    s0,5f
                    nop
                    ld      t0,0(a0)
                    sd      t0,{Litmus.Cpus * RecordBytes}(s3)
                    ld      t0,0(a1)
                    sd      t0,{(Litmus.Cpus * RecordBytes) + 8}(s3)
            5:      daddiu  s3,s3,{(Litmus.Cpus + 1) * RecordBytes}
                    addiu   s2,s2,-1
                    bnez    s2,loop
                    nop
                    bal     barrier
                    nop
                    bnez    s0,6f
                    nop
                    # Power off with code 0.
                    lui     t0,0x11
                    daddu   t0,t0,s6
                    li      t1,0x5555
                    sw      t1,0(t0)
            6:      wait
                    b       6b
                    nop

            """);
    }

    // Every CPU: 64-bit addresses, into the coherent domain, cacheable KSEG0, and there. [Board: start of a core]
    private const string Start = """
        start:  li      t0,0x00400080
                mtc0    t0,$12
                mtc0    zero,$13
                ehb
                mfc0    s0,$15,1
                andi    s0,s0,0x3ff
                dli     s6,0x90000000e0000000
                li      t0,0xff
                sw      t0,0x2008(s6)
                beqz    s0,1f
                nop
                mfc0    t0,$16
                li      t1,5
                ins     t0,t1,0,3
                mtc0    t0,$16
                ehb
        1:      la      t0,cached
                jr      t0
                nop
        cached: nop

        """;

    // A counter by LL/SC, and a sense on a line of its own that turns when the last one comes.
    private const string BarrierText = """
        barrier: xori   s5,s5,1
        1:      ll      t0,0(s1)
                addiu   t0,t0,1
                move    t1,t0
                sc      t0,0(s1)
                beqz    t0,1b
                nop
                li      t2,CPUS
                bne     t1,t2,2f
                nop
                sw      zero,0(s1)
                sw      s5,128(s1)
                jr      ra
                nop
        2:      lw      t0,128(s1)
                bne     t0,s5,2b
                nop
                jr      ra
                nop

        """;
}
