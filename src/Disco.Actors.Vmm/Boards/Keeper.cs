using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
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

    // State. For each virtual machine the devices that still have something of it.
    private readonly int[] _attached;
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
        _attached = new int[setup.Vms.Count];
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
                _exitCode = Math.Max(_exitCode, (int)envelope.Message.B);
                Detach(vm, context);
                break;
            case (ushort)DeviceKind.Detached:
                _attached[vm]--;
                if (_attached[vm] == 0)
                {
                    Send(VmMonitor.AddressOf(vm), new TeardownMessage(MappingKind.Teardown, vm).Pack(), context);
                }
                break;
            case (ushort)MappingKind.TornDown:
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
        foreach (int devices in _attached)
        {
            writer.Write("attached", (long)devices);
        }
        writer.Write("running", (long)_running);
        writer.Write("exitCode", (long)_exitCode);
    }

    public override void Load(StateReader reader)
    {
        for (int vm = 0; vm < _attached.Length; vm++)
        {
            _attached[vm] = reader.ReadInt32("attached");
        }
        _running = reader.ReadInt32("running");
        _exitCode = reader.ReadInt32("exitCode");
    }

    private void Detach(int vm, Context context)
    {
        IReadOnlyList<Address> devices = _setup.DevicesOf(vm);
        Invariant.Holds(devices.Count > 0);
        _attached[vm] = devices.Count;
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
