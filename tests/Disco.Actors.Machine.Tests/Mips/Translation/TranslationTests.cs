using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Tests.Differential;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips.Translation;

/// <summary>
/// Goal: whether and when instructions are translated changes nothing. Every program runs interpreted, translated at
/// once and translated after a while, and must leave the same registers, memory, cycles and counters.
/// </summary>
[Trait("level", "weird")]
public sealed class TranslationTests
{
    private const long Cycles = 6000;
    private const ulong Vector = 0x180;

    // After so many cycles a core decodes no more what it has decoded.
    private const long Warm = 100_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    /// <summary>Every instruction of the decode table but the privileged, on edge values. [MIPS64 Vol II]</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Sequence_of_any_instructions_has_the_interpreters_outcome(int seed)
    {
        SeededRandom random = new((ulong)seed * 31);
        bool lines = random.OneIn(2);
        bool bigEndian = random.OneIn(3);
        int cut = random.OneIn(2) ? 1 + random.Below(100) : (int)Cycles;
        ulong expected = SequenceEnd(seed, lines, bigEndian, translateAfter: null, cut);

        Assert.Equal(expected, SequenceEnd(seed, lines, bigEndian, translateAfter: 0, cut));
        Assert.Equal(expected, SequenceEnd(seed, lines, bigEndian, translateAfter: 0, (int)Cycles));
        Assert.Equal(expected, SequenceEnd(seed, lines, bigEndian, translateAfter: 0, 1));
    }

    /// <summary>Traps, system calls, timer interrupts, branches likely, stores over the program's own text.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_program_on_pages_has_the_interpreters_outcome(int seed) => Compare(seed, lines: false);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_program_on_lines_that_block_has_the_interpreters_outcome(int seed) => Compare(seed, lines: true);

    /// <summary>A loop that changes an instruction of its own each time round; SYNCI is not needed here.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Loop_that_rewrites_itself_executes_what_it_wrote(bool lines)
    {
        const string text = """
            la    t0,patched
            lw    t1,0(t0)
            li    t3,300
            again: patched: addiu v0,v0,1
            addiu t1,t1,1
            andi  t2,t3,7
            bnez  t2,keep
            nop
            sw    t1,0(t0)
            synci 0(t0)
            keep: addiu t3,t3,-1
            bnez  t3,again
            nop
            """;

        Rig interpreted = RigOf(text, lines, translateAfter: null);
        Rig translated = RigOf(text, lines, translateAfter: 0);
        RunTo(interpreted, Cycles, _ => Cycles);
        RunTo(translated, Cycles, _ => Cycles);

        Assert.True(interpreted[2] > 300);
        Assert.Equal(interpreted[2], translated[2]);
        Assert.Equal(interpreted.StateHash(), translated.StateHash());
        Assert.True(translated.Core.RegionsFound > 0);
    }

    /// <summary>An exception in a delay slot reports the branch's address and BD. [Vol III, 9.25, 9.26]</summary>
    [Theory]
    [InlineData("bnez t0,again", "lw v0,0(t8)")]
    [InlineData("bnezl t0,again", "lw v0,0(t8)")]
    [InlineData("jr t9", "sd v0,8(t8)")]
    [InlineData("j again", "teq t1,t2")]
    public void Fault_in_the_delay_slot_of_a_translated_branch_reports_the_branch(string branch, string slot)
    {
        string text = $"""
            la    t9,again
            li    t2,50
            dli   t8,{Rig.DataAddress}
            li    s3,3
            again: addiu t1,t1,1
            li    t0,1
            xor   s4,t1,t2
            movz  t8,s3,s4
            {branch}
            {slot}
            """;

        Rig interpreted = RigOf(text, lines: false, translateAfter: null).Run(2000);
        Rig translated = RigOf(text, lines: false, translateAfter: 0).Run(2000);

        Assert.True(translated.Core.RegionsFound > 0);
        Assert.Equal(50UL, interpreted[13]);
        Assert.Equal(interpreted.Core.Epc, translated.Core.Epc);
        Assert.Equal(1u, translated.Core.Cause >> 31);
        Assert.Equal(interpreted.StateHash(), translated.StateHash());
    }

    /// <summary>A loop that leaves for a call each time round stays equal at every budget from 1 on.</summary>
    [Fact]
    public void Budget_ends_a_translated_loop_at_every_instruction_alike()
    {
        const string text = """
            dli   t8,0xffffffff80020000
            again: jal  twice
            daddiu a0,a0,1
            sd    v0,0(t8)
            ld    a0,0(t8)
            bgezal a0,twice
            nop
            b     again
            xor   a0,a0,v0
            twice: jr ra
            daddu v0,a0,a0
            """;
        for (int budget = 1; budget < 40; budget++)
        {
            Rig interpreted = RigOf(text, lines: true, translateAfter: null);
            Rig translated = RigOf(text, lines: true, translateAfter: 0);
            for (int i = 0; i < 60; i++)
            {
                RunTo(interpreted, interpreted.Cycle + budget, _ => budget);
                RunTo(translated, translated.Cycle + budget, _ => budget);
                Assert.Equal(
                    (interpreted.Core.Pc, interpreted.Core.InDelaySlot, interpreted.Cycle),
                    (translated.Core.Pc, translated.Core.InDelaySlot, translated.Cycle));
            }
            Assert.Equal(interpreted.StateHash(), translated.StateHash());
        }
    }

