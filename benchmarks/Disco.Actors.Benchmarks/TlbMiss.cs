using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// Host time of a load whose page is in the TLB, and of one whose page is not: the exception, a refill handler of ten
/// instructions, the entry written, the load once more. (MIPS64 manual, volume III, XTLB Refill.)
/// </summary>
public class TlbMiss
{
    public const int Accesses = 100_000;

    private const ulong VectorAddress = 0xFFFF_FFFF_8000_0000;

    // Pairs of pages walked: what fits into 64 entries, and so many that random replacement has long dropped a pair
    // when its turn comes again.
    private const int FewPairs = 16;
    private const int ManyPairs = 512;

    private readonly Walk _hits = new(FewPairs);
    private readonly Walk _misses = new(ManyPairs);

    [GlobalSetup]
    public void Setup()
    {
        _hits.Run(2 * FewPairs);
        _misses.Run(2 * ManyPairs);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Accesses)]
    public ulong Hit()
    {
        ulong refills = _hits.Refills;
        _hits.Run(Accesses);
        Invariant.Holds(_hits.Refills == refills);
        return _hits.Loads;
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public ulong Miss()
    {
        ulong refills = _misses.Refills;
        _misses.Run(Accesses);
        Invariant.Holds(_misses.Refills - refills > Accesses * 0.98);
        return _misses.Loads;
    }

    /// <summary>A core that loads one word of each pair of pages in turn, for ever.</summary>
    private sealed class Walk
    {
        private readonly MipsCore _core;
        private long _cycle;

        public Walk(int pairs)
        {
            FlatMemory memory = new();
            memory.Add(0, (ulong)(ManyPairs + 2) * 2 * Page.Bytes);
            FlatMemoryPort port = new(memory);
            _core = new MipsCore(new CoreConfig { ResetPc = VectorAddress + 0x1000 }, port);
            port.Attach(_core);
            byte[] bytes = Assembler.Assemble(Text(pairs), VectorAddress).Bytes;
            bytes.CopyTo(memory.Span(0, bytes.Length));
            _core.WriteCp0(12, 0, 0x3400_00E0);
        }

        /// <summary>By the guest's own count, in v0.</summary>
        public ulong Loads => _core.GetRegister(2);

        /// <summary>By its handler's, in s0.</summary>
        public ulong Refills => _core.GetRegister(16);

        public void Run(int loads)
        {
            ulong end = Loads + (ulong)loads;
            while (Loads < end)
            {
                _cycle += _core.Run(new Cycle(_cycle), 10_000);
            }
        }

        // Virtual addresses from 16 KiB on are physical ones.
        private static string Text(int pairs) => $"""
            .org  128
            dmfc0 k0,$8
            dsrl  k0,k0,13
            dsll  k1,k0,7
            daddiu k1,k1,7
            dmtc0 k1,$2
            daddiu k1,k1,64
            dmtc0 k1,$3
            tlbwr
            daddiu s0,s0,1
            eret
            .org  4096
            dli   t8,0x4000
            dli   t9,{0x4000 + (pairs * 2 * Page.Bytes)}
            dli   s0,0
            dli   v0,0
            start: daddu t0,t8,zero
            loop: ld t1,0(t0)
            daddiu t0,t0,8192
            daddiu v0,v0,1
            bne   t0,t9,loop
            nop
            b     start
            nop
            """;
    }
}
