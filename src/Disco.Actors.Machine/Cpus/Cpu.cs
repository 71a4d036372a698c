using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// A physical CPU, <c>cpu/n</c>: a core, its memory port, and the machine's time. It executes one instruction per
/// cycle until a miss, a register access or WAIT stops it, and goes on at the cycle of the answer.
/// </summary>
public sealed partial class Cpu : Actor
{
    // Pin p of the interrupt controller is Cause.IP[p+2]. [Board: pins]
    private const int PinShift = 2;

    private static readonly Address ResetController = new(Role.Power, 1);
    private static readonly Address InterruptController = new(Role.Interrupts, 0);

    private readonly CpuPort _port;
    private readonly CpuMonitor? _monitor;

    // Nobody else changes what it reads between two messages. In the fast fidelity others do, and how time is cut into
    // turns shows; the cuts may then not depend on what suits the core.
    private readonly bool _isAlone;
    private CpuPhase _phase;

    // The cycle in which the present phase began, for its length.
    private long _since;
    private long _stallCycles;
    private long _heldCycles;

    /// <param name="number">The CPU's number.</param>
    /// <param name="node">Its node.</param>
    /// <param name="core">Its core, made with <paramref name="port"/>.</param>
    /// <param name="port">Its memory.</param>
    /// <param name="held">True for a CPU that waits in reset until it is started.</param>
    public Cpu(int number, int node, MipsCore core, CpuPort port, bool held)
        : base(Address.Cpu(number), node)
    {
        Core = core;
        _port = port;
        _isAlone = port is CoherentPort;
        port.Connect(core);
        _phase = held ? CpuPhase.Held : CpuPhase.Running;
        NextStep = held ? Cycle.Never : Cycle.Zero;
    }

    /// <summary>A CPU that executes what its monitor says, from the monitor's first alarm on.</summary>
    public Cpu(int number, int node, MipsCore core, CpuPort port, CpuMonitor monitor)
        : this(number, node, core, port, held: true)
    {
        _monitor = monitor;
        monitor.Connect(Address, core);
        EnterStopped(Cycle.Zero);
    }

    private enum CpuPhase : byte
    {
        /// <summary>In reset.</summary>
        Held,
        Running,

        /// <summary>Waits for a line or for a device.</summary>
        Blocked,

        /// <summary>In WAIT.</summary>
        Sleeping,

        /// <summary>The guest has failed on this CPU; it does nothing any more.</summary>
        Failed,

        /// <summary>The monitor waits for something on behalf of what executed here.</summary>
        Stopped,

        /// <summary>The monitor has nothing to execute.</summary>
        Vacant,
    }

    public MipsCore Core { get; }

    /// <summary>Its caches; null in the fast fidelity.</summary>
    public CoherentCache? Cache => (_port as CoherentPort)?.Cache;

    public override bool IsAtBorder => false;

    public override WaitsFor? Waiting => _phase switch
    {
        CpuPhase.Held => new WaitsFor(ResetController, "release from reset"),
        CpuPhase.Sleeping => new WaitsFor(
            InterruptController,
            InterruptsAreOff ? "an interrupt, in WAIT with interrupts off" : "an interrupt, in WAIT"),
        CpuPhase.Blocked => _port.WaitingFor,
        CpuPhase.Stopped or CpuPhase.Vacant => _monitor!.Waiting,
        CpuPhase.Running or CpuPhase.Failed => null,
    };

    /// <summary>True when it executes instructions, or waits for what one of them asked for.</summary>
    public bool IsRunning => _phase is CpuPhase.Running or CpuPhase.Blocked;

    private bool InterruptsAreOff =>
        (Core.Status & StatusBits.Ie) == 0 || (Core.Status & StatusBits.InterruptMask) == 0;

    /// <summary>Where the cycles before <paramref name="now"/> went.</summary>
    public CpuStatistics StatisticsAt(Cycle now)
    {
        long open = Math.Max(0, now.Value - _since);
        bool isStalled = _phase is CpuPhase.Blocked or CpuPhase.Stopped;
        long stall = _stallCycles + Core.StallCycles + (isStalled ? open : 0);
        bool isIdle = _phase is CpuPhase.Held or CpuPhase.Sleeping or CpuPhase.Failed or CpuPhase.Vacant;
        long idle = _heldCycles + Core.WaitCycles + (isIdle ? open : 0);
        return new CpuStatistics(Core.Instructions, Core.Instructions, stall, idle);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        _port.Context = context;
        if (_monitor is not null && CpuMonitor.IsForMonitor(message.Kind))
        {
            Ask(_monitor, envelope, context);
            _port.Context = null;
            return;
        }
        switch (message.Kind >> 8)
        {
            case 0x01:
                if (_port.ReceiveCoherence(envelope, context))
                {
                    Resume(context.Now);
                }
                break;
            case 0x02:
                _port.Receive(UncachedMessage.Unpack(message));
                Resume(context.Now);
                break;
            case 0x03 when message.Kind == (ushort)InterruptKind.InterruptLevel:
                SetPins((uint)message.A, context.Now);
                break;
            case 0x03 when message.Kind == (ushort)InterruptKind.CoreStart:
                Start(message.A, context.Now);
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {message}");
                break;
        }
        _port.Context = null;
    }

