using Disco.Actors.Core;

namespace Disco.Actors.Machine.Boards;

/// <summary>What the tree of the virtual board depends on. CPUs 1 and up; memory is one bank from physical 0.</summary>
public sealed record BoardDeviceTreeOptions
{
    public required int CpuCount { get; init; }

    /// <summary>At most <see cref="BoardDeviceTree.MemoryBytesMax"/>: device registers lie above.</summary>
    public required ulong MemoryBytes { get; init; }

    /// <summary>The clock node's rate; CP0 Count runs at half of it.</summary>
    public required uint ClockHz { get; init; }

    /// <summary>Rate of the GIC's shared counter.</summary>
    public required uint CounterHz { get; init; }

    public string Bootargs { get; init; } = "nokaslr console=ttyS0,115200 earlycon";

    /// <summary>Physical addresses of an initial RAM disk, the end exclusive; null without one.</summary>
    public (ulong Start, ulong End)? Initrd { get; init; }

    /// <summary>Entropy for the kernel, credited at once; empty for none.</summary>
    public ReadOnlyMemory<byte> RngSeed { get; init; }

    public int VirtioSlots { get; init; } = 4;

    public bool HasPowerController { get; init; }

    /// <summary>A monitor answers monitor calls.</summary>
    public bool HasMonitor { get; init; }
}

/// <summary>The device tree of the virtual board: node for node what its kernel needs to find everything.</summary>
public static class BoardDeviceTree
{
    public const ulong MemoryBytesMax = 0xe000_0000;
    private const ulong PowerControllerAddress = 0xe001_0000;
    private const ulong InterruptControllerAddress = 0xe002_0000;
    private const ulong UartAddress = 0xe010_0000;
    private const ulong SystemControllerAddress = 0xe011_0000;
    private const ulong ClockDeviceAddress = 0xe012_0000;
    private const ulong VirtioAddress = 0xe020_0000;
    private const ulong VirtioStrideBytes = 0x1000;

    // GIC interrupt specifier: <type number flags>; type 0 shared, 1 local; flags 4 level high.
    private const uint Shared = 0;
    private const uint Local = 1;
    private const uint LevelHigh = 4;
    private const uint LocalCompare = 1;
    private const uint UartInterrupt = 0;
    private const uint ClockDeviceInterrupt = 1;
    private const uint VirtioInterrupt = 8;

    // Written to the system controller's register 0: what ends the machine.
    private const uint RebootValue = 0x7777;
    private const uint PowerOffValue = 0x5555;

    public static byte[] Write(BoardDeviceTreeOptions options) => FlattenedDeviceTree.Write(Build(options));

    public static DeviceTreeNode Build(BoardDeviceTreeOptions options)
    {
        Invariant.Holds(options.CpuCount >= 1);
        Invariant.Holds(options.MemoryBytes is > 0 and <= MemoryBytesMax);
        Invariant.Holds(options.VirtioSlots >= 0);
        var root = new DeviceTreeNode("");
        var clock = new DeviceTreeNode("clock-cpu");
        var interrupts = new DeviceTreeNode(At("interrupt-controller", InterruptControllerAddress));
        root.SetStrings("compatible", "disco,virt")
            .SetStrings("model", "disco virtual MIPS64r2 board")
            .SetCells("#address-cells", 2)
            .SetCells("#size-cells", 2)
            .SetReference("interrupt-parent", interrupts);
        root.AddChild("aliases").SetStrings("serial0", "/soc/" + At("serial", UartAddress));
        AddChosen(root, options);
        AddCpus(root, options.CpuCount, clock);
        root.AddChild("memory@0")
            .SetStrings("device_type", "memory")
            .SetLongs("reg", 0, options.MemoryBytes);
        root.AddChild(clock)
            .SetStrings("compatible", "fixed-clock")
            .SetCells("#clock-cells", 0)
            .SetCells("clock-frequency", options.ClockHz);
        if (options.HasPowerController)
        {
            root.AddChild(At("power-controller", PowerControllerAddress))
                .SetStrings("compatible", "mti,mips-cpc")
                .SetLongs("reg", PowerControllerAddress, 0x8000);
        }

        if (options.HasMonitor)
        {
            root.AddChild("hypervisor").SetStrings("compatible", "disco,monitor");
        }

        AddInterruptController(root.AddChild(interrupts), options.CounterHz);
        AddDevices(root, options.VirtioSlots);
        return root;
    }

