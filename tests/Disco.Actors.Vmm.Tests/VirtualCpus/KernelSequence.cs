using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Disco.Actors.Core;
using Disco.Actors.TestKit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// Makes kernels of random privileged instructions, TLB entries and accesses through them, whose outcome does not
/// depend on time. Exceptions are taken into account in a running sum: their cause, place and addresses.
/// </summary>
internal static class KernelSequence
{
    private const int Steps = 120;

    // The sum is in k1 ($27); k0 ($26) and at ($1) are the handler's. A delay slot's exception skips its branch too.
    private const string Handler = """
        mfc0 $26, $13
        lui $1, 0xb000
        ori $1, $1, 0x007c
        and $1, $26, $1
        daddu $27, $27, $1
        dsll $1, $27, 5
        daddu $27, $27, $1
        dmfc0 $1, $8
        xor $27, $27, $1
        dmfc0 $1, $4
        daddu $27, $27, $1
        dmfc0 $1, $20
        daddu $27, $27, $1
        dmfc0 $1, $10
        xor $27, $27, $1
        dmfc0 $1, $14
        daddu $27, $27, $1
        daddiu $1, $1, 4
        bgez $26, 1f
        nop
        daddiu $1, $1, 4
        1: dmtc0 $1, $14
        eret
        nop
        """;

    // Registers whose value the guest alone determines.
    private static readonly string[] Registers =
    [
        "$0", "$2", "$3", "$4", "$4, 2", "$5", "$5, 1", "$6", "$7", "$8", "$10", "$12", "$14", "$15", "$15, 1", "$16",
        "$16, 1", "$16, 2", "$16, 3", "$16, 4", "$20", "$30", "$31, 2", "$31, 3",
    ];

    private static readonly string[] Writable =
        ["$0", "$4", "$4, 2", "$6", "$7", "$8", "$14", "$15", "$20", "$30", "$31, 2", "$31, 3", "$16, 1"];

    /// <summary>A little-endian kernel that ends with the power controller.</summary>
    /// <param name="seed">Another seed, another kernel.</param>
    /// <param name="byPage">
    /// It asks the monitor for the page of privileged registers, and does by loads and stores of it whatever can be.
    /// </param>
    public static byte[] Make(ulong seed, bool byPage = false)
    {
        SeededRandom random = new(seed);
        ulong status = 0x3000_00E0 | (random.OneIn(2) ? 0x0400_0000UL : 0);
        string[] lines =
        [
            $"li $2, 0x{status:x}", "mtc0 $2, $12", "move $27, $0",
            "lui $25, 0x8040",
        ];
        // At the same addresses in both forms.
        string page = $"ori $4, $0, 0x400\nori $2, $0, 2\n{(byPage ? ".word 0x42000028" : "nop")}\n";
        StringBuilder body = new(page + string.Join('\n', lines) + "\n");
        for (int register = 3; register < 23; register++)
        {
            body.Append($"li ${register}, {random.Below(1 << 20)}\n");
        }
        for (int step = 0; step < Steps; step++)
        {
            body.Append(Step(ref random, step)).Append('\n');
        }
        body.Append("""
            lui $2, 0x9000
            dsll32 $2, $2, 0
            lui $3, 0xe011
            dsll32 $3, $3, 0
            dsrl32 $3, $3, 0
            or $2, $2, $3
            ori $3, $0, 0x5555
            sw $3, 0($2)
            1: b 1b
            nop
            """);
        return byPage ? Link(ByPage(body.ToString()), ByPage(Handler)) : Link(body.ToString(), Handler);
    }

    // Loads of the registers the page has, stores of those it takes: the address is in t9 ($25).
    private static string ByPage(string program)
    {
        string loads = Regex.Replace(
            program, @"\bdmfc0 (\$\d+), \$(2|3|4|8|10|12|13|14)\b(?!,)", match => Access("ld", match));
        string words = Regex.Replace(
            loads, @"\bmfc0 (\$\d+), \$(4|8|10|12|13|14)\b(?!,)", match => Access("lw", match));
        return Regex.Replace(words, @"\bdmtc0 (\$\d+), \$(2|3|14)\b(?!,)", match => Access("sd", match));
    }

    private static string Access(string instruction, Match match)
    {
        int offsetBytes = 8 * int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
        return $"{instruction} {match.Groups[1].Value}, {offsetBytes}($25)";
    }