    public override void Run(Context context)
    {
        Invariant.Holds(_phase is CpuPhase.Running or CpuPhase.Sleeping or CpuPhase.Stopped or CpuPhase.Vacant);
        _port.Context = context;
        _monitor?.Enter(context);
        context.AdvanceTo(NextStep);
        if (_port.Granted)
        {
            // What others want of the granted line waits until the instruction that asked for it has executed.
            Cycle performed = NextStep;
            if (_monitor is { WaitsForMemory: MemoryWait.Attend })
            {
                Attend(_monitor);
            }
            else
            {
                Execute(1);
            }
            if (_port.Granted)
            {
                Invariant.Holds(context.Now == performed);
                _port.Performed(context);
            }
        }
        long slackCycles = _isAlone ? context.SlackCycles : 0;
        while (NextStep < context.Horizon)
        {
            if (_monitor is null)
            {
                Execute(context.Horizon - NextStep, slackCycles);
            }
            else
            {
                ExecuteGuest(_monitor, context, slackCycles);
            }
            if (context.Horizon - NextStep <= slackCycles)
            {
                break;
            }
        }
        _monitor?.Enter(null);
        if (_port.FetchedBootVector && _phase == CpuPhase.Blocked)
        {
            Fail(context);
        }
        _port.Context = null;
    }

    public override void Save(StateWriter writer)
    {
        SaveProcessor(writer);
        _port.Save(writer);
        _monitor?.SaveSeat(writer);
    }

    public override void Load(StateReader reader)
    {
        LoadProcessor(reader);
        _port.Load(reader);
        _monitor?.LoadSeat(reader);
    }

    /// <summary>
    /// Goes on where a CPU of the fast fidelity is. Its caches stay empty; a link does not survive, which a store
    /// conditional may always find. [MIPS64 Vol II, SC]
    /// </summary>
    internal void TakeOver(Cpu fast)
    {
        Invariant.Holds(_monitor is null && fast._monitor is null);
        Snapshot state = new();
        fast.SaveProcessor(state);
        fast._port.SaveAccess(state);
        StateReader reader = state.Read();
        LoadProcessor(reader);
        _port.LoadAccess(reader);
    }

    // What is the same in every fidelity.
    private void SaveProcessor(StateWriter writer)
    {
        SaveStep(writer);
        writer.Write("phase", (ulong)_phase);
        writer.Write("since", _since);
        writer.Write("stallCycles", _stallCycles);
        writer.Write("heldCycles", _heldCycles);
        Core.Save(writer);
    }

    private void LoadProcessor(StateReader reader)
    {
        LoadStep(reader);
        _phase = (CpuPhase)reader.ReadUInt64("phase");
        _since = reader.ReadInt64("since");
        _stallCycles = reader.ReadInt64("stallCycles");
        _heldCycles = reader.ReadInt64("heldCycles");
        Core.Load(reader);
    }

    /// <summary>Lets the core execute from <see cref="Actor.NextStep"/> and sees why it came back.</summary>
    private void Execute(long budgetCycles, long slackCycles = 0)
    {
        bool slept = _phase == CpuPhase.Sleeping;
        long sleptCycles = Core.WaitCycles;
        _phase = CpuPhase.Running;
        Cycle end = NextStep + Core.Run(NextStep, budgetCycles, slackCycles);
        switch (Core.Stop)
        {
            case RunStop.Budget:
                Invariant.Holds(end > NextStep);
                NextStep = end;
                break;
            case RunStop.Blocked:
                Enter(CpuPhase.Blocked, end);
                NextStep = Cycle.Never;
                break;
            case RunStop.Waiting:
                // A timer that has expired and does not wake it never will by itself.
                bool stillAsleep = slept && sleptCycles == Core.WaitCycles;
                Enter(CpuPhase.Sleeping, stillAsleep ? new Cycle(_since) : end);
                NextStep = Core.WakeCycle > end.Value ? new Cycle(Core.WakeCycle) : Cycle.Never;
                break;
            case RunStop.Monitor when _monitor!.WaitsForMemory == MemoryWait.Trap:
                Enter(CpuPhase.Blocked, end);
                NextStep = Cycle.Never;
                break;
            case RunStop.Monitor:
                EnterStopped(end);
                break;
        }
    }

