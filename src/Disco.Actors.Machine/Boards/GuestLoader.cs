using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <summary>Puts a guest and its device tree into memory and the boot CPU at its entry.</summary>
internal sealed class GuestLoader(BoardConfig config, MachineMemory memory, int slots)
{
    /// <summary>Copies all. Errors: BoardException when there is no room for the device tree.</summary>
    public GuestLayout Load(GuestSetup setup)
    {
        GuestMachine machine = new(config.Cpus, config.MemoryBytes, config.ClockHz, config.TimerHz, slots)
        {
            Initrd = setup.Initrd,
            Seed = config.Seed,
        };
        GuestLayout layout = GuestLayout.Of(setup.Image, machine, setup.BootArguments);
        foreach (GuestPiece piece in layout.Pieces)
        {
            memory.Write(new MachineAddress(piece.Physical), piece.Bytes.Span);
        }
        return layout;
    }

    public static void Enter(MipsCore core, GuestLayout layout)
    {
        core.Pc = layout.Report.Entry;
        core.SetRegister(GuestLayout.A0, GuestLayout.DeviceTreeFollows);
        core.SetRegister(GuestLayout.A1, layout.DeviceTreeAddress);
    }
}
