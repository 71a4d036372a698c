using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Boards;

/// <summary>What a guest is told of the machine it is put into, real or virtual.</summary>
/// <param name="Cpus">Its processors.</param>
/// <param name="MemoryBytes">Its memory, from physical 0 on.</param>
/// <param name="ClockHz">Of its processors.</param>
/// <param name="TimerHz">Of the interrupt controller's counter.</param>
/// <param name="Disks">Virtio slots.</param>
/// <param name="HasMonitor">It runs under a monitor, which it finds as the node <c>/hypervisor</c>.</param>
public sealed record GuestMachine(
    int Cpus, ulong MemoryBytes, long ClockHz, long TimerHz, int Disks = 0, bool HasMonitor = false)
{
    /// <summary>An initial RAM disk; empty for none.</summary>
    public ReadOnlyMemory<byte> Initrd { get; init; }

    /// <summary>A guest with an initial RAM disk finds random bytes made from it.</summary>
    public ulong Seed { get; init; }
}

/// <summary>What goes where in a guest's physical memory before the start: its image and its device tree.</summary>
/// <remarks>
/// The register convention is the Unified Hosting Interface's: a0 = -2 says that a1 points to a device tree.
/// [MIPS UHI Reference Manual, boot protocol]
/// </remarks>
public sealed class GuestLayout
{
    /// <summary>The registers of the boot processor, and what the first holds.</summary>
    public const int A0 = 4;
    public const int A1 = 5;
    public const ulong DeviceTreeFollows = unchecked((ulong)-2L);

    // What Linux takes at once as enough. [board spec 1.5]
    private const int EntropyBytes = 64;

    private const ulong Kseg0 = 0xffff_ffff_8000_0000;
    private const ulong Kseg0Bytes = 0x2000_0000;

    private GuestLayout(LoadReport report, IReadOnlyList<GuestPiece> pieces)
    {
        Report = report;
        Pieces = pieces;
    }

    public LoadReport Report { get; }

    public IReadOnlyList<GuestPiece> Pieces { get; }

    /// <summary>Virtual address of the device tree, for a1.</summary>
    public ulong DeviceTreeAddress => Kseg0 + Report.DeviceTree;

    /// <summary>
    /// Lays everything out. Errors: BoardException when the image does not fit or leaves no room for the device tree.
    /// </summary>
    public static GuestLayout Of(ElfImage image, GuestMachine machine, string bootArguments)
    {
        if (image.WhyNotIn(machine.MemoryBytes) is { } misfit)
        {
            throw new BoardException(misfit);
        }
        List<GuestPiece> pieces = [];
        long bytes = 0;
        ulong end = 0;
        foreach (ElfSegment segment in image.Segments)
        {
            pieces.Add(new GuestPiece(segment.PhysicalAddress, segment.Bytes, segment.IsExecutable));
            bytes += segment.Bytes.Length;
            end = Math.Max(end, segment.PhysicalEnd);
        }
        (ulong Start, ulong End)? initrd = PlaceInitrd(image, machine, pieces);
        byte[] tree = BoardDeviceTree.Write(new BoardDeviceTreeOptions
        {
            CpuCount = machine.Cpus,
            MemoryBytes = machine.MemoryBytes,
            ClockHz = (uint)machine.ClockHz,
            CounterHz = (uint)machine.TimerHz,
            Bootargs = bootArguments,
            VirtioSlots = machine.Disks,
            HasMonitor = machine.HasMonitor,
            Initrd = initrd,
            RngSeed = initrd is null ? default : Entropy(machine.Seed),
        });
        ulong at = PlaceFor(image, (ulong)tree.Length, machine.MemoryBytes);
        pieces.Add(new GuestPiece(at, tree, IsText: false));
        return new GuestLayout(new LoadReport(image.Name, image.Entry, bytes, end, at, tree.Length), pieces);
    }

    private static (ulong Start, ulong End)? PlaceInitrd(
        ElfImage image, GuestMachine machine, List<GuestPiece> pieces)
    {
        if (machine.Initrd.IsEmpty)
        {
            return null;
        }
        ulong start = BoardAddresses.Initrd;
        ulong end = start + (ulong)machine.Initrd.Length;
        if (end > machine.MemoryBytes || image.Segments.Any(segment => segment.PhysicalEnd > start))
        {
            throw new BoardException(
                $"{image.Name}: its initial RAM disk of {machine.Initrd.Length} bytes does not fit at physical "
                + $"0x{start:x} into {machine.MemoryBytes >> 20} MiB of memory; give the machine more memory");
        }
        pieces.Add(new GuestPiece(start, machine.Initrd, IsText: false));
        return (start, end);
    }

    private static byte[] Entropy(ulong seed)
    {
        byte[] bytes = new byte[EntropyBytes];
        for (int at = 0; at < bytes.Length; at += sizeof(ulong))
        {
            seed = TotalOrder.Mix(seed + 1);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), seed);
        }
        return bytes;
    }

    // At its usual place, or below the end of a smaller memory; KSEG0 must reach it.
    private static ulong PlaceFor(ElfImage image, ulong bytes, ulong memoryBytes)
    {
        ulong size = (bytes + Page.Bytes - 1) & ~(ulong)(Page.Bytes - 1);
        ulong top = Math.Min(memoryBytes, Kseg0Bytes);
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

/// <summary>Bytes, the guest's physical address of the first, and whether they are code.</summary>
public readonly record struct GuestPiece(ulong Physical, ReadOnlyMemory<byte> Bytes, bool IsText);