    private static byte[] Link(string body, string handler)
    {
        const ulong origin = 0xffff_ffff_8000_0000;
        byte[] code = Machine.Mips.Isa.Assembler.Assemble(body, origin + 0x1000).Bytes;
        byte[] image = new byte[0x1000 + code.Length];
        foreach (int vector in (int[])[0x000, 0x080, 0x180, 0x200])
        {
            // A handler is longer than the distance of the first vectors: they jump to one behind.
            Machine.Mips.Isa.Assembler.Assemble("j 0xffffffff80000400\nnop", origin + (ulong)vector)
                .Bytes.CopyTo(image, vector);
        }
        Machine.Mips.Isa.Assembler.Assemble(handler, origin + 0x400).Bytes.CopyTo(image, 0x400);
        code.CopyTo(image, 0x1000);
        return new ElfWriter
        {
            Machine = ElfWriter.Mips,
            Entry = origin + 0x1000,
            Segments = { (origin, image, (ulong)image.Length) },
        }.Build();
    }

    private static string Step(ref SeededRandom random, int step)
    {
        int rt = 3 + random.Below(20);
        int rs = 3 + random.Below(20);
        int page = random.Below(16);
        int asid = random.Below(3);
        return random.Below(16) switch
        {
            0 => $"dmfc0 ${rt}, {Registers[random.Below(Registers.Length)]}",
            1 => $"mfc0 ${rt}, {Registers[random.Below(Registers.Length)]}",
            2 => $"mtc0 ${rt}, {Writable[random.Below(Writable.Length)]}",
            3 => $"dmtc0 ${rt}, {Writable[random.Below(Writable.Length)]}",
            4 or 5 => Entry(ref random, page, asid),
            6 => $"li $2, {(page << 13) | asid}\ndmtc0 $2, $10\ntlbp\nmfc0 ${rt}, $0",
            7 => $"li $2, {random.Below(8)}\nmtc0 $2, $0\ntlbr\ndmfc0 ${rt}, $2\ndmfc0 ${rs}, $10\n"
                + $"li $2, {asid}\ndmtc0 $2, $10",
            8 or 9 => $"li $2, {(page << 13) + (random.Below(2) << 12) + (8 * random.Below(64))}\nld ${rt}, 0($2)",
            10 or 11 => $"li $2, {(page << 13) + (random.Below(2) << 12) + (8 * random.Below(64))}\nsd ${rt}, 0($2)",
            12 => $"lui $2, 0x8020\nll ${rt}, 0($2)\ntlbp\ntlbr\naddiu ${rt}, ${rt}, {step}\nsc ${rt}, 0($2)\n"
                + $"li $2, {asid}\ndmtc0 $2, $10",
            13 => random.Below(6) switch
            {
                0 => "syscall",
                1 => "break",
                2 => $"beq $0, $0, 1f\nsyscall\n1: daddu ${rt}, ${rt}, ${rs}",
                3 => random.OneIn(4) ? "tlbinvf" : "tlbinv",
                4 => $"beq $0, $0, 1f\nmfc0 ${rt}, $14\n1: nop",
                _ => $"lh ${rt}, 1($0)",
            },
            14 => random.Below(5) switch
            {
                0 => "di",
                1 => $"di ${rt}",
                2 => $"rdhwr ${rt}, $0",
                3 => $"rdhwr ${rt}, $29",
                _ => "cache 0, 0($0)",
            },
            _ => $"daddu ${rt}, ${rt}, ${rs}\nxor ${rs}, ${rs}, ${rt}",
        };
    }

    // A pair of pages in the fourth megabyte, written by index.
    private static string Entry(ref SeededRandom random, int page, int asid)
    {
        int Low(ref SeededRandom r) => ((0x300 + r.Below(64)) << 6) | (r.Below(4) << 1) | 0x18 | (r.OneIn(4) ? 1 : 0);
        int mask = random.OneIn(8) ? 0x6000 : 0;
        return $"li $2, {(page << 13) | asid}\ndmtc0 $2, $10\nli $2, {Low(ref random)}\ndmtc0 $2, $2\n"
            + $"li $2, {Low(ref random)}\ndmtc0 $2, $3\nli $2, {mask}\nmtc0 $2, $5\n"
            + $"li $2, {random.Below(8)}\nmtc0 $2, $0\ntlbwi";
    }
}
