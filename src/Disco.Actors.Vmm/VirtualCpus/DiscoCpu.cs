using Disco.Actors.Core;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.VirtualCpus;

/// <summary>
/// The monitor's part on one physical CPU: runs virtual CPUs on the core, emulates what they are not allowed to do
/// themselves, and keeps their translations. Guest kernels execute in supervisor mode, applications in user mode;
/// kernel mode is the monitor's own, and the monitor is this class. [Disco 4.1]
/// </summary>
public sealed partial class DiscoCpu : CpuMonitor
{
    private readonly int _number;
    private readonly int _node;
    private readonly Fabric _fabric;
    private readonly MonitorCosts _costs;
    private readonly VirtualMachineSpec[] _machines;
    private readonly ShootdownResponder _responder;

    // Those whose registers are here: the one in the core, and parked ones that ran here last.
    private readonly List<VirtualCpu> _held = [];

    // In the core, entered at its virtual machine's monitor; stays so while nothing else runs here.
    private VirtualCpu? _current;
    private CpuState _state = CpuState.Idle;
    private MonitorCause _waitCause;

    // Time up to here is accounted for.
    private long _accountedTo;
    private long _busyUntil;

    /// <param name="number">The CPU's number.</param>
    /// <param name="node">Its node.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="machines">All virtual machines, by number.</param>
    /// <param name="config">Costs and shootdown protocol.</param>
    public DiscoCpu(
        int number, int node, Fabric fabric, IReadOnlyList<VirtualMachineSpec> machines, MonitorConfig config)
    {
        config.Costs.Check();
        _number = number;
        _node = node;
        _fabric = fabric;
        _machines = [.. machines];
        _costs = config.Costs;
        _responder = ShootdownResponder.Create(config.Shootdown, fabric, number);
        AlarmCycle = 0;
    }

    private enum CpuState : byte
    {
        /// <summary>Asked the scheduler for something to run.</summary>
        Idle,

        /// <summary>Waits for the registers of a virtual CPU from another CPU.</summary>
        Fetching,

        /// <summary>Waits until its virtual machine's monitor lets it run.</summary>
        Entering,
        Running,

        /// <summary>Waits for a page.</summary>
        Filling,

        /// <summary>Waits for a virtual device.</summary>
        Accessing,

        /// <summary>Waits for the answer to a monitor call.</summary>
        Calling,
    }

    public override bool CanRun => _state == CpuState.Running && !_responder.IsStopped;

    public override bool IsIdle => _state == CpuState.Idle;

    public override WaitsFor? Waiting => _state switch
    {
        CpuState.Idle => new WaitsFor(Scheduler, "a virtual CPU to run"),
        CpuState.Fetching => new WaitsFor(Address.Cpu(_fetchingFrom), $"the registers of {NameOf(_fetching!)}"),
        CpuState.Entering => new WaitsFor(_current!.Machine.Monitor, $"{NameOf(_current)} to be let in"),
        CpuState.Filling => new WaitsFor(_current!.Machine.Monitor, $"{_fillPage} for {NameOf(_current)}"),
        CpuState.Accessing => new WaitsFor(
            _current!.Machine.Devices.Find(_access.Physical)!.Device, $"register 0x{_access.Physical:x}"),
        CpuState.Calling => new WaitsFor(_callee, $"monitor call {_callNumber} of {NameOf(_current!)}"),
        CpuState.Running => null,
    };

    public MonitorStatistics Statistics { get; } = new();

    /// <summary>What the CPU did for shootdowns.</summary>
    public ResponderStatistics Responses => _responder.Statistics;

    /// <summary>The virtual CPUs whose state is here, in the order they came.</summary>
    public IReadOnlyList<VirtualCpu> Held => _held;

    /// <summary>The one in the core; null before the first.</summary>
    public VirtualCpu? Current => _current;

    /// <summary>True when the core holds the registers of <see cref="Current"/>.</summary>
    public bool HasRegistersInCore => _current is not null && _state != CpuState.Entering;

    private Address Scheduler => Scheduling.SchedulingMessage.SchedulerOf(_node);

    /// <summary>For construction: this CPU holds a virtual CPU, which is runnable from the first cycle on.</summary>
    public void Hold(VirtualCpu vcpu)
    {
        _held.Add(vcpu);
        _toAdmit.Add(vcpu);
    }

    /// <summary>Accounts for the time up to now, as time of what the CPU was doing.</summary>
    private void AccountTo(long now)
    {
        long cycles = now - _accountedTo;
        if (cycles <= 0)
        {
            return;
        }
        _accountedTo = now;
        switch (_state)
        {
            case CpuState.Idle:
                Statistics.IdleCycles += cycles;
                break;
            case CpuState.Running when WaitsForMemory != MemoryWait.None:
                Statistics.Add(MonitorCause.Privileged, cycles);
                break;
            case CpuState.Running when _current!.Cp0.Mode == Mode.User:
                Statistics.UserCycles += cycles;
                break;
            case CpuState.Running:
                Statistics.KernelCycles += cycles;
                break;
            default:
                Statistics.Add(_waitCause, cycles);
                break;
        }
    }

    /// <summary>Where the cycles before <paramref name="now"/> went; changes nothing.</summary>
    public MonitorTime TimeAt(long now)
    {
        long open = now - _accountedTo;
        bool runs = _state == CpuState.Running && WaitsForMemory == MemoryWait.None;
        bool isUser = runs && _current!.Cp0.Mode == Mode.User;
        bool isIdle = _state == CpuState.Idle;
        return new MonitorTime(
            Statistics.UserCycles + (isUser ? open : 0),
            Statistics.KernelCycles + (runs && !isUser ? open : 0),
            Statistics.MonitorCycles + (!runs && !isIdle ? open : 0),
            Statistics.IdleCycles + (isIdle ? open : 0),
            Statistics.SecondLevelHits);
    }

    private static string NameOf(VirtualCpu vcpu) => $"vm/{vcpu.Machine.Id} vcpu {vcpu.Number}";

    // Monitor work: delays what the core executes next, and is no time of the guest.
    private void Spend(long cycles, MonitorCause cause)
    {
        long now = Context.Now.Value;
        AccountTo(now);
        Statistics.Add(cause, cycles);
        _accountedTo = Math.Max(_accountedTo, now) + cycles;
        _busyUntil = Math.Max(_busyUntil, now) + cycles;
        if (_state == CpuState.Running)
        {
            Charge(cycles);
        }
    }

    /// <summary>The guest goes on, when the monitor has done what it is at.</summary>
    private void Continue()
    {
        long now = Context.Now.Value;
        AccountTo(now);
        _state = CpuState.Running;
        Charge(Math.Max(0, _busyUntil - now));
    }

    private void Wait(CpuState state, MonitorCause cause)
    {
        AccountTo(Context.Now.Value);
        _state = state;
        _waitCause = cause;
    }

    private void Send(Address target, in Message message, long delayCycles = 0)
    {
        // What ends at a CPU takes at least two buses, whichever way it goes. [Lookahead.LocalReachCycles]
        long delay = target.Role == Role.Cpu ? Math.Max(delayCycles, _fabric.Config.BusCycles) : delayCycles;
        _fabric.Send(Context, Owner, target, delay, message);
    }
}
