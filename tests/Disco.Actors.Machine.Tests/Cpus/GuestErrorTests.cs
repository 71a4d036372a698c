using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Tests.Boards;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Cpus;

/// <summary>A guest without exception handlers that fails tells its user how, in one sentence.</summary>
public sealed class GuestErrorTests
{
    private const uint Nop = 0;

    [Theory]
    [InlineData("reserved instruction", new uint[] { Nop, 0x0000_003d },
        "cpu/0 took Reserved Instruction at 0xffffffff80100004 with no handler installed")]
    [InlineData("trap in a branch delay slot", new uint[] { 0x1000_0001, 0x0000_003d },
        "cpu/0 took Reserved Instruction at 0xffffffff80100004 with no handler installed")]
    [InlineData("lui t0, 0xbc00; lw t1, 0(t0): nothing there", new uint[] { 0x3c08_bc00, 0x8d09_0000 },
        "cpu/0 took Bus Error (data) at 0xffffffff80100004 with no handler installed")]
    [InlineData("lui t0, 0x8010; lw t1, 1(t0): not aligned", new uint[] { 0x3c08_8010, 0x8d09_0001 },
        "cpu/0 took Address Error (load or fetch) at 0xffffffff80100004, bad address 0xffffffff80100001 with no "
        + "handler installed")]
    [InlineData("lui t0, 0xbfc0; jr t0", new uint[] { 0x3c08_bfc0, 0x0100_0008, Nop },
        "cpu/0 jumped to the boot vectors at 0xffffffffbfc00000, where the board has no code")]
    public void Failure_without_a_handler_stops_the_run_with_a_sentence(string title, uint[] words, string reason)
    {
        Assert.NotEmpty(title);
        foreach (Fidelity fidelity in Enum.GetValues<Fidelity>())
        {
            RunResult result = Run(words, fidelity);

            Assert.Equal((Outcome.Stopped, 1, reason), (result.Outcome, result.ExitCode, result.Reason));
        }
    }

    /// <summary>A machine whose CPUs all sleep can do nothing any more; the report says who waits for whom.</summary>
    [Fact]
    public void Wait_without_an_interrupt_is_reported_not_hung()
    {
        RunResult result = Run([0x4200_0020, 0x1000_fffe, Nop], Fidelity.Coherent);

        Assert.Equal(Outcome.NoProgress, result.Outcome);
        Assert.Contains(
            "cpu/0 waits for irq/0: an interrupt, in WAIT with interrupts off", result.Report,
            StringComparison.Ordinal);
        Assert.Contains("cpu/1 waits for power/1: release from reset", result.Report, StringComparison.Ordinal);
    }

    /// <summary>
    /// BEV cleared before handlers are there: zeros are no-operations, so nothing fails; the report says where the CPU
    /// is and why. [MIPS64 Vol II, NOP]
    /// </summary>
    [Theory]
    [InlineData(Fidelity.Coherent)]
    [InlineData(Fidelity.Fast)]
    public void Guest_lost_in_zeros_is_told_from_one_that_runs(Fidelity fidelity)
    {
        // lui t0,0x2400; mtc0 t0,$12; then nothing at all, or a loop.
        uint[] start = [0x3c08_2400, 0x4088_6000, Nop];
        foreach ((uint[] rest, string[] expected) in new (uint[], string[])[]
        {
            ([0x0000_000c], ["cpu/0 executes zeros at 0xffffffff8", "it took System Call at 0xffffffff8010000c"]),
            ([0x1000_ffff, Nop], []),
        })
        {
            Multiprocessor machine = MachineBuilder.Build(
                GuestRun.Board(2, fidelity), ImageOf([.. start, .. rest]));
            RunResult result = new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(50_000));

            Assert.Equal(Outcome.ReachedLimit, result.Outcome);
            string lost = string.Join('\n', LostCpus.Describe(machine));
            Assert.Equal(expected.Length != 0, lost.Length != 0);
            Assert.All(expected, part => Assert.Contains(part, lost, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Endless_loop_ends_at_the_limit() =>
        Assert.Equal(Outcome.ReachedLimit, Run([0x1000_ffff, Nop], Fidelity.Coherent).Outcome);

    [Fact]
    public void Image_outside_memory_is_refused()
    {
        BoardConfig board = GuestRun.Board(1) with { MemoryBytes = 1 << 20 };

        BoardException error = Assert.Throws<BoardException>(() => MachineBuilder.Build(board, ImageOf([Nop])));

        Assert.Contains("give it more memory", error.Message, StringComparison.Ordinal);
    }

    private static RunResult Run(uint[] words, Fidelity fidelity)
    {
        Multiprocessor machine = MachineBuilder.Build(GuestRun.Board(2, fidelity), ImageOf(words));
        return new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(1_000_000));
    }

    private static ElfImage ImageOf(uint[] words)
    {
        byte[] code = new byte[words.Length * sizeof(uint)];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(i * sizeof(uint)), words[i]);
        }
        ElfWriter writer = new();
        writer.Segments.Add((0xffff_ffff_8010_0000, code, (ulong)code.Length));
        return ElfImage.Parse(writer.Build(), "test");
    }
}
