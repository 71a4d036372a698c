using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>Virtio devices of a virtual machine, behind which are the monitor's. [VIRTIO 1.2, 2.7, 5.2, 5.5]</summary>
public sealed class GuestVirtioTests
{
    private const int Sectors = 64;
    private const int Interrupt = 8;
    private const ulong Header = 0x8000;
    private const ulong Status = 0x8100;
    private const ulong Odd = 0x9200;

    private static readonly Address Disk = new(Role.Disk, 0);
    private static readonly Address Balloon = new(Role.Device, 1);
    private static readonly byte[] Image = DiskBench.Image(Sectors);

    private VirtioDriver? _driver;

    /// <summary>A whole page of the image appears in the guest's memory, the rest is copied. [Disco 4.2.5]</summary>
    [Fact]
    public void Read_maps_the_whole_page_and_copies_the_rest()
    {
        DiskBench bench = WithDisk();
        Request(bench, type: 0, sector: 8, (DiskBench.Data(0), 4096, true), (Odd, 512, true));

        Run(bench);

        Assert.Equal(0, bench.Vms[0].Read(Status, 1)[0]);
        Assert.Equal((1, 4096 + 512 + 1), VirtioDriver.Used(bench.Vms[0], 0));
        Assert.Equal(Image.AsSpan(8 * 512, 4096).ToArray(), bench.Vms[0].Read(DiskBench.Data(0), 4096));
        Assert.Equal(Image.AsSpan(16 * 512, 512).ToArray(), bench.Vms[0].Read(Odd, 512));
        Assert.Equal((1, 512), (bench.Disks[0].Statistics.PagesMapped, bench.Disks[0].Statistics.BytesCopied));
        Assert.True(bench.Vms[0].Lines[Interrupt]);
        Assert.True(bench.Vms[0].NothingPinned);
    }

    /// <summary>What one virtual machine writes no other sees.</summary>
    [Fact]
    public void Write_is_in_the_own_copy_of_the_disk_only()
    {
        DiskBench bench = WithDisk();
        byte[] text = [.. Enumerable.Range(0, 1024).Select(i => (byte)(200 - i))];
        bench.Vms[0].Write(Odd, text);
        Request(bench, type: 1, sector: 3, (Odd, 1024, false));

        Run(bench);

        Assert.Equal(0, bench.Vms[0].Read(Status, 1)[0]);
        Assert.Equal(text, bench.Disks[0].ContentsFor(0).AsSpan(3 * 512, 1024).ToArray());
        Assert.Equal(Image, bench.Disks[0].ContentsFor(1));
    }

    [Theory]
    [InlineData("behind the end", 0, Sectors, 1)]
    [InlineData("of no kind", 77, 0, 2)]
    public void Request_that_cannot_be_done_has_its_status(string title, uint type, ulong sector, byte status)
    {
        Assert.NotEmpty(title);
        DiskBench bench = WithDisk();
        Request(bench, type, sector, (DiskBench.Data(0), 4096, true));

        Run(bench);

        Assert.Equal(status, bench.Vms[0].Read(Status, 1)[0]);
        Assert.Equal((1, 1), VirtioDriver.Used(bench.Vms[0], 0));
    }

    [Fact]
    public void Request_of_several_stretches_fills_each()
    {
        DiskBench bench = WithDisk();
        (ulong, int, bool)[] parts = [.. Enumerable.Range(0, 5).Select(i => (Odd + ((ulong)i * 0x400), 512, true))];
        Request(bench, type: 0, sector: 1, parts);

        Run(bench);

        for (int i = 0; i < parts.Length; i++)
        {
            Assert.Equal(Image.AsSpan((1 + i) * 512, 512).ToArray(), bench.Vms[0].Read(parts[i].Item1, 512));
        }
    }

    /// <summary>2.4.1: when the driver knows that the device has been reset, memory is its own. The reset comes so many
    /// register accesses behind the request: while the queue is read, while the disk works, and when it has ended.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(30_000)]
    public void Reset_is_over_when_nothing_of_the_request_is_under_way(int accesses)
    {
        DiskBench bench = WithDisk();
        TestMonitor vm = bench.Vms[0];
        byte[] atReset = [];
        byte[] Memory() => vm.Read(DiskBench.Data(0), 4096 + 4096);
        Request(bench, type: 0, sector: 8, (DiskBench.Data(0), 4096, true), (DiskBench.Data(1) + 512, 2048, true));
        _driver!.Plan.AddRange(Enumerable.Repeat((0x14u, 0u), accesses));
        _driver.Plan.Add((0x70, 0));
        _driver.Then = () =>
        {
            Assert.True(vm.NothingPinned);
            atReset = Memory();
            vm.Write(VirtioDriver.QueueAt(0), new byte[0x800]);
            Request(bench, type: 0, sector: 3, (Odd, 1024, true));
        };

        Run(bench);

        Assert.Equal(atReset, Memory());
        Assert.Equal(0, vm.Read(Status, 1)[0]);
        Assert.Equal((1, 1024 + 1), VirtioDriver.Used(vm, 0));
        Assert.Equal(Image.AsSpan(3 * 512, 1024).ToArray(), vm.Read(Odd, 1024));
        Assert.True(vm.NothingPinned);
    }

