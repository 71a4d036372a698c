using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// LL, something that traps into the monitor, SC. On a processor the TLB instructions leave the reservation alone, and
/// a guest may count on that; ERET ends it. [MIPS64 volume II: LL, SC, ERET]
/// </summary>
public sealed class LinkedStoreTests
{
    private const int Rounds = 50;

    [Theory]
    [InlineData("tlbp", 0)]
    [InlineData("tlbr", 0)]
    [InlineData("tlbwi", 0)]
    [InlineData("tlbwr", 0)]
    [InlineData("mfc0 $9, $12", 0)]
    [InlineData("mtc0 $0, $4", 0)]
    [InlineData("syscall", Rounds)]
    public void Trap_between_ll_and_sc_keeps_the_reservation_and_eret_ends_it(string between, int failures)
    {
        Assert.Equal(failures, FailuresOnTheBoard(between));
        foreach (Fidelity fidelity in (Fidelity[])[Fidelity.Coherent, Fidelity.Fast])
        {
            Assert.Equal(failures, FailuresUnderMonitor(between, fidelity, 0));
            Assert.Equal(failures, FailuresUnderMonitor(between, fidelity, 4096));
        }
    }

    /// <summary>The same through a mapping of the guest's, which the TLB writes in between do not concern.</summary>
    [Theory]
    [InlineData("tlbp")]
    [InlineData("tlbwi")]
    // A monitor call: of a page's class.
    [InlineData("ori $4, $0, 0x500\nori $2, $0, 14\n.word 0x42000028")]
    public void Mapped_counter_is_as_good(string between)
    {
        Assert.Equal(0, FailuresUnderMonitor(between, Fidelity.Coherent, 0, mapped: true));
        Assert.Equal(0, FailuresUnderMonitor(between, Fidelity.Coherent, 4096, mapped: true));
    }

    private static int FailuresOnTheBoard(string between)
    {
        BoardConfig board = Machines.Board(1) with { MemoryBytes = 8 << 20 };
        Multiprocessor machine = MachineBuilder.Build(board, ElfImage.Parse(Guest(between, false), "linked"));
        new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(10_000_000));
        return (int)machine.Cpus[0].Core.GetRegister(17);
    }

    private static int FailuresUnderMonitor(string between, Fidelity fidelity, int secondLevel, bool mapped = false)
    {
        DiscoConfig config = Machines.On(
            Machines.Board(1, fidelity) with { MemoryBytes = 16 << 20 },
            Machines.VmOf(Guest(between, mapped), memoryBytes: 8 << 20));
        DiscoMachine machine = DiscoBuilder.Build(config with { SecondLevelTlbEntries = secondLevel });
        RunResult result = new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(20_000_000));
        Assert.Equal(Outcome.Stopped, result.Outcome);
        return (int)machine.Hardware.Cpus[0].Core.GetRegister(17);
    }

    /// <summary>
    /// s1 counts the SCs that failed. Each round writes another page into entry 9, or a random one beyond entry 0,
    /// which has the counter when that is mapped. All exceptions skip their instruction.
    /// </summary>
    private static byte[] Guest(string between, bool mapped)
    {
        const ulong origin = 0xffff_ffff_8000_0000;
        string body = $"""
            lui $2, 0x3000
            ori $2, $2, 0x00e0
            mtc0 $2, $12
            ori $2, $0, 1
            mtc0 $2, $6
            mtc0 $0, $5
            mtc0 $0, $0
            lui $2, 0x40
            dmtc0 $2, $10
            ori $2, $0, 0x801e
            dmtc0 $2, $2
            ori $2, $0, 0x805e
            dmtc0 $2, $3
            tlbwi
            lui $16, {(mapped ? "0x40" : "0x8020")}
            ori $17, $0, 0
            ori $18, $0, {Rounds}
            ori $19, $0, 9
            1: dsll $2, $18, 13
            dmtc0 $2, $10
            dsll $2, $18, 7
            ori $2, $2, 0xc01e
            dmtc0 $2, $2
            ori $2, $2, 0x40
            dmtc0 $2, $3
            mtc0 $19, $0
            ll $8, 0($16)
            {between}
            addiu $8, $8, 1
            sc $8, 0($16)
            xori $8, $8, 1
            addu $17, $17, $8
            addiu $18, $18, -1
            bgtz $18, 1b
            nop
            lui $2, 0x9000
            dsll32 $2, $2, 0
            lui $3, 0xe011
            dsll32 $3, $3, 0
            dsrl32 $3, $3, 0
            or $2, $2, $3
            ori $3, $0, 0x5555
            sw $3, 0($2)
            2: b 2b
            nop
            """;
        byte[] code = Machine.Mips.Isa.Assembler.Assemble(body, origin + 0x1000).Bytes;
        byte[] handler = Machine.Mips.Isa.Assembler
            .Assemble("dmfc0 $26, $14\ndaddiu $26, $26, 4\ndmtc0 $26, $14\neret\nnop", origin + 0x180).Bytes;
        byte[] image = new byte[0x1000 + code.Length];
        handler.CopyTo(image, 0x180);
        code.CopyTo(image, 0x1000);
        return new ElfWriter
        {
            Machine = ElfWriter.Mips,
            Entry = origin + 0x1000,
            Segments = { (origin, image, (ulong)image.Length) },
        }.Build();
    }
}
