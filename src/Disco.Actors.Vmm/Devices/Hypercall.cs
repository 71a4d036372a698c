using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// What a guest that knows of the monitor can ask for, by the number in v0 of its HYPCALL. [Disco 4.2.5-4.2.7: one
/// trap for a whole device request; HAL changes of IRIX]
/// </summary>
public enum HypercallNumber : ulong
{
    None,

    /// <summary>a0 = a byte for the VM's console.</summary>
    ConsolePut,

    /// <summary>a0 = page in which the privileged registers without side effects are kept up to date.</summary>
    PrivilegedPage,

    /// <summary>a0 = page, which is zero afterwards: the guest need not clear it.</summary>
    ZeroedPage,

    /// <summary>a0 = page whose contents are of no use any more.</summary>
    FreeHint,

    /// <summary>a0 = destination, a1 = source page: the destination becomes a copy-on-write share.</summary>
    Remap,

    /// <summary>Until an interrupt.</summary>
    Idle,

    /// <summary>a0 = physical address of a disk request block; 0 acknowledges the completion interrupt.</summary>
    DiskRequest,

    /// <summary>a0 = physical address of a send block.</summary>
    NetSend,

    /// <summary>a0 = physical address of a receive block; 0 acknowledges the receive interrupt.</summary>
    NetReceive,

    /// <summary>a0 = exit code: the VM ends.</summary>
    Exit,

    /// <summary>Result: how many pages the VM should give back, 0 for none.</summary>
    BalloonTarget,

    /// <summary>Result: nanoseconds since power-on, the same for all VMs.</summary>
    SharedTime,

    /// <summary>a0 = 0: the number of virtual CPUs; 1: the caller's own number.</summary>
    CpuIds,

    /// <summary>a0 = page, a1 = class (0 data, 1 text, 2 buffer cache).</summary>
    PageClass,
}

/// <summary>The negative results of hypercalls; 0 and above are answers.</summary>
public static class HypercallResult
{
    public const long Ok = 0;

    /// <summary>Malformed: nothing was done.</summary>
    public const long Invalid = -1;

    /// <summary>Well-formed, but not enough memory, or the monitor's tables are full. Nothing was done.</summary>
    public const long NoMemory = -2;

    /// <summary>Nobody took it: no such address, or no receive buffer.</summary>
    public const long NotTaken = -3;
}

/// <summary>A hypercall whose arguments have been checked; doing it can only fail for lack of memory.</summary>
/// <param name="Number">None for a malformed one.</param>
/// <param name="First">a0, as the number defines it.</param>
/// <param name="Second">a1.</param>
public readonly record struct Hypercall(HypercallNumber Number, ulong First, ulong Second)
{
    public static readonly Hypercall Malformed = new(HypercallNumber.None, 0, 0);

    private const ulong ClassesMax = 3;

    public bool IsValid => Number != HypercallNumber.None;

    /// <summary>
    /// Checks a guest's registers, changes nothing. What lies in guest memory (request blocks) is checked by the
    /// device that reads it.
    /// </summary>
    /// <param name="v0">The number.</param>
    /// <param name="a0">First argument.</param>
    /// <param name="a1">Second argument.</param>
    /// <param name="pages">Pages of the VM's physical memory.</param>
    public static Hypercall Decode(ulong v0, ulong a0, ulong a1, uint pages)
    {
        HypercallNumber number = (HypercallNumber)v0;
        bool isValid = number switch
        {
            HypercallNumber.Idle or HypercallNumber.BalloonTarget or HypercallNumber.SharedTime => true,
            HypercallNumber.ConsolePut => a0 <= byte.MaxValue,
            HypercallNumber.Exit => a0 <= int.MaxValue,
            HypercallNumber.CpuIds => a0 <= 1,
            // Does the VM have the page?
            HypercallNumber.PrivilegedPage or HypercallNumber.ZeroedPage or HypercallNumber.FreeHint => a0 < pages,
            // Both pages, and not one on itself?
            HypercallNumber.Remap => a0 < pages && a1 < pages && a0 != a1,
            HypercallNumber.PageClass => a0 < pages && a1 < ClassesMax,
            // Blocks are made of doublewords, in memory.
            HypercallNumber.DiskRequest or HypercallNumber.NetReceive or HypercallNumber.NetSend =>
                a0 % sizeof(ulong) == 0 && a0 >> Page.Shift < pages,
            HypercallNumber.None => false,
            _ => false,
        };
        return isValid ? new Hypercall(number, a0, a1) : Malformed;
    }
}
