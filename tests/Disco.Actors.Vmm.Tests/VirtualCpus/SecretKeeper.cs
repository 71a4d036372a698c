using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>
/// A guest with something to hide, to be run beside others: it fills pages with words that nobody else has, gives some
/// of them back, writes some to its view of a shared disk, reads them again, says so on its console, and sleeps.
/// </summary>
internal static class SecretKeeper
{
    /// <summary>In the upper half of every secret word, in memory and on disk.</summary>
    public const uint Secret = 0x5EC2_E75A;

    // In memory the doublewords begin at page 32; a request block for the disk is in page 16.
    private const string Program = """
        lui $16, 0x8002
        lui $17, 0x5ec2
        ori $17, $17, 0xe75a
        dsll32 $17, $17, 0
        ori $18, $0, 0x2000
        move $8, $16
        1: sd $17, 0($8)
        daddiu $17, $17, 1
        daddiu $8, $8, 8
        daddiu $18, $18, -1
        bgtz $18, 1b
        nop
        ori $19, $0, 44
        2: move $4, $19
        ori $2, $0, 4
        .word 0x42000028
        daddiu $19, $19, 1
        sltiu $8, $19, 48
        bnez $8, 2b
        nop
        ori $4, $0, 43
        ori $2, $0, 3
        .word 0x42000028
        lui $20, 0x8001
        sd $0, 0($20)
        ori $8, $0, 1
        sd $8, 8($20)
        ori $8, $0, 16
        sd $8, 16($20)
        sd $8, 24($20)
        ori $8, $0, 2
        sd $8, 32($20)
        lui $8, 2
        sd $8, 40($20)
        ori $8, $8, 0x1000
        sd $8, 48($20)
        move $8, $0
        ori $8, $8, 1
        dsll $8, $8, 16
        move $4, $8
        ori $2, $0, 7
        .word 0x42000028
        sd $2, 64($20)
        sd $0, 8($20)
        lui $8, 3
        ori $8, $8, 0x9000
        sd $8, 40($20)
        ori $8, $0, 0xa000
        lui $9, 3
        or $8, $8, $9
        sd $8, 48($20)
        lui $4, 1
        ori $2, $0, 7
        .word 0x42000028
        sd $2, 72($20)
        sd $0, 16($20)
        ori $8, $0, 8
        sd $8, 24($20)
        ori $8, $0, 1
        sd $8, 32($20)
        ori $8, $0, 0xb000
        lui $9, 3
        or $8, $8, $9
        sd $8, 40($20)
        lui $4, 1
        ori $2, $0, 7
        .word 0x42000028
        sd $2, 80($20)
        lui $9, 0x8004
        sd $17, -0x5000($9)
        ori $21, $0, 0x61
        3: move $4, $21
        ori $2, $0, 1
        .word 0x42000028
        daddiu $21, $21, 1
        sltiu $8, $21, 0x7b
        bnez $8, 3b
        nop
        sd $21, 88($20)
        4: wait
        b 4b
        nop
        """;

    // Where the last store of the program goes, and what it stores.
    private const uint DonePage = 16;
    private const int DoneOffset = 88;
    private const ulong Done = 0x7b;

    /// <summary>64 sectors that no secret is on.</summary>
    public static byte[] Disk { get; } =
        [.. Enumerable.Range(0, 64 * DiskSpec.SectorBytes).Select(at => (byte)(at * 37 % 251))];

    public static VmConfig Machine { get; } =
        Machines.VmOf(GuestElf.Assemble(Program), memoryBytes: 2 << 20) with { Name = "keeper", Disks = [0] };

    /// <summary>The keeper, then others that have the same disk.</summary>
    public static DiscoConfig Beside(BoardConfig board, params VmConfig[] others) =>
        Machines.On(board with { MemoryBytes = 12 << 20 }, [Machine, .. others]) with
        {
            Disks = [new DiskSpec("shared", Disk, Persistent: false)],
            Scheduler = new() { QuantumCycles = 10_000 },
        };

    /// <summary>Whatever a virtual machine has at a moment.</summary>
    public sealed record Possessions(string Console, string Disk, string Memory)
    {
        public bool IsDone { get; init; }
    }

