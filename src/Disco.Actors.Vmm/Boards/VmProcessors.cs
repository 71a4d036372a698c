using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <summary>
/// The part of a virtual machine's monitor that stands for its processors towards its devices: hands pins to the
/// virtual CPUs wherever they are, starts those in reset, and ends the machine.
/// </summary>
public sealed partial class VmProcessors : VmPart
{
    private readonly Fabric _fabric;
    private readonly int _nodes;
    private readonly Address _keeper;

    // State.
    private readonly int[] _cpus;
    private readonly uint[] _pins;
    private readonly bool[] _started;
    private bool _ended;
    private int _exitCode;
    private bool _failed;
    private int _nodesRunning;

    /// <param name="fabric">Of the machine.</param>
    /// <param name="cpus">For each virtual CPU the CPU on which it starts; the first has started.</param>
    /// <param name="keeper">Hears of the end.</param>
    public VmProcessors(Fabric fabric, IReadOnlyList<int> cpus, Address keeper)
    {
        _fabric = fabric;
        _cpus = [.. cpus];
        _nodes = fabric.Homes.Nodes;
        _keeper = keeper;
        _pins = new uint[_cpus.Length];
        _started = new bool[_cpus.Length];
        _started[0] = true;
    }

    /// <summary>Null while it runs.</summary>
    public int? ExitCode => _ended ? _exitCode : null;

    /// <summary>It ended because its guest went where no handler is.</summary>
    public bool Failed => _failed;

    public override void Receive(VmMonitor vm, in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)InterruptKind.InterruptLevel:
                int vcpu = (int)message.B;
                _pins[vcpu] = (uint)message.A;
                if (_started[vcpu])
                {
                    SendPins(vm, vcpu, context);
                }
                break;
            case (ushort)InterruptKind.CoreStart:
                Start(vm, (int)message.B, message.A, context);
                break;
            case (ushort)InterruptKind.MachineEnd:
                End(vm, (int)message.A, failed: message.B == GuestFailed, context);
                break;
            case (ushort)SchedulingKind.AskPins:
                SendPins(vm, SchedulingMessage.VcpuOf(message), context);
                break;
            case (ushort)SchedulingKind.VmStopped:
                _nodesRunning--;
                if (_nodesRunning == 0)
                {
                    Send(vm, _keeper, SchedulingMessage.Of(
                        SchedulingKind.VmEnded, (ulong)vm.Vm, (ulong)_exitCode, 0), context);
                }
                break;
            case (ushort)UncachedKind.UncachedData:
            case (ushort)UncachedKind.UncachedAck:
                Send(vm, UncachedMessage.Unpack(message).Requester, message, context);
                break;
            default:
                Invariant.Broken($"{vm.Address} does not understand message {message}");
                break;
        }
    }

    /// <summary>In MachineEnd beside 0 and 1: the guest has failed.</summary>
    public const ulong GuestFailed = 2;

    public override void Save(StateWriter writer)
    {
        for (int vcpu = 0; vcpu < _pins.Length; vcpu++)
        {
            writer.Write("startsOn", _cpus[vcpu]);
            writer.Write("pins", (ulong)_pins[vcpu]);
            writer.Write("vcpuStarted", _started[vcpu]);
        }
        writer.Write("ended", _ended);
        writer.Write("exitCode", (long)_exitCode);
        writer.Write("guestFailed", _failed);
        writer.Write("nodesRunning", (long)_nodesRunning);
        writer.Write("isLost", IsLost);
    }

    public override void Load(StateReader reader)
    {
        for (int vcpu = 0; vcpu < _pins.Length; vcpu++)
        {
            _cpus[vcpu] = reader.ReadInt32("startsOn");
            _pins[vcpu] = (uint)reader.ReadUInt64("pins");
            _started[vcpu] = reader.ReadBool("vcpuStarted");
        }
        _ended = reader.ReadBool("ended");
        _exitCode = reader.ReadInt32("exitCode");
        _failed = reader.ReadBool("guestFailed");
        _nodesRunning = reader.ReadInt32("nodesRunning");
        IsLost = reader.ReadBool("isLost");
    }

    private void SendPins(VmMonitor vm, int vcpu, Context context)
    {
        Message pins = SchedulingMessage.Of(
            SchedulingKind.VirtualPins, (ulong)vm.Vm, (ulong)vcpu, _pins[vcpu]);
        // As from an interrupt controller to its CPU: before the answer to the register access that changed it.
        pins.Lane = Lane.Reply;
        int holder = vm.HolderOf(vcpu);
        Send(vm, Address.Cpu(holder < 0 ? _cpus[vcpu] : holder), pins, context);
    }

    private void Start(VmMonitor vm, int vcpu, ulong address, Context context)
    {
        if (_started[vcpu] || _ended)
        {
            return;
        }
        _started[vcpu] = true;
        Send(vm, Address.Cpu(_cpus[vcpu]), SchedulingMessage.Of(
            SchedulingKind.StartVcpu, (ulong)vm.Vm, (ulong)vcpu, address), context);
    }

    private void End(VmMonitor vm, int exitCode, bool failed, Context context)
    {
        if (_ended)
        {
            return;
        }
        _ended = true;
        _exitCode = exitCode;
        _failed = failed;
        _nodesRunning = _nodes;
        for (int node = 0; node < _nodes; node++)
        {
            Send(vm, SchedulingMessage.SchedulerOf(node), SchedulingMessage.StopVm(vm.Vm), context);
        }
    }

    private void Send(VmMonitor vm, Address to, in Message message, Context context) =>
        _fabric.Send(context, vm.Address, to, 0, message);
}