    [Fact]
    public void Run_in_two_halves_ends_as_the_whole_run()
    {
        DiskBench whole = WithDisk();
        Request(whole, type: 0, sector: 8, (DiskBench.Data(0), 4096, true), (Odd, 512, true));
        Engine straight = whole.Start();
        Begin(straight);
        straight.Run(new Cycle(1L << 40));
        foreach (long cut in new long[] { 4_000, 9_000, 30_000 })
        {
            DiskBench first = WithDisk();
            Request(first, type: 0, sector: 8, (DiskBench.Data(0), 4096, true), (Odd, 512, true));
            Engine engine = first.Start();
            Begin(engine);
            engine.Run(new Cycle(cut));
            Snapshot state = new();
            engine.Save(state);

            DiskBench second = WithDisk();
            Request(second, type: 0, sector: 8, (DiskBench.Data(0), 4096, true), (Odd, 512, true));
            Engine rest = new DeterministicEngine(second.World, new EngineOptions { Seed = 1 });
            rest.Load(state.Read());
            rest.Run(new Cycle(1L << 40));

            Assert.Equal(straight.StateHash(), rest.StateHash());
        }
    }

    /// <summary>The guest may write to a page as soon as it is told that the balloon has it no more.</summary>
    [Fact]
    public void Pages_given_lose_their_frames_before_the_guest_hears_of_it()
    {
        DiskBench bench = With(Balloon, (wiring, dma) => new GuestBalloon(Balloon, 0, wiring, dma, DiskBench.VmPages));
        _driver!.Initialize(queues: 3);
        byte[] numbers = new byte[40 * sizeof(uint)];
        for (int i = 0; i < 40; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(numbers.AsSpan(4 * i), (uint)(100 + (2 * i)));
        }
        bench.Vms[0].Write(Odd, numbers);
        _driver.Offer(bench.Vms[0], 0, [(Odd, numbers.Length, false)]);
        _driver.Offer(bench.Vms[0], 2, [(0x14000, 0x3000, true)]);

        Run(bench);

        // Only those that there are.
        Assert.Equal(
            [.. Enumerable.Range(0, 30).Select(i => 100 + (2 * i)), 0x14, 0x15, 0x16],
            bench.Vms[0].Freed);
        Assert.Equal(1, VirtioDriver.Used(bench.Vms[0], 0).Index);
        Assert.Equal(1, VirtioDriver.Used(bench.Vms[0], 2).Index);
    }

    private DiskBench WithDisk() => With(Disk, (wiring, dma) => new GuestDisk(
        Disk, 0, wiring, dma, new DiskSpec("root", Image, Persistent: false), disk: 0, vm: 0, cpu: 0));

    private DiskBench With(Address address, Func<DeviceWiring, DmaPort, Actor> make)
    {
        return new DiskBench(DiskBench.Sharing(2, Image), more: Make);

        Actor[] Make(Fabric fabric, MachineMemory memory)
        {
            const int cpu = 8;
            fabric.Place(address, 0);
            fabric.Place(DmaEngine.AddressOf(0), 0);
            fabric.PlaceAgent(cpu, Address.Cpu(cpu), 0);
            Address vm = new(Role.Vm, 0);
            DeviceWiring wiring = new(fabric, VirtioDriver.Base, 1)
            {
                Interrupt = Interrupt,
                Interrupts = vm,
                VirtualMachine = vm,
            };
            GuestDma dma = new(
                address, 0, DiskBench.VmPages * (ulong)Page.Bytes, DmaEngine.AddressOf(0), fabric);
            _driver = new VirtioDriver(cpu, 0, fabric, address);
            return [make(wiring, dma), new DmaEngine(0, 0, fabric, new FastDma(memory)), _driver];
        }
    }

    private void Request(
        DiskBench bench, uint type, ulong sector, params (ulong Address, int Bytes, bool Writes)[] data)
    {
        byte[] header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        bench.Vms[0].Write(Header, header);
        bench.Vms[0].Write(Status, [0xff]);
        _driver!.Initialize(queues: 1);
        _driver.Offer(bench.Vms[0], 0, [(Header, 16, false), .. data, (Status, 1, true)]);
    }

    private void Run(DiskBench bench)
    {
        Engine engine = bench.Start();
        Begin(engine);
        engine.Run(new Cycle(1L << 40));
    }

    private void Begin(Engine engine) =>
        engine.Post(new Address(Role.Outside, 0), _driver!.Address, default, new Cycle(1));
}
