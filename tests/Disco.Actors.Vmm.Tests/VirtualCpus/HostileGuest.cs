using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips.Isa;
using Disco.Actors.TestKit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// Makes guests that nobody would write: random words, random privileged instructions with random registers, TLB
/// entries to anywhere, monitor calls with garbage, jumps and accesses all over the address space.
/// </summary>
internal static class HostileGuest
{
    private const int Words = 512;
    private const uint MonitorCall = 0x4200_0028;
    private const ulong Base = 0xffff_ffff_8000_0000;

    // Vectors, where the guest goes on after an exception: skip the instruction and return, or just run on.
    private const string Handlers = """
        mfc0 $26, $14
        daddiu $26, $26, 4
        mtc0 $26, $14
        eret
        nop
        """;

    private static readonly ulong[] Places =
    [
        0, 0x1000, 0x7fff_fff8, 0xffff_ffff_8010_0000, 0xffff_ffff_a010_0000, 0xffff_ffff_8000_0180,
        0xffff_ffff_bfc0_0000, 0xffff_ffff_c000_0000, 0xffff_ffff_e000_0000, 0x9000_0000_e000_0000,
        0x9000_0000_e002_8000, 0x9000_0000_e010_0000, 0x9000_0000_e012_0000, 0x9000_0000_e020_0000,
        0x9000_0000_0010_0000, 0x9800_0000_ffff_f000, 0xc000_0000_0000_0000, 0x4000_0000_0000_1000,
        0xffff_ffff_ffff_fff8, 0x8000_0000_0000_0000, 0x9000_000f_ffff_f000,
    ];

    public static byte[] Make(ulong seed)
    {
        SeededRandom random = new(seed);
        byte[] text = new byte[0x1000 + (Words * sizeof(uint))];
        byte[] handlers = Assembler.Assemble(Handlers, 0xffff_ffff_8000_0000).Bytes;
        foreach (int vector in (int[])[0x000, 0x080, 0x180, 0x200])
        {
            if (!random.OneIn(8))
            {
                handlers.CopyTo(text, vector);
            }
        }
        List<uint> words = [.. Prologue(ref random)];
        while (words.Count < Words)
        {
            words.AddRange(Step(ref random));
        }
        for (int i = 0; i < Words; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(text.AsSpan(0x1000 + (i * sizeof(uint))), words[i]);
        }
        return new ElfWriter
        {
            Machine = ElfWriter.Mips,
            Entry = Base + 0x1000,
            Segments = { (Base, text, (ulong)text.Length) },
        }.Build();
    }

    // BEV off, FPU and wide addresses as it comes; then registers full of places.
    private static uint[] Prologue(ref SeededRandom random)
    {
        uint status = 0x3000_00E0 | (random.OneIn(2) ? 0x0400_0000u : 0) | (random.OneIn(2) ? 0xFF01u : 0);
        List<uint> words = [.. Load(2, status), 0x4080_6000 | (2 << 16)];
        for (uint register = 3; register < 26; register++)
        {
            words.AddRange(Load(register, Places[random.Below(Places.Length)] + (ulong)(8 * random.Below(16))));
        }
        return [.. words];
    }

    // LUI, ORI, DSLL, ORI, DSLL, ORI: any constant.
    private static uint[] Load(uint register, ulong value) =>
    [
        0x3C00_0000 | (register << 16) | (uint)(value >> 48),
        0x3400_0000 | (register << 21) | (register << 16) | ((uint)(value >> 32) & 0xFFFF),
        (register << 16) | (register << 11) | (16 << 6) | 0x38,
        0x3400_0000 | (register << 21) | (register << 16) | ((uint)(value >> 16) & 0xFFFF),
        (register << 16) | (register << 11) | (16 << 6) | 0x38,
        0x3400_0000 | (register << 21) | (register << 16) | ((uint)value & 0xFFFF),
    ];

    private static uint[] Step(ref SeededRandom random)
    {
        uint rs = (uint)random.Below(32);
        uint rt = (uint)random.Below(32);
        uint rd = (uint)random.Below(32);
        uint word = (uint)random.Next();
        uint[] functions = [1, 2, 6, 8, 3, 4, 0x18, 0x20];
        return random.Below(12) switch
        {
            0 => [word],
            // MTC0, DMTC0, MFC0, DMFC0 of any register and select.
            1 => [0x4080_0000 | (rt << 16) | (rd << 11) | (word & 7)],
            2 => [0x40A0_0000 | (rt << 16) | (rd << 11) | (word & 7)],
            3 => [0x4000_0000 | (rt << 16) | (rd << 11) | (word & 7)],
            // TLBR, TLBWI, TLBWR, TLBP, TLBINV, TLBINVF, ERET, WAIT.
            4 => [0x4200_0000 | functions[random.Below(functions.Length)]],
            // Entries to anywhere, written by chance.
            5 =>
            [
                0x40A0_0000 | (rt << 16) | (2 << 11), 0x40A0_0000 | (rs << 16) | (3 << 11),
                0x40A0_0000 | (rd << 16) | (10 << 11), 0x4200_0006,
            ],
            // A monitor call of some number with whatever is in a0 to a3.
            6 => [0x2402_0000 | (uint)random.Below(24), MonitorCall | (word & 0x01FF_FFC0)],
            7 => [0x2404_0000 | (word & 0xFFF), 0x2402_0000 | (uint)random.Below(16), MonitorCall],
            // Loads and stores at the places.
            8 => [0xDC00_0000 | (rs << 21) | (rt << 16) | (word & 0x78)],
            9 => [0xAC00_0000 | (rs << 21) | (rt << 16) | (word & 0x7C)],
            10 => [0x8C00_0000 | (rs << 21) | (rt << 16) | (word & 0x7C)],
            // JR, CACHE, SYNCI, a branch back.
            _ => random.Below(4) switch
            {
                0 => [(rs << 21) | 8, 0],
                1 => [0xBC00_0000 | (rs << 21) | (rt << 16) | (word & 0xFFFF)],
                2 => [0x041F_0000 | (rs << 21) | (word & 0xFFFF)],
                _ => [0x1000_0000 | (rs << 21) | (rt << 16) | (uint)(ushort)-random.Below(64), 0],
            },
        };
    }
}
