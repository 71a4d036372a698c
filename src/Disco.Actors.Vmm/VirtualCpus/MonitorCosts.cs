using Disco.Actors.Core;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// What the monitor's handlers take, in cycles of the machine's clock. The defaults follow from Table 2 of the paper at
/// 400 MHz: an emulated TLB write some 45 ns besides the trap, a privileged instruction of a kernel entry 100 to
/// 200 ns, a hit of the second-level TLB less than either. [Disco 5.2, Table 2]
/// </summary>
public sealed record MonitorCosts
{
    /// <summary>Into the monitor and back: saving and restoring the registers a handler needs.</summary>
    public long TrapCycles { get; init; } = 14;

    /// <summary>A TLB miss answered from the second-level TLB or for an unmapped segment, besides the trap.</summary>
    public long SecondLevelCycles { get; init; } = 16;

    /// <summary>A TLB miss answered from the virtual TLB and the pmap's copy, besides the trap.</summary>
    public long VirtualTlbCycles { get; init; } = 40;

    /// <summary>An emulated TLBWI or TLBWR: decode, look into the pmap's copy, merge, write.</summary>
    public long TlbWriteCycles { get; init; } = 96;

    /// <summary>Any other emulated privileged instruction, besides the trap.</summary>
    public long PrivilegedCycles { get; init; } = 66;

    /// <summary>To load or store one register in the page of privileged registers.</summary>
    public long RegisterCycles { get; init; } = 2;

    /// <summary>To hand an exception or an interrupt to the guest: its registers, its vector.</summary>
    public long DeliverCycles { get; init; } = 36;

    /// <summary>To decode a device access or a monitor call and begin it, besides the trap.</summary>
    public long RequestCycles { get; init; } = 60;

    /// <summary>To take the answer to a request of its own.</summary>
    public long AnswerCycles { get; init; } = 40;

    /// <summary>To put one virtual CPU's registers away and load another's. The paper's machine has 32 general and 32
    /// floating-point registers and 64 TLB entries to touch.</summary>
    public long SwitchCycles { get; init; } = 400;

    /// <summary>To take any other message: an interrupt for a virtual CPU, a word of the scheduler.</summary>
    public long MessageCycles { get; init; } = 60;

    /// <summary>Before a fill that was refused for the moment is asked for again.</summary>
    public long RetryCycles { get; init; } = 2000;

    /// <summary>Nothing costs anything: for tests that compare with a machine without monitor.</summary>
    public static MonitorCosts Free { get; } = new()
    {
        TrapCycles = 0,
        SecondLevelCycles = 0,
        VirtualTlbCycles = 0,
        TlbWriteCycles = 0,
        PrivilegedCycles = 0,
        RegisterCycles = 0,
        DeliverCycles = 0,
        RequestCycles = 0,
        AnswerCycles = 0,
        SwitchCycles = 0,
        MessageCycles = 0,
    };

    /// <summary>Throws when a number makes no sense.</summary>
    public void Check()
    {
        long[] all =
        [
            TrapCycles, SecondLevelCycles, VirtualTlbCycles, TlbWriteCycles, PrivilegedCycles, RegisterCycles,
            DeliverCycles, RequestCycles, AnswerCycles, SwitchCycles, MessageCycles,
        ];
        Invariant.Holds(Array.TrueForAll(all, cycles => cycles >= 0));
        Invariant.Holds(RetryCycles >= 1);
    }
}
