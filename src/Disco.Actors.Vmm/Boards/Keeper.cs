using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Boards;

/// <summary>
/// Sees virtual machines off: has the memory of one that ended given back, and ends the run when all have; the worst
/// exit code is the run's.
/// </summary>
public sealed class Keeper(int node, int machines, Fabric fabric) : Actor(KeeperAddress, node)
{
    private int _running = machines;
    private int _exitCode;

    /// <summary>Where the power controller of a machine without monitor lives.</summary>
    public static Address KeeperAddress => new(Role.Power, 0);

    /// <summary>Virtual machines that have not ended.</summary>
    public int Running => _running;

    public override void Receive(in Envelope envelope, Context context)
    {
        Invariant.Holds(_running > 0);
        if (envelope.Message.Kind == (ushort)SchedulingKind.VmEnded)
        {
            int vm = (int)envelope.Message.A;
            _exitCode = Math.Max(_exitCode, (int)envelope.Message.B);
            fabric.Send(
                context, Address, VmMonitor.AddressOf(vm), 0, new TeardownMessage(MappingKind.Teardown, vm).Pack());
            return;
        }
        Invariant.Holds(envelope.Message.Kind == (ushort)MappingKind.TornDown);
        _running--;
        if (_running == 0)
        {
            context.Stop(_exitCode, "all virtual machines have ended");
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("running", (long)_running);
        writer.Write("exitCode", (long)_exitCode);
    }

    public override void Load(StateReader reader)
    {
        _running = reader.ReadInt32("running");
        _exitCode = reader.ReadInt32("exitCode");
    }
}
