using Disco.Actors.Core;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>What a monitor that waits for memory does when it is there.</summary>
public enum MemoryWait : byte
{
    None,

    /// <summary>The instruction executes again, and traps again.</summary>
    Trap,

    /// <summary>The monitor gets control again, as at an alarm.</summary>
    Attend,
}

/// <summary>
/// A virtual machine monitor's part on one CPU. It decides what the core executes: it sees every exception outside
/// kernel mode, gets the messages of its own families, and is given control between two instructions when it asked for
/// it. What it does takes time, which it charges; it runs inside the CPU's actor and has no state but its own and the
/// core's.
/// </summary>
public abstract class CpuMonitor : ITrapMonitor
{
    private Context? _context;
    private long _owedCycles;

    /// <summary>False while the CPU has nothing to execute: no virtual CPU, or one that waits for a message.</summary>
    public abstract bool CanRun { get; }

    /// <summary>True when the time in which it cannot run is idle time, not a stall.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>Whom it waits for while it cannot run.</summary>
    public abstract WaitsFor? Waiting { get; }

    /// <summary>
    /// The cycle from which on it wants control before the next instruction; <see cref="long.MaxValue"/> for never.
    /// It must have moved on when <see cref="Attend"/> returns, unless a message moves it.
    /// </summary>
    public long AlarmCycle { get; protected set; } = long.MaxValue;

    /// <summary>
    /// What the monitor does again when the memory it asked for is there; None when it waits for no memory. It says so
    /// before it returns from a trap with <see cref="TrapOutcome.Block"/>, or from <see cref="Attend"/>.
    /// </summary>
    public MemoryWait WaitsForMemory { get; protected set; }

    protected MipsCore Core { get; private set; } = null!;

    /// <summary>The CPU it is the monitor of.</summary>
    protected Address Owner { get; private set; }

    /// <summary>The engine's, at the cycle of what is handled. Only inside calls.</summary>
    protected Context Context => _context!;

    /// <summary>
    /// The families of messages a CPU hands to its monitor: the monitor's own, and replies to register accesses, since
    /// under a monitor nobody else makes any.
    /// </summary>
    public static bool IsForMonitor(ushort kind) => kind >> 8 is 0x02 or (>= 0x05 and <= 0x08);

    TrapOutcome ITrapMonitor.OnTrap(MipsCore core, in GuestTrap trap, ref long stallCycles)
    {
        Context.AdvanceTo(new Cycle(core.Now));
        TrapOutcome outcome = OnTrap(trap);
        stallCycles += TakeOwed();
        core.EndRunBy(Math.Min(Context.Horizon.Value, AlarmCycle));
        return outcome;
    }

    public abstract void Save(StateWriter writer);

    public abstract void Load(StateReader reader);

    /// <summary>An exception outside kernel mode, at <c>Context.Now</c>.</summary>
    protected abstract TrapOutcome OnTrap(in GuestTrap trap);

    /// <summary>
    /// A message of its families, at its arrival. The core stands between two instructions, or in one that waits for
    /// memory and will be asked for again: registers may be read, but not changed while it waits.
    /// </summary>
    protected abstract void Receive(in Envelope envelope);

    /// <summary>Control between two instructions, because the alarm's cycle was reached.</summary>
    protected abstract void Attend();

    /// <summary>What is being handled takes this long; the core goes on that much later.</summary>
    protected void Charge(long cycles) => _owedCycles += cycles;

    internal void Connect(Address owner, MipsCore core)
    {
        Owner = owner;
        Core = core;
        core.Monitor = this;
    }

    internal void Enter(Context? context) => _context = context;

    internal void ReceiveMessage(in Envelope envelope) => Receive(envelope);

    internal void AttendNow() => Attend();

    internal long TakeOwed()
    {
        long cycles = _owedCycles;
        _owedCycles = 0;
        return cycles;
    }

    internal void SaveSeat(StateWriter writer)
    {
        writer.Write("owedCycles", _owedCycles);
        writer.Write("alarmCycle", AlarmCycle);
        writer.Write("waitsForMemory", (ulong)WaitsForMemory);
        Save(writer);
    }

    internal void LoadSeat(StateReader reader)
    {
        _owedCycles = reader.ReadInt64("owedCycles");
        AlarmCycle = reader.ReadInt64("alarmCycle");
        WaitsForMemory = (MemoryWait)reader.ReadUInt64("waitsForMemory");
        Load(reader);
    }
}
