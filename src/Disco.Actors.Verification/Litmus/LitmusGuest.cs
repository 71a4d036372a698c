using System.Globalization;
using System.Numerics;
using System.Text;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Verification.Litmus;

/// <summary>
/// The guest around a litmus test: all CPUs start through the board's registers, and then, as often as asked for,
/// one of them resets the words, all meet at a barrier, load what they happen to (so that copies lie about), wait a
/// random moment, execute their column and store what they saw.
/// </summary>
/// <param name="Test">With code.</param>
/// <param name="Iterations">How often.</param>
/// <param name="Seed">Of the random moments.</param>
/// <param name="DistanceBytes">From one word to the next: in one line, in one node, or in two.</param>
/// <param name="SkewMask">Of the number of turns of the waiting loop, each two cycles.</param>
public sealed record LitmusGuest(LitmusTest Test, int Iterations, ulong Seed, int DistanceBytes, int SkewMask)
{
    /// <summary>Words that lie so far apart have frames of their own.</summary>
    public const int PageDistance = 4096;

    /// <summary>Physical address of a word that is 1 when all is done and the guest <see cref="StaysOn"/>.</summary>
    public const ulong Done = Barrier + 0x100;

    private const ulong Kseg0 = 0xffff_ffff_8000_0000;
    private const ulong Base = 0xffff_ffff_8010_0000;
    private const ulong Barrier = 0x0020_0000;
    private const ulong Variables = 0x0020_1000;
    private const ulong Results = 0x0030_0000;
    private const int RecordBytes = 16;
    private const int WordBytes = LitmusRegisters.Words * sizeof(ulong);

    /// <summary>At the end it sets <see cref="Done"/> and waits, instead of switching itself off.</summary>
    public bool StaysOn { get; init; }

    /// <summary>A power of two; those beyond the test's columns only meet the others.</summary>
    public int Cpus => Math.Max(2, (int)BitOperations.RoundUpToPowerOf2((uint)Test.Cpus));

    // With code 0.
    private const string PowerOff = """
                    lui     t0,0x11
                    daddu   t0,t0,s6
                    li      t1,0x5555
                    sw      t1,0(t0)
        """;

    private const string SayDone = """
                    li      t1,1
                    sd      t1,256(s1)
        """;

    private int IterationBytes => (Cpus * RecordBytes) + WordBytes;

    public ElfImage Assemble() => LitmusElf.Of(Assembler.Assemble(Text(), Base).Bytes, Base, Test.Name);

    /// <summary>Physical address at which an iteration left the value of a place.</summary>
    public ulong AddressOf(int iteration, string place)
    {
        ulong record = Results + (ulong)(iteration * IterationBytes);
        int word = Array.IndexOf(LitmusRegisters.WordNames, place);
        return word >= 0
            ? record + (ulong)((Cpus * RecordBytes) + (word * sizeof(ulong)))
            : record + (ulong)((place[0] - '0') * RecordBytes)
                + (place.EndsWith("v1", StringComparison.Ordinal) ? 8UL : 0);
    }

    private string Text()
    {
        StringBuilder text = new();
        text.Append(LitmusGuestText.Start);
        text.Append(CultureInfo.InvariantCulture, $"""
                    dli     s1,0x{Kseg0 + Barrier:x}
                    dli     a0,0x{Kseg0 + Variables:x}
                    daddiu  a1,a0,{DistanceBytes}
                    daddiu  a2,a1,{DistanceBytes}
                    daddiu  a3,a2,{DistanceBytes}
                    dli     gp,0xffffffffe0000000
                    dli     fp,0xffffffffe0002000
                    dli     s3,0x{Kseg0 + Results:x}
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
            release: li     t0,{Cpus}
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
        for (int cpu = 0; cpu < Cpus; cpu++)
        {
            text.Append(CultureInfo.InvariantCulture, $"column{cpu}:\n");
            if (cpu < Test.Cpus)
            {
                AppendColumn(text, cpu);
            }
            text.Append("    b record\n    nop\n");
        }
        text.Append(LitmusGuestText.Barrier.Replace("CPUS", $"{Cpus}", StringComparison.Ordinal));
        return text.ToString();
    }

    private void AppendLoop(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"""
            loop:   bal     barrier
                    nop

            """);
        text.Append(Test.Translates ? LitmusGuestText.Flush + "    dmtc0 zero,$10\n    ehb\n" : "");
        text.Append(CultureInfo.InvariantCulture, $"""
                    # The CPUs take turns in resetting.
                    andi    t0,s2,{Cpus - 1}
                    bne     t0,s0,1f
                    nop

            """);
        for (int word = 0; word < LitmusRegisters.Words; word++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    li t0,{Test.Initial[word]}\n    sd t0,0(a{word})\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"""
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

            """);
        foreach (string register in LitmusRegisters.Values[..^1])
        {
            text.Append(CultureInfo.InvariantCulture, $"    move {register},zero\n");
        }
        for (int cpu = 0; cpu < Cpus - 1; cpu++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    li t9,{cpu}\n    beq s0,t9,column{cpu}\n    nop\n");
        }
        AppendRecord(text);
    }

    private void AppendRecord(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"""
                    b       column{Cpus - 1}
                    nop
            record: dsll    t0,s0,4
                    daddu   t0,t0,s3
                    sd      v0,0(t0)
                    sd      v1,8(t0)
                    bal     barrier
                    nop
                    bnez    s0,5f
                    nop

            """);
        for (int word = 0; word < LitmusRegisters.Words; word++)
        {
            int offset = (Cpus * RecordBytes) + (word * sizeof(ulong));
            text.Append(CultureInfo.InvariantCulture, $"    ld t0,0(a{word})\n    sd t0,{offset}(s3)\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"""
            5:      daddiu  s3,s3,{IterationBytes}
                    addiu   s2,s2,-1
                    bnez    s2,loop
                    nop
                    bal     barrier
                    nop
                    bnez    s0,6f
                    nop
            {(StaysOn ? SayDone : PowerOff)}
            6:      wait
                    b       6b
                    nop

            """);
    }

    /// <summary>The instructions as written, those that stand for several spelt out, labels by number.</summary>
    private void AppendColumn(StringBuilder text, int cpu)
    {
        LitmusInstruction[] thread = Test.Threads[cpu];
        for (int i = 0; i < thread.Length; i++)
        {
            LitmusInstruction one = thread[i];
            if (thread.Any(other => other.IsBranch && other.Value == i))
            {
                text.Append(CultureInfo.InvariantCulture, $"at{cpu}_{i}:\n");
            }
            text.Append(one.Op switch
            {
                LitmusOp.Map => LitmusGuestText.Map(one.Target, one.First),
                LitmusOp.Flush => LitmusGuestText.Flush,
                LitmusOp.Asid => $"    li t8,{one.Value}\n    dmtc0 t8,$10\n    ehb\n",
                LitmusOp.Branch => $"    b at{cpu}_{one.Value}\n",
                LitmusOp.BranchZero => $"    beqz {LitmusRegisters.Values[one.First]},at{cpu}_{one.Value}\n",
                LitmusOp.BranchNotZero => $"    bnez {LitmusRegisters.Values[one.First]},at{cpu}_{one.Value}\n",
                _ => $"    {one.Text}\n",
            });
        }
        if (thread.Any(one => one.IsBranch && one.Value == thread.Length))
        {
            text.Append(CultureInfo.InvariantCulture, $"at{cpu}_{thread.Length}:\n");
        }
    }
}