    private static void AddChosen(DeviceTreeNode root, BoardDeviceTreeOptions options)
    {
        var chosen = root.AddChild("chosen")
            .SetStrings("stdout-path", "serial0:115200n8")
            .SetStrings("bootargs", options.Bootargs);
        if (options.Initrd is { } initrd)
        {
            chosen.SetLongs("linux,initrd-start", initrd.Start).SetLongs("linux,initrd-end", initrd.End);
        }

        if (!options.RngSeed.IsEmpty)
        {
            chosen.SetBytes("rng-seed", options.RngSeed.Span);
        }
    }

    private static void AddCpus(DeviceTreeNode root, int count, DeviceTreeNode clock)
    {
        var cpus = root.AddChild("cpus").SetCells("#address-cells", 1).SetCells("#size-cells", 0);
        for (var cpu = 0; cpu < count; cpu++)
        {
            cpus.AddChild($"cpu@{cpu:x}")
                .SetStrings("device_type", "cpu")
                .SetStrings("compatible", "mti,mips64r2")
                .SetCells("reg", (uint)cpu)
                .SetReference("clocks", clock);
        }
    }

    private static void AddInterruptController(DeviceTreeNode node, uint counterHz)
    {
        node.SetStrings("compatible", "mti,gic")
            .SetLongs("reg", InterruptControllerAddress, 0x20000)
            .SetEmpty("interrupt-controller")
            .SetCells("#interrupt-cells", 3)
            .SetCells("#address-cells", 0);
        node.AddChild("timer")
            .SetStrings("compatible", "mti,gic-timer")
            .SetCells("interrupts", Local, LocalCompare, 0)
            .SetCells("clock-frequency", counterHz);
    }

    private static void AddDevices(DeviceTreeNode root, int virtioSlots)
    {
        var soc = root.AddChild("soc")
            .SetStrings("compatible", "simple-bus")
            .SetCells("#address-cells", 2)
            .SetCells("#size-cells", 2)
            .SetEmpty("ranges")
            .SetEmpty("dma-coherent");
        soc.AddChild(At("serial", UartAddress))
            .SetStrings("compatible", "ns16550a")
            .SetLongs("reg", UartAddress, 0x100)
            .SetCells("reg-shift", 2)
            .SetCells("reg-io-width", 4)
            .SetCells("clock-frequency", 1_843_200)
            .SetCells("interrupts", Shared, UartInterrupt, LevelHigh);
        var system = soc.AddChild(At("system-controller", SystemControllerAddress))
            .SetStrings("compatible", "syscon", "simple-mfd")
            .SetLongs("reg", SystemControllerAddress, 0x1000);
        AddSystemAction(system, "reboot", RebootValue);
        AddSystemAction(system, "poweroff", PowerOffValue);
        soc.AddChild(At("rtc", ClockDeviceAddress))
            .SetStrings("compatible", "google,goldfish-rtc")
            .SetLongs("reg", ClockDeviceAddress, 0x1000)
            .SetCells("interrupts", Shared, ClockDeviceInterrupt, LevelHigh);
        for (var slot = 0; slot < virtioSlots; slot++)
        {
            var address = VirtioAddress + ((ulong)slot * VirtioStrideBytes);
            soc.AddChild(At("virtio", address))
                .SetStrings("compatible", "virtio,mmio")
                .SetLongs("reg", address, VirtioStrideBytes)
                .SetCells("interrupts", Shared, VirtioInterrupt + (uint)slot, LevelHigh);
        }
    }

    private static void AddSystemAction(DeviceTreeNode system, string name, uint value) => system.AddChild(name)
        .SetStrings("compatible", "syscon-" + name)
        .SetReference("regmap", system)
        .SetCells("offset", 0)
        .SetCells("value", value);

    private static string At(string name, ulong address) => $"{name}@{address:x}";
}
