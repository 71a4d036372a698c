using Disco.Actors.Core;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>What the monitor's time is spent on; the columns of the paper's Table 2, and what it leaves out.</summary>
public enum MonitorCause : byte
{
    /// <summary>TLB misses the guest does not see: the second-level TLB, unmapped segments, the pmap.</summary>
    TlbMiss,

    /// <summary>Emulated TLBWI and TLBWR.</summary>
    TlbWrite,

    /// <summary>Other emulated privileged instructions.</summary>
    Privileged,

    /// <summary>Exceptions handed to the guest.</summary>
    Exception,

    /// <summary>Interrupts handed to the guest.</summary>
    Interrupt,

    /// <summary>Pages asked of the virtual machine's monitor, the wait included.</summary>
    Fill,

    /// <summary>Accesses to virtual devices, the wait included.</summary>
    Device,

    /// <summary>Monitor calls, the wait included.</summary>
    Call,

    /// <summary>Taking translations away.</summary>
    Shootdown,

    /// <summary>Changing virtual CPUs, the wait to enter included.</summary>
    Switch,
}

/// <summary>Counters of the monitor on one CPU.</summary>
public sealed class MonitorStatistics
{
    private static readonly int Causes = Enum.GetValues<MonitorCause>().Length;

    private readonly long[] _counts = new long[Causes];
    private readonly long[] _cycles = new long[Causes];

    /// <summary>Cycles of guests in user mode, their waits for memory included.</summary>
    public long UserCycles { get; set; }

    /// <summary>The same in their kernels.</summary>
    public long KernelCycles { get; set; }

    /// <summary>Cycles without a virtual CPU to run.</summary>
    public long IdleCycles { get; set; }

    /// <summary>TLB misses answered by the second-level TLB.</summary>
    public long SecondLevelHits { get; set; }

    public long MonitorCycles => _cycles.Sum();

    public long CountOf(MonitorCause cause) => _counts[(int)cause];

    public long CyclesOf(MonitorCause cause) => _cycles[(int)cause];

    public void Count(MonitorCause cause) => _counts[(int)cause]++;

    public void Add(MonitorCause cause, long cycles) => _cycles[(int)cause] += cycles;

    public void Save(StateWriter writer)
    {
        writer.Write("stat.user", UserCycles);
        writer.Write("stat.kernel", KernelCycles);
        writer.Write("stat.idle", IdleCycles);
        writer.Write("stat.secondLevelHits", SecondLevelHits);
        for (int cause = 0; cause < Causes; cause++)
        {
            writer.Write("stat.count", _counts[cause]);
            writer.Write("stat.cycles", _cycles[cause]);
        }
    }

    public void Load(StateReader reader)
    {
        UserCycles = reader.ReadInt64("stat.user");
        KernelCycles = reader.ReadInt64("stat.kernel");
        IdleCycles = reader.ReadInt64("stat.idle");
        SecondLevelHits = reader.ReadInt64("stat.secondLevelHits");
        for (int cause = 0; cause < Causes; cause++)
        {
            _counts[cause] = reader.ReadInt64("stat.count");
            _cycles[cause] = reader.ReadInt64("stat.cycles");
        }
    }
}
