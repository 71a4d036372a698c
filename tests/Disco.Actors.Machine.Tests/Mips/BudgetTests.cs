using System.Globalization;
using System.Text;
using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>Goal: nothing depends on how time is cut into runs. Random programs, random cuts, equal states.</summary>
[Trait("level", "weird")]
public sealed class BudgetTests
{
    private const long Cycles = 6000;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_program_on_pages_ends_in_the_same_state_however_it_is_cut(int seed) =>
        Compare(seed, lines: false);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_program_on_lines_that_block_ends_in_the_same_state_however_it_is_cut(int seed) =>
        Compare(seed, lines: true);

    /// <summary>A saved core goes on as the original does: derived structures hold no state.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Restored_core_goes_on_as_the_original(int seed)
    {
        string text = RandomProgram.Text(seed);
        Rig original = new(text);
        original.Run(Cycles / 2);
        Snapshot saved = new();
        original.Core.Save(saved);
        Rig copy = new(text);
        original.Memory.Span(0, 1 << 20).CopyTo(copy.Memory.Span(0, 1 << 20));
        copy.Core.Load(saved.Read());
        copy.Cycle = original.Cycle;

        original.Run(Cycles / 2);
        copy.Run(Cycles / 2);

        Assert.Equal(original.StateHash(), copy.StateHash());
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    private static void Compare(int seed, bool lines)
    {
        string text = RandomProgram.Text(seed);
        ulong whole = End(text, lines, _ => Cycles);
        SeededRandom random = new((ulong)seed);
        Assert.Equal(whole, End(text, lines, _ => 1));
        Assert.Equal(whole, End(text, lines, _ => 1 + random.Below(7)));
        Assert.Equal(whole, End(text, lines, _ => 1 + random.Below(200)));
    }

    private static ulong End(string text, bool lines, Func<long, long> budget)
    {
        Rig rig = new(text, port: lines ? memory => new LinePort(memory) : null);
        long blockedUntil = 0;
        while (rig.Cycle < Cycles)
        {
            rig.Cycle = Math.Max(rig.Cycle, blockedUntil);
            long used = rig.Core.Run(new Cycle(rig.Cycle), Math.Min(budget(rig.Cycle), Cycles - rig.Cycle));
            rig.Cycle += used;
            blockedUntil = rig.Core.Stop == Machine.Mips.RunStop.Blocked ? rig.Cycle + 50 : 0;
        }
        Assert.True(rig[23] > 0 || lines);
        return rig.StateHash();
    }
}

/// <summary>
/// Programs of random instructions in a loop: arithmetic, memory within a page, branches forward, traps and system
/// calls with a handler that skips them, timer interrupts, and stores over the program's own text.
/// </summary>
internal static class RandomProgram
{
    private static readonly string[] Registers =
        ["v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "s0", "s1"];

    public static string Text(int seed)
    {
        SeededRandom random = new((ulong)seed * 7919);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            b     start
            nop
            handler: mfc0 k0,$13
            andi  k1,k0,0x8000
            beqz  k1,skip
            mfc0  k1,$9
            addiu k1,k1,{40 + random.Below(300)}
            mtc0  k1,$11
            eret
            skip: dmfc0 k0,$14
            daddiu k0,k0,4
            dmtc0 k0,$14
            eret
            start: nop
            dli   k1,0xffffffff80000180
            la    t9,handler
            srl   t9,t9,2
            dli   k0,0x03ffffff
            and   t9,t9,k0
            lui   k0,0x0800
            or    t9,t9,k0
            sw    t9,0(k1)
            sw    zero,4(k1)
            dli   t8,{Rig.DataAddress}
            mfc0  k0,$9
            addiu k0,k0,90
            mtc0  k0,$11
            mfc0  k0,$12
            li    k1,0x8001
            or    k0,k0,k1
            mtc0  k0,$12
            la    t9,again

            """);
        text.Append("again: daddiu s7,s7,1\n");
        int length = 30 + random.Below(120);
        for (int i = 0; i < length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"l{i}: {Instruction(ref random, i, length)}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"l{length}: b again\ndaddu v0,v0,s7\n");
        return text.ToString();
    }

    private static string Instruction(ref SeededRandom random, int at, int length)
    {
        string d = Pick(ref random);
        string s = Pick(ref random);
        string t = Pick(ref random);
        string target = $"l{Math.Min(length, at + 2 + random.Below(30))}";
        int offset = random.Below(100) * 8;
        return random.Below(24) switch
        {
            0 => $"addu {d},{s},{t}",
            1 => $"daddu {d},{s},{t}",
            2 => $"dsubu {d},{s},{t}",
            3 => $"xor {d},{s},{t}",
            4 => $"addiu {d},{s},{random.Below(1000) - 500}",
            5 => $"sltu {d},{s},{t}",
            6 => $"dsll {d},{s},{random.Below(32)}",
            7 => $"dmultu {s},{t}",
            8 => $"mflo {d}",
            9 => $"ld {d},{offset}(t8)",
            10 => $"lw {d},{offset + 4}(t8)",
            11 => $"sd {s},{offset}(t8)",
            12 => $"sb {s},{offset + 3}(t8)",
            13 => $"swl {s},{offset + 1}(t8)",
            14 => $"beq {s},{t},{target}\n{Plain(ref random)}",
            15 => $"bnel {s},{t},{target}\n{Plain(ref random)}",
            16 => $"bltz {s},{target}\n{Plain(ref random)}",
            17 => $"bgezal {s},{target}\n{Plain(ref random)}",
            18 => "syscall",
            19 => $"add {d},{s},{t}",
            20 => $"b {target}\nsyscall",
            21 => $"tne {s},{t}",
            22 => $"lw {d},{1 + offset}(t8)",
            _ => $"lw k1,4(t9)\nsw k1,4(t9)\nori {d},{s},{random.Below(60000)}",
        };
    }

    private static string Plain(ref SeededRandom random) => random.Below(4) switch
    {
        0 => "nop",
        1 => $"daddiu {Pick(ref random)},{Pick(ref random)},3",
        2 => $"sd {Pick(ref random)},{random.Below(100) * 8}(t8)",
        _ => $"ld {Pick(ref random)},{random.Below(100) * 8}(t8)",
    };

    private static string Pick(ref SeededRandom random) => Registers[random.Below(Registers.Length)];
}
