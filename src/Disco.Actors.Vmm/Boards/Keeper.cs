using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <summary>
/// Sees virtual machines off: has the devices let go of one that ended, then its memory given back, and ends the run
/// when all are gone. The worst exit code is the run's.
/// </summary>
public sealed class Keeper : Actor
{
    private readonly DeviceSetup _setup;
    private readonly Fabric _fabric;

    // State. How far each virtual machine's end is, and which of its devices still have something of it, a bit each.
    private readonly Stage[] _stages;
    private readonly ulong[] _attached;
    private readonly int[] _exitCodes;
    private int _running;
    private int _exitCode;

    /// <param name="node">Where it lives.</param>
    /// <param name="setup">All virtual machines and what they have.</param>
    /// <param name="fabric">The actor must be placed in it.</param>
    public Keeper(int node, DeviceSetup setup, Fabric fabric)
        : base(KeeperAddress, node)
    {
        _setup = setup;
        _fabric = fabric;
        _running = setup.Vms.Count;
        _attached = new ulong[setup.Vms.Count];
        _stages = new Stage[setup.Vms.Count];
        _exitCodes = new int[setup.Vms.Count];
    }

    private enum Stage : byte
    {
        Running,
        Detaching,
        TearingDown,
        Gone,
    }

    /// <summary>Where the power controller of a machine without monitor lives.</summary>
    public static Address KeeperAddress => new(Role.Power, 0);

    /// <summary>Virtual machines that have not ended.</summary>
    public int Running => _running;

    public override void Receive(in Envelope envelope, Context context)
    {
        Invariant.Holds(_running > 0);
        int vm = (int)envelope.Message.A;
        switch (envelope.Message.Kind)
        {
            case (ushort)SchedulingKind.VmEnded:
                _exitCodes[vm] = (int)envelope.Message.B;
                _exitCode = Math.Max(_exitCode, (int)envelope.Message.B);
                Detach(vm, context);
                break;
            case (ushort)DeviceKind.Detached:
                int device = _setup.DevicesOf(vm).ToList().IndexOf(Fabric.SenderOf(envelope.Message));
                Invariant.Holds((_attached[vm] & (1UL << device)) != 0);
                _attached[vm] &= ~(1UL << device);
                if (_attached[vm] == 0)
                {
                    _stages[vm] = Stage.TearingDown;
                    Send(VmMonitor.AddressOf(vm), new TeardownMessage(MappingKind.Teardown, vm).Pack(), context);
                }
                break;
            case (ushort)MappingKind.TornDown:
                _stages[vm] = Stage.Gone;
                _running--;
                if (_running == 0)
                {
                    context.Stop(_exitCode, "all virtual machines have ended");
                }
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {envelope.Message}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        for (int vm = 0; vm < _attached.Length; vm++)
        {
            writer.Write("stage", (ulong)_stages[vm]);
            writer.Write("attached", _attached[vm]);
            writer.Write("exitCodeOf", _exitCodes[vm]);
        }
        writer.Write("running", (long)_running);
        writer.Write("exitCode", (long)_exitCode);
    }

    public override void Load(StateReader reader)
    {
        for (int vm = 0; vm < _attached.Length; vm++)
        {
            _stages[vm] = (Stage)reader.ReadUInt64("stage");
            _attached[vm] = reader.ReadUInt64("attached");
            _exitCodes[vm] = reader.ReadInt32("exitCodeOf");
        }
        _running = reader.ReadInt32("running");
        _exitCode = reader.ReadInt32("exitCode");
    }

    /// <summary>With what it has ended; null when nobody has said that it has.</summary>
    internal int? ExitCodeOf(int vm) => _stages[vm] == Stage.Running ? null : _exitCodes[vm];

    /// <summary>All of it is gone.</summary>
    internal bool IsGone(int vm) => _stages[vm] == Stage.Gone;

    /// <summary>
    /// Lost virtual machines end, as if their monitors had said so; who cannot answer any more has answered.
    /// </summary>
    internal void Lose(Loss loss, Func<int, int> exitCodeOf)
    {
        for (int vm = 0; vm < _stages.Length; vm++)
        {
            if (_stages[vm] == Stage.Detaching)
            {
                AnswerForDevices(vm, loss);
            }
            if (!loss.Gone.Contains(vm))
            {
                continue;
            }
            Address monitor = VmMonitor.AddressOf(vm);
            if (_stages[vm] == Stage.Running)
            {
                loss.Post(monitor, Address, SchedulingMessage.Of(
                    SchedulingKind.VmEnded, (ulong)vm, (ulong)exitCodeOf(vm), 0));
            }
            else if (_stages[vm] == Stage.TearingDown)
            {
                loss.Post(monitor, Address, new TeardownMessage(MappingKind.TornDown, vm).Pack());
            }
        }
    }

    private void AnswerForDevices(int vm, Loss loss)
    {
        IReadOnlyList<Address> devices = _setup.DevicesOf(vm);
        for (int device = 0; device < devices.Count; device++)
        {
            if ((_attached[vm] & (1UL << device)) != 0 && loss.IsLost(devices[device]))
            {
                loss.Post(devices[device], Address, new Message
                {
                    Kind = (ushort)DeviceKind.Detached,
                    Lane = Lane.Reply,
                    A = (ulong)vm,
                });
            }
        }
    }

    private void Detach(int vm, Context context)
    {
        IReadOnlyList<Address> devices = _setup.DevicesOf(vm);
        Invariant.Holds(devices.Count > 0);
        _stages[vm] = Stage.Detaching;
        _attached[vm] = (1UL << devices.Count) - 1;
        foreach (Address device in devices)
        {
            Send(device, new Message
            {
                Kind = (ushort)DeviceKind.Detach,
                Lane = Lane.Request,
                A = (ulong)vm,
            }, context);
        }
    }

    private void Send(Address to, in Message message, Context context) =>
        _fabric.Send(context, Address, to, 0, message);
}
