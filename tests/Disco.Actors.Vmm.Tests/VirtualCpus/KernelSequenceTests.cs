using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// Privileged instructions and exceptions do to a virtual CPU what the manual's processor does to itself: random
/// kernels leave the same registers behind on the bare board and in a virtual machine. [Disco 4.1]
/// </summary>
public sealed class KernelSequenceTests
{
    private const int Sequences = 40;
    private const ulong MemoryBytes = 8 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(4096)]
    public void Virtual_cpu_computes_what_the_processor_does(int secondLevelEntries)
    {
        for (ulong seed = 1; seed <= Sequences; seed++)
        {
            Assert.Equal(OnTheBoard(seed), InVirtualMachine(seed, secondLevelEntries));
        }
    }

    /// <summary>
    /// Loads and stores of the page of privileged registers do what the instructions in their place do.
    /// [Disco 4.3]
    /// </summary>
    [Theory]
    [InlineData(Fidelity.Coherent)]
    [InlineData(Fidelity.Fast)]
    public void Page_of_privileged_registers_is_as_good_as_the_instructions(Fidelity fidelity)
    {
        for (ulong seed = 1; seed <= Sequences; seed++)
        {
            Assert.Equal(OnTheBoard(seed), InVirtualMachine(seed, 4096, byPage: true, fidelity));
        }
    }

    private static string OnTheBoard(ulong seed)
    {
        BoardConfig board = Machines.Board(1) with { MemoryBytes = MemoryBytes };
        Multiprocessor machine = MachineBuilder.Build(board, ElfImage.Parse(KernelSequence.Make(seed), "sequence"));
        RunResult result = new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(10_000_000));
        return Describe(seed, result, machine.Cpus[0].Core, null);
    }

    private static string InVirtualMachine(
        ulong seed, int secondLevelEntries, bool byPage = false, Fidelity fidelity = Fidelity.Coherent)
    {
        DiscoConfig config = Machines.On(
            Machines.Board(1, fidelity) with { MemoryBytes = 2 * MemoryBytes },
            Machines.VmOf(KernelSequence.Make(seed, byPage), memoryBytes: MemoryBytes));
        DiscoMachine machine = DiscoBuilder.Build(config with { SecondLevelTlbEntries = secondLevelEntries });
        RunResult result = new DeterministicEngine(machine.World, new EngineOptions()).Run(new Cycle(20_000_000));
        return Describe(seed, result, machine.Hardware.Cpus[0].Core, machine.Monitors[0].Current);
    }

    private static string Describe(ulong seed, RunResult result, MipsCore core, VirtualCpu? vcpu)
    {
        IEnumerable<string> registers = Enumerable.Range(1, 31).Where(number => number != 26).Select(
            number => $"${number}={core.GetRegister(number):x}");
        ulong epc = vcpu?.Cp0.Epc ?? core.Epc;
        return $"{seed}: {result.Outcome} {result.ExitCode} {string.Join(' ', registers)} epc={epc:x}";
    }
}
