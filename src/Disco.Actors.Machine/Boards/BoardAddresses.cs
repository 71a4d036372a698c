using Disco.Actors.Core;

namespace Disco.Actors.Machine.Boards;

/// <summary>The physical memory map and the interrupt numbers of the board, where guests find them.</summary>
/// <remarks>
/// <code>
/// 0x0_0000_0000  memory, up to 3.5 GB
/// 0x0_e000_0000  coherence manager       32 KB
/// 0x0_e002_0000  interrupt controller   128 KB
/// 0x0_e010_0000  console                  4 KB   shared interrupt 0
/// 0x0_e011_0000  power controller         4 KB
/// 0x0_e012_0000  wall clock               4 KB
/// 0x0_e020_0000  virtio slot k, + k * 4 KB       shared interrupt 8 + k
/// </code>
/// </remarks>
public static class BoardAddresses
{
    public const ulong MemoryEnd = 0xE000_0000;
    public const ulong CoherenceManager = 0xE000_0000;
    public const ulong InterruptController = 0xE002_0000;
    public const ulong Console = 0xE010_0000;
    public const ulong Power = 0xE011_0000;
    public const ulong Clock = 0xE012_0000;
    public const ulong Virtio = 0xE020_0000;
    public const ulong SlotBytes = 0x1000;

    public const int ConsoleInterrupt = 0;
    public const int VirtioInterrupt = 8;

    /// <summary>Where the device tree goes when memory reaches that far, with room for it.</summary>
    public const ulong DeviceTree = 0x0600_0000;

    /// <summary>Where an initial RAM disk begins.</summary>
    public const ulong Initrd = 0x0680_0000;

    /// <summary>The agent number of the first device with a cache of its own.</summary>
    public const int FirstDeviceAgent = 64;

    public static Address ConsoleActor => new(Role.Console, 0);

    public static Address PowerActor => new(Role.Power, 0);

    public static Address ClockActor => new(Role.Clock, 0);

    public static Address DiskActor => new(Role.Disk, 0);

    public static Address CoherenceManagerActor => new(Role.Power, 1);

    public static Address SecondConsoleActor => new(Role.Console, 1);

    public static Address EntropyActor => new(Role.Device, 0);

    public static Address BalloonActor => new(Role.Device, 1);

    /// <summary>The two ends of the cable.</summary>
    public static Address NicActor(int end) => new(Role.Nic, (ushort)end);

    public static Address OperatorActor => new(Role.Operator, 0);

    public static Address InterruptControllerActor => new(Role.Interrupts, 0);
}
