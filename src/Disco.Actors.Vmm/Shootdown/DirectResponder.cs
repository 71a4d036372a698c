using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>Removes and acknowledges; has no state of its own. For targeted and broadcast.</summary>
internal sealed class DirectResponder(ShootdownConfig config, Fabric fabric, int cpu)
    : ShootdownResponder(config, fabric, cpu)
{
    public override void Receive(in Envelope envelope, Context context, IResponderCpu cpu)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        if (message.Kind != ShootdownMessageKind.Remove)
        {
            Refuse(message);
        }
        TakeIn(context, cpu);
        Remove(message.What, context, cpu);
        Acknowledge(Fabric.SenderOf(envelope.Message), message, context, cpu);
    }
}
