#pragma warning disable CA1822, CA1801
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Mips;

/// <summary>A MIPS64 Release 2 processor core. It knows no actors: memory is behind a <see cref="MemoryPort"/>.</summary>
public sealed unsafe partial class MipsCore
{
    public MipsCore(CoreConfig config, MemoryPort port, ITrapMonitor? monitor = null)
    {
        Config = config;
        Port = port;
        Monitor = monitor;
    }

    public CoreConfig Config { get; }

    public MemoryPort Port { get; }

    public ITrapMonitor? Monitor { get; set; }

    /// <summary>The cycle of the instruction that executes; valid inside calls to the port and the monitor.</summary>
    public long Now { get; private set; }

    /// <summary>Why the last <see cref="Run"/> came back.</summary>
    public RunStop Stop { get; private set; }

    /// <summary>When <see cref="Stop"/> is Waiting: the cycle in which the timer ends the wait, or long.MaxValue.</summary>
    public long WakeCycle => long.MaxValue;

    /// <summary>Instructions executed since reset.</summary>
    public long Instructions { get; private set; }

    /// <summary>Cycles the port and the monitor added, and cycles slept in WAIT.</summary>
    public long StallCycles { get; private set; }

    public long WaitCycles { get; private set; }

    public ulong Pc { get; set; }

    /// <summary>Executes from <paramref name="start"/> for <paramref name="budgetCycles"/>; returns cycles used.</summary>
    public long Run(Cycle start, long budgetCycles) => 0;

    /// <summary>Levels of Cause.IP7..IP2 from outside in bits 7..2. Only between runs.</summary>
    public void SetInterruptLines(uint lines)
    {
    }

    /// <summary>A general register, 0..31.</summary>
    public ulong GetRegister(int number) => 0;

    public void SetRegister(int number, ulong value)
    {
    }

    /// <summary>The bytes of the physical range are no longer here, or may not be read.</summary>
    public void DropData(ulong physical, int lengthBytes)
    {
    }

    /// <summary>The right to write the physical range is lost; reading goes on.</summary>
    public void DropWrite(ulong physical, int lengthBytes)
    {
    }

    /// <summary>The instructions of the physical range must be fetched again before they execute again.</summary>
    public void DropCode(ulong physical, int lengthBytes)
    {
    }

    /// <summary>Writes the architectural state; decoded code and translations are rebuilt.</summary>
    public void Save(StateWriter writer)
    {
    }

    public void Load(StateReader reader)
    {
    }
}