    /// <summary>Under a monitor: what it owes first, then its turn when it asked for one, then the core's.</summary>
    private void ExecuteGuest(CpuMonitor monitor, Context context, long slackCycles)
    {
        if (monitor.AlarmCycle <= NextStep.Value && !Core.IsResuming)
        {
            context.AdvanceTo(NextStep);
            Attend(monitor);
            if (_phase == CpuPhase.Blocked)
            {
                return;
            }
        }
        if (_phase is CpuPhase.Stopped or CpuPhase.Vacant)
        {
            if (!monitor.CanRun)
            {
                EnterStopped(NextStep);
                return;
            }
            Leave(NextStep);
        }
        long owed = monitor.TakeOwed();
        if (owed > 0)
        {
            _stallCycles += owed;
            NextStep += owed;
        }
        else if (!monitor.CanRun)
        {
            EnterStopped(NextStep);
        }
        else
        {
            long end = Math.Min(context.Horizon.Value, monitor.AlarmCycle);
            Execute(Math.Max(1, end - NextStep.Value), end < context.Horizon.Value ? 0 : slackCycles);
        }
    }

    private void Attend(CpuMonitor monitor)
    {
        monitor.AttendNow();
        if (monitor.WaitsForMemory == MemoryWait.Attend)
        {
            if (_phase is CpuPhase.Stopped or CpuPhase.Vacant)
            {
                Leave(NextStep);
            }
            Enter(CpuPhase.Blocked, NextStep);
            NextStep = Cycle.Never;
        }
    }

    private void Ask(CpuMonitor monitor, in Envelope envelope, Context context)
    {
        monitor.Enter(context);
        monitor.ReceiveMessage(envelope);
        monitor.Enter(null);
        if (_phase is CpuPhase.Stopped or CpuPhase.Vacant)
        {
            // Runs when its step has come, or sleeps on with a new alarm.
            bool attends = monitor.CanRun || monitor.AlarmCycle <= context.Now.Value;
            NextStep = attends ? context.Now : new Cycle(monitor.AlarmCycle);
        }
    }

    private void EnterStopped(Cycle since)
    {
        CpuPhase phase = _monitor!.IsIdle ? CpuPhase.Vacant : CpuPhase.Stopped;
        if (phase != _phase)
        {
            if (_phase is CpuPhase.Stopped or CpuPhase.Vacant)
            {
                Leave(since);
            }
            Enter(phase, since);
        }
        NextStep = new Cycle(Math.Max(_monitor.AlarmCycle, since.Value));
    }

    private void Resume(Cycle now)
    {
        if (_phase == CpuPhase.Failed)
        {
            return;
        }
        Invariant.Holds(_phase == CpuPhase.Blocked);
        Leave(now);
        NextStep = now;
    }

    private void SetPins(uint pins, Cycle now)
    {
        Core.SetInterruptLines(pins << PinShift);
        if (_phase == CpuPhase.Sleeping)
        {
            NextStep = now;
        }
    }

    private void Start(ulong virtualAddress, Cycle now)
    {
        Invariant.Holds(_phase == CpuPhase.Held);
        Leave(now);
        Core.Pc = virtualAddress;
        NextStep = now;
    }

    private void Enter(CpuPhase phase, Cycle since)
    {
        _phase = phase;
        _since = since.Value;
    }

    // Back to running from reset or a wait for memory; the core itself counts its sleep.
    private void Leave(Cycle now)
    {
        long cycles = now.Value - _since;
        if (_phase is CpuPhase.Blocked or CpuPhase.Stopped)
        {
            _stallCycles += cycles;
        }
        else
        {
            Invariant.Holds(_phase is CpuPhase.Held or CpuPhase.Vacant);
            _heldCycles += cycles;
        }
        _phase = CpuPhase.Running;
    }

    private void Fail(Context context)
    {
        // At the cycle of the fetch, however the time before it was cut.
        context.AdvanceTo(new Cycle(_since));
        Enter(CpuPhase.Failed, context.Now);
        context.Stop(1, GuestError.Describe(Address, Core));
    }
}
