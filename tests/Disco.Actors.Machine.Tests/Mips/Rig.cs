using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Tests.Mips;

/// <summary>
/// A core on flat memory that runs an assembled text in ckseg0 until it reaches the label 'stop', which is appended as
/// a branch to itself. Exception vectors are at 0x80000000; without handlers of the test's own they hold branches to
/// themselves, so that a core in a handler stays where the test can look.
/// </summary>
internal sealed unsafe class Rig
{
    public const ulong TextAddress = 0xFFFF_FFFF_8001_0000;
    public const ulong DataAddress = 0xFFFF_FFFF_8002_0000;
    public const uint KernelStatus = 0x3400_00E0;

    public Rig(string text, CoreConfig? config = null, Func<FlatMemory, FlatMemoryPort>? port = null)
    {
        CoreConfig wired = (config ?? new CoreConfig()) with { ResetPc = TextAddress };
        Memory = new FlatMemory();
        Memory.Add(0, 1 << 20);
        Port = port is null ? new FlatMemoryPort(Memory) : port(Memory);
        Core = new MipsCore(wired, Port);
        Port.Attach(Core);
        if (Port is LinePort lines)
        {
            lines.Core = Core;
        }
        Program = Assembler.Assemble(text + "\nstop: b stop\nnop\n", TextAddress, wired.BigEndian);
        Program.Bytes.CopyTo(Memory.Span(TextAddress & 0x1FFF_FFFF, Program.Bytes.Length));
        byte[] loop = Assembler.Assemble("here: b here\nnop", 0, wired.BigEndian).Bytes;
        foreach (ulong vector in (ulong[])[0, 0x80, 0x180, 0x200])
        {
            loop.CopyTo(Memory.Span(vector, loop.Length));
        }
        Core.WriteCp0(12, 0, KernelStatus);
    }

    public FlatMemory Memory { get; }

    public FlatMemoryPort Port { get; }

    public MipsCore Core { get; }

    public AssembledProgram Program { get; }

    public long Cycle { get; set; }

    public ulong this[int register]
    {
        get => Core.GetRegister(register);
        set => Core.SetRegister(register, value);
    }

    /// <summary>Assembles a handler at a vector of ckseg0.</summary>
    public Rig Handler(ulong vector, string text)
    {
        byte[] bytes = Assembler.Assemble(
            text, 0xFFFF_FFFF_8000_0000 + vector, Core.Config.BigEndian).Bytes;
        bytes.CopyTo(Memory.Span(vector, bytes.Length));
        return this;
    }

    /// <summary>Runs for some cycles.</summary>
    public Rig Run(long cycles = 1000)
    {
        Cycle += Core.Run(new Cycle(Cycle), cycles);
        return this;
    }

    /// <summary>Runs up to a cycle; each block is answered after 50 cycles.</summary>
    public Rig RunThroughBlocks(long until = 20_000)
    {
        while (Cycle < until)
        {
            Cycle += Core.Run(new Cycle(Cycle), until - Cycle);
            Cycle = Core.Stop == RunStop.Blocked ? Cycle + 50 : Core.Stop == RunStop.Waiting ? until : Cycle;
        }
        return this;
    }

    public ulong StateHash()
    {
        StateHash hash = new();
        Core.Save(hash);
        Port.Save(hash);
        hash.Write("memory", Memory.Span(0, 1 << 20));
        return hash.Value;
    }
}
