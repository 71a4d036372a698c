using Akka.Actor;

namespace Disco.Actors.Engines.Akka;

/// <summary>The Akka actor of one actor of the machine.</summary>
internal sealed class HostActor(ActorHost host) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Carried carried:
                host.Handle(carried);
                break;
            case CarriedBytes carried:
                host.Handle(null, carried.Bytes);
                break;
            case Grant or Continue:
                host.Handle(null);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>The machine's state is in the actor: another instance would go on with a state that is none.</summary>
    protected override void PreRestart(Exception reason, object message) =>
        throw new InvalidOperationException($"{host.Address} must not be restarted", reason);
}
