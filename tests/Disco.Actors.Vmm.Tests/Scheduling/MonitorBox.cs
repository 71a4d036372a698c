using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Scheduling;

namespace Disco.Actors.Vmm.Tests.Scheduling;

/// <summary>Stands for the monitor of a VM: stops VM A of the message it gets, and keeps who has answered.</summary>
internal sealed class MonitorBox(Fabric fabric) : Actor(new Address(Role.Vm, 0), 0)
{
    /// <summary>Nodes that have answered, in order.</summary>
    public List<int> Answers { get; } = [];

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == (ushort)SchedulingKind.VmStopped)
        {
            Answers.Add((int)envelope.Message.B);
            return;
        }
        for (int node = 0; node < fabric.Homes.Nodes; node++)
        {
            fabric.Send(
                context, Address, SchedulingMessage.SchedulerOf(node), 0,
                SchedulingMessage.StopVm((int)envelope.Message.A));
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("answers", Answers.Count);
        Answers.ForEach(node => writer.Write("node", node));
    }

    public override void Load(StateReader reader)
    {
        Answers.Clear();
        for (int left = reader.ReadInt32("answers"); left > 0; left--)
        {
            Answers.Add(reader.ReadInt32("node"));
        }
    }
}
