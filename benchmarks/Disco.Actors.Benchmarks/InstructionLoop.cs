using BenchmarkDotNet.Attributes;
using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Benchmarks;

/// <summary>
/// The interpreter alone, on flat memory: small loops of one kind each. One operation is a million guest instructions,
/// so that the mean in microseconds is the reciprocal of million instructions per second.
/// </summary>
public class InstructionLoop
{
    private const ulong TextAddress = 0xFFFF_FFFF_8001_0000;
    private const long BudgetCycles = 1_000_000;

    private MipsCore _core = null!;
    private long _cycle;

    [ParamsAllValues]
    public LoopKind Loop { get; set; }

    public enum LoopKind
    {
        /// <summary>Arithmetic on registers.</summary>
        Registers,

        /// <summary>Loads and stores that hit, between arithmetic.</summary>
        Memory,

        /// <summary>Calls and returns across granules.</summary>
        Calls,

        /// <summary>Multiply and add in double precision.</summary>
        Float,
    }

    [GlobalSetup]
    public void Setup()
    {
        FlatMemory memory = new();
        memory.Add(0, 1 << 20);
        FlatMemoryPort port = new(memory);
        _core = new MipsCore(new CoreConfig { ResetPc = TextAddress }, port);
        port.Attach(_core);
        byte[] bytes = Assembler.Assemble(TextOf(Loop), TextAddress).Bytes;
        bytes.CopyTo(memory.Span(TextAddress & 0x1FFF_FFFF, bytes.Length));
        _core.WriteCp0(12, 0, 0x3400_00E0);
        Run();
    }

    /// <summary>Returns a digest of the registers, so that the loop's meaning stays pinned.</summary>
    [Benchmark]
    public ulong Run()
    {
        _cycle += _core.Run(new Cycle(_cycle), BudgetCycles);
        return _core.GetRegister(2) + _core.GetRegister(3);
    }

    private static string TextOf(LoopKind kind) => kind switch
    {
        LoopKind.Registers => """
            loop: daddiu a0,a0,1
            daddu v0,v0,a0
            sll   t0,v0,3
            addu  t1,t0,a0
            xor   v1,v1,t1
            sltu  t2,v1,v0
            bnez  a0,loop
            addu  a1,a1,t2
            """,
        LoopKind.Memory => """
            dli   t8,0xffffffff80020000
            loop: daddiu a0,a0,8
            andi  t0,a0,0xff8
            daddu t0,t0,t8
            ld    t1,0(t0)
            daddu t1,t1,a0
            sd    t1,0(t0)
            bnez  a0,loop
            daddu v0,v0,t1
            """,
        LoopKind.Calls => """
            loop: jal function
            daddiu a0,a0,1
            b     loop
            daddu v0,v0,v1
            .org  2048
            function: xor v1,v1,a0
            jr    ra
            nop
            """,
        LoopKind.Float => """
            dli    t0,0x3ff0000000000001
            dmtc1  t0,$f2
            loop: mul.d $f4,$f2,$f2
            add.d  $f6,$f6,$f4
            daddiu v0,v0,1
            b      loop
            mul.d  $f8,$f4,$f2
            """,
    };
}
