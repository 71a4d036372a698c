using System.Globalization;

namespace Disco.Actors.Verification.Litmus;

/// <summary>The parts of a litmus guest that are the same for all tests. They use t8, t9, k0 and k1.</summary>
internal static class LitmusGuestText
{
    // Every CPU: 64-bit addresses, into the coherent domain, cacheable KSEG0, and there. [Board: start of a core]
    public const string Start = """
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
    public const string Barrier = """
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

    // The first entries of the TLB become pages of KSEG0, which no access looks for. (MIPS64 manual, vol. III, TLB)
    public const string Flush = """
                dmfc0   t8,$10
                mtc0    zero,$5
                li      t9,7
        9:      dli     k0,0xffffffff80000000
                dsll    k1,t9,13
                daddu   k0,k0,k1
                dmtc0   k0,$10
                dmtc0   zero,$2
                dmtc0   zero,$3
                mtc0    t9,$0
                ehb
                tlbwi
                bnez    t9,9b
                daddiu  t9,t9,-1
                dmtc0   t8,$10
                ehb

        """;

    /// <summary>An entry for a page and the present address space: coherent, dirty and valid. The odd page of its pair
    /// leads nowhere.</summary>
    public static string Map(int page, int word) => string.Create(CultureInfo.InvariantCulture, $"""
                dmfc0   t8,$10
                andi    t8,t8,0xff
                dsll    t9,t8,1
                addiu   t9,t9,{page}
                mtc0    t9,$0
                or      t8,t8,{LitmusRegisters.Pointers[LitmusRegisters.FirstPage + page]}
                dmtc0   t8,$10
                dsll32  t9,a{word},3
                dsrl32  t9,t9,3
                dsrl    t9,t9,12
                dsll    t9,t9,6
                ori     t9,t9,0x2e
                dmtc0   t9,$2
                dmtc0   zero,$3
                mtc0    zero,$5
                ehb
                tlbwi
                ehb

        """);
}
