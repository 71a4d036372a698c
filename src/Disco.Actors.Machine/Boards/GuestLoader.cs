using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Boards;

/// <summary>Puts a guest and its device tree into memory and the boot CPU at its entry.</summary>
/// <remarks>
/// The register convention is the Unified Hosting Interface's: a0 = -2 says that a1 points to a device tree.
/// [MIPS UHI Reference Manual, boot protocol]
/// </remarks>
internal sealed class GuestLoader(BoardConfig config, MachineMemory memory, int disks)
{
    private const ulong Kseg0 = 0xffff_ffff_8000_0000;
    private const ulong Kseg0Bytes = 0x2000_0000;

    private const int A0 = 4;
    private const int A1 = 5;

    /// <summary>Copies all. Errors: BoardException when there is no room for the device tree.</summary>
    public LoadReport Load(ElfImage image, string bootArguments)
    {
        long bytes = 0;
        ulong end = 0;
        foreach (ElfSegment segment in image.Segments)
        {
            memory.Write(new MachineAddress(segment.PhysicalAddress), segment.Bytes.Span);
            bytes += segment.Bytes.Length;
            end = Math.Max(end, segment.PhysicalEnd);
        }
        byte[] tree = BoardDeviceTree.Write(new BoardDeviceTreeOptions
        {
            CpuCount = config.Cpus,
            MemoryBytes = config.MemoryBytes,
            ClockHz = (uint)config.ClockHz,
            CounterHz = (uint)config.TimerHz,
            Bootargs = bootArguments,
            VirtioSlots = disks,
        });
        ulong at = PlaceFor(image, (ulong)tree.Length);
        memory.Write(new MachineAddress(at), tree);
        return new LoadReport(image.Name, image.Entry, bytes, end, at, tree.Length);
    }

    public static void Enter(MipsCore core, LoadReport load)
    {
        core.Pc = load.Entry;
        core.SetRegister(A0, unchecked((ulong)-2L));
        core.SetRegister(A1, Kseg0 + load.DeviceTree);
    }

    // At its usual place, or below the end of a smaller memory; KSEG0 must reach it.
    private ulong PlaceFor(ElfImage image, ulong bytes)
    {
        ulong size = (bytes + Page.Bytes - 1) & ~(ulong)(Page.Bytes - 1);
        ulong top = Math.Min(config.MemoryBytes, Kseg0Bytes);
        ulong usual = BoardAddresses.DeviceTree;
        ulong place = usual + size <= top ? usual : top - size;
        foreach (ElfSegment segment in image.Segments)
        {
            if (segment.PhysicalAddress < place + size && place < segment.PhysicalEnd)
            {
                throw new BoardException(
                    $"{image.Name}: segment {segment.Index} leaves no room for the device tree of {size} bytes at "
                    + $"physical 0x{place:x}; give the machine more memory");
            }
        }
        return place;
    }
}