    /// <summary>What a virtual machine has now: the digest of every page, of its disk, and its console.</summary>
    public static Possessions Of(DiscoMachine machine, int vm, string console)
    {
        byte[] page = new byte[Page.Bytes];
        List<string> pages = [];
        bool done = false;
        foreach (PhysicalPage number in PagesOf(machine, vm, page))
        {
            pages.Add($"{number.Number}:{Digest(page):x16}");
            done |= number.Number == DonePage
                && BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(DoneOffset)) == Done;
        }
        string disk = $"{Digest(machine.Devices.Disks[0].ContentsFor(vm)):x16}";
        return new Possessions(console, disk, string.Join(' ', pages)) { IsDone = done };
    }

    /// <summary>Asserts that a machine has nothing of the keeper's: in memory, on disk, in registers, on the console.
    /// </summary>
    public static void AssertUnknownTo(DiscoMachine machine, int vm, string console, string who)
    {
        byte[] page = new byte[Page.Bytes];
        foreach (PhysicalPage number in PagesOf(machine, vm, page))
        {
            Assert.False(HasSecret(page), $"{who}: page {number.Number} of vm/{vm} has a secret");
        }
        Assert.False(HasSecret(machine.Devices.Disks[0].ContentsFor(vm)), $"{who}: the disk of vm/{vm} has a secret");
        Assert.False(
            HasSecret([.. console.Select(sign => (byte)sign)]), $"{who}: the console of vm/{vm} has a secret");
        foreach (DiscoCpu cpu in machine.Monitors)
        {
            foreach (VirtualCpu vcpu in cpu.Held.Where(vcpu => vcpu.Machine.Id == vm))
            {
                RegisterFile file = new();
                if (vcpu == cpu.Current)
                {
                    machine.Hardware.Cpus[machine.Monitors.ToList().IndexOf(cpu)].Core.StoreTo(file);
                }
                else
                {
                    file = vcpu.Registers;
                }
                ulong[] registers = [.. file.General, .. file.Float, file.Hi, file.Lo, file.Pc];
                Assert.DoesNotContain(registers, value => (uint)(value >> 32) == Secret);
            }
        }
    }

    private static bool HasSecret(ReadOnlySpan<byte> bytes)
    {
        Span<byte> secret = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(secret, Secret);
        return bytes.IndexOf(secret) >= 0;
    }

    private static IEnumerable<PhysicalPage> PagesOf(DiscoMachine machine, int vm, byte[] into)
    {
        VmMonitor monitor = machine.Vms[vm].Monitor;
        for (uint number = 0; number < (uint)monitor.Pages; number++)
        {
            PageView view = monitor.ViewOf(new PhysicalPage(number));
            if (view.Frame != Frame.None)
            {
                Read(machine, view.Frame, into);
                yield return new PhysicalPage(number);
            }
        }
    }

    // Memory's bytes, or those of a cache that has the line: a CPU's, a page engine's, a device's.
    private static unsafe void Read(DiscoMachine machine, Frame frame, byte[] into)
    {
        machine.Hardware.Memory.Read(frame.Address, into);
        IEnumerable<CoherentCache> caches =
        [
            .. machine.Hardware.Cpus.Select(cpu => cpu.Cache).OfType<CoherentCache>(),
            .. machine.Memory.MemMaps.Select(memMap => memMap.Engine).OfType<CoherentPageEngine>()
                .Select(engine => engine.Cache),
            .. machine.Devices.Caches,
        ];
        foreach (CoherentCache cache in caches)
        {
            for (int at = 0; at < Page.Bytes; at += cache.LineBytes)
            {
                byte* line = cache.PointerTo(new LineAddress(frame.Address.Value + (ulong)at));
                if (line != null)
                {
                    new ReadOnlySpan<byte>(line, cache.LineBytes).CopyTo(into.AsSpan(at));
                }
            }
        }
    }

    private static ulong Digest(ReadOnlySpan<byte> bytes)
    {
        ulong digest = 0;
        foreach (ulong word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            digest = TotalOrder.Mix(digest ^ word);
        }
        return digest;
    }
}