    /// <summary>Cores on several threads decode, translate and execute the same instructions at once.</summary>
    [Fact]
    public void Programs_that_share_their_decoded_instructions_end_on_many_threads_as_on_one()
    {
        const int programs = 12;
        ulong[] ends = new ulong[8 * programs];

        Parallel.For(0, ends.Length, i => ends[i] = EndOf(i % programs, translateAfter: 0));

        for (int i = 0; i < ends.Length; i++)
        {
            Assert.Equal(EndOf(i % programs, translateAfter: null), ends[i]);
        }

        static ulong EndOf(int seed, int? translateAfter) =>
            End(RandomProgram.Text(1000 + seed), lines: true, translateAfter, _ => 50);
    }

    /// <summary>
    /// A region of a loop with a path that one core took and another never does: it has not fetched that line, and
    /// comes to execute a region without it.
    /// </summary>
    [Fact]
    public void Core_that_never_takes_a_path_of_a_shared_loop_executes_it_translated_too()
    {
        string line = string.Concat(Enumerable.Repeat("daddiu v0,v0,3\n", 16));
        string text = $"again: {line}{line}beqz a0,again\nnop\n{line}b again\nnop";
        // A kind of cores of its own, and its blocks such as no core replaces any more.
        const int after = 3;
        RunTo(RigOf("nop", lines: true, after), Warm, _ => Warm);
        RunTo(RigOf("nop", lines: true, after), Warm, _ => Warm);
        Rig taking = RigOf(text, lines: true, after);
        taking[4] = 1;
        RunTo(taking, Warm, _ => Warm);
        Rig passing = RigOf(text, lines: true, after);
        RunTo(passing, Warm, _ => Warm);

        Assert.Equal(0, taking.Core.RegionsNarrowed);
        Assert.Equal(1, passing.Core.RegionsNarrowed);

        Rig interpreted = RigOf(text, lines: true, translateAfter: null);
        RunTo(interpreted, Warm, _ => Warm);
        Assert.Equal(interpreted.StateHash(), passing.StateHash());
    }

    private static void Compare(int seed, bool lines)
    {
        string text = RandomProgram.Text(seed);
        ulong interpreted = End(text, lines, translateAfter: null, _ => Cycles);
        SeededRandom random = new((ulong)seed);
        Assert.Equal(interpreted, End(text, lines, translateAfter: 0, _ => Cycles));
        Assert.Equal(interpreted, End(text, lines, translateAfter: 0, _ => 1 + random.Below(7)));
        Assert.Equal(interpreted, End(text, lines, translateAfter: 0, _ => 1 + random.Below(200)));
    }

    private static ulong End(string text, bool lines, int? translateAfter, Func<long, long> budget)
    {
        Rig rig = RigOf(text, lines, translateAfter);
        RunTo(rig, Cycles, budget);
        Assert.Equal(translateAfter is not null, rig.Core.RegionsFound > 0);
        return rig.StateHash();
    }

    private static ulong SequenceEnd(int seed, bool lines, bool bigEndian, int? translateAfter, int cut)
    {
        const string skip = """
            dmfc0 k0,$14
            daddiu k0,k0,4
            dmtc0 k0,$14
            eret
            """;
        Rig rig = RigOf("nop", lines, translateAfter, bigEndian);
        rig.Handler(Vector, skip);
        SequenceGenerator generator = new((ulong)seed);
        List<uint> words = [];
        for (int i = 0; i < 8; i++)
        {
            words.AddRange(generator.Next(20, floating: (seed + i) % 3 == 0));
        }
        // b to the first word; nop.
        words.Add(0x1000_0000u | (ushort)-(words.Count + 1));
        words.Add(0);
        WriteWords(rig, words);
        for (int i = 1; i < 30; i++)
        {
            rig[i] = generator.Value();
        }
        rig[30] = Rig.DataAddress;
        for (int i = 0; i < 32; i++)
        {
            rig.Core.SetFloatRegister(i, generator.FloatingValue());
        }
        rig.Core.Fcsr = generator.RoundingMode() | (seed % 5 == 0 ? 0xF80u : 0) | (seed % 4 == 0 ? 1u << 24 : 0);
        RunTo(rig, Cycles, _ => cut);
        // In runs of a few cycles nothing arrives by a branch.
        Assert.True(rig.Core.RegionsFound > 0 || translateAfter is null || cut < 100);
        return rig.StateHash();
    }

    private static void WriteWords(Rig rig, List<uint> words)
    {
        Span<byte> text = rig.Memory.Span(Rig.TextAddress & 0x1FFF_FFFF, words.Count * 4);
        for (int i = 0; i < words.Count; i++)
        {
            if (rig.Core.Config.BigEndian)
            {
                BinaryPrimitives.WriteUInt32BigEndian(text[(i * 4)..], words[i]);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(text[(i * 4)..], words[i]);
            }
        }
    }

    private static Rig RigOf(string text, bool lines, int? translateAfter, bool bigEndian = false) => new(
        text,
        new CoreConfig { TranslateAfter = translateAfter, BigEndian = bigEndian },
        lines ? memory => new LinePort(memory) : null);

    private static void RunTo(Rig rig, long end, Func<long, long> budget)
    {
        long blockedUntil = 0;
        while (rig.Cycle < end)
        {
            rig.Cycle = Math.Max(rig.Cycle, blockedUntil);
            rig.Cycle += rig.Core.Run(new Cycle(rig.Cycle), Math.Min(budget(rig.Cycle), Math.Max(1, end - rig.Cycle)));
            blockedUntil = rig.Core.Stop == RunStop.Blocked ? rig.Cycle + 50 : 0;
        }
    }
}
