using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips.Isa;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Cpus;

/// <summary>Instructions that a device, or the monitor, writes where CPUs have decoded others.</summary>
public sealed class CodeFromDevicesTests
{
    private const int Register = 8;

    /// <summary>In the fast fidelity CPUs share the bytes, and what a device wrote is what they execute next.</summary>
    [Fact]
    public void Instruction_written_by_a_device_is_executed_by_every_cpu_that_had_decoded_another()
    {
        byte[] guest = GuestElf.Assemble("loop: addiu $8, $zero, 1\nb loop\nnop\n");
        BoardConfig board = new() { Nodes = 1, Cpus = 1, Fidelity = Fidelity.Fast };
        Multiprocessor machine = MachineBuilder.Build(board, ElfImage.Parse(guest, "loop"));
        DeterministicEngine engine = new(machine.World, new EngineOptions());
        engine.Run(new Cycle(1_000_000));
        Assert.Equal(1UL, machine.Cpus[0].Core.GetRegister(Register));

        byte[] other = Assembler.Assemble("addiu $8, $zero, 2\n", GuestElf.Base).Bytes;
        machine.Memory.Write(new MachineAddress(GuestElf.Base & 0x1FFF_FFFF), other);
        engine.Run(new Cycle(2_000_000));

        Assert.Equal(2UL, machine.Cpus[0].Core.GetRegister(Register));
    }
}
