using Disco.Actors.Machine.Devices.Operator;

namespace Disco.Actors.Machine.Boards;

/// <summary>What a machine without monitor is given to run.</summary>
/// <param name="Image">The guest.</param>
public sealed record GuestSetup(ElfImage Image)
{
    /// <summary>Its command line.</summary>
    public string BootArguments { get; init; } = "";

    /// <summary>The contents of a disk, never written; null for a machine without.</summary>
    public ReadOnlyMemory<byte>? Disk { get; init; }

    /// <summary>
    /// An initial RAM disk; empty for none. A guest with one also finds a seed for its random numbers.
    /// </summary>
    public ReadOnlyMemory<byte> Initrd { get; init; }

    /// <summary>
    /// It is an operating system with drivers: the board has entropy, a second console, a
    /// balloon and two network interfaces, joined by a cable, for it.
    /// </summary>
    public bool HasDrivers => !Initrd.IsEmpty;

    /// <summary>What somebody types at the console and expects to read there; null for nobody.</summary>
    public OperatorScript? Script { get; init; }
}
