using Akka.Actor;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// An Akka actor that belongs to one run. Whoever waits for the run is told of every exception: nobody else would end
/// it. No actor is started again, as another instance would have a state that belongs to no run.
/// </summary>
internal abstract class RunActor : UntypedActor
{
    protected abstract void Handle(object message);

    /// <summary>Tells whoever waits.</summary>
    protected abstract void Fail(Exception exception);

    protected sealed override void OnReceive(object message)
    {
        try
        {
            Handle(message);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    protected override void PreRestart(Exception reason, object message) =>
        throw new InvalidOperationException($"{Self.Path} must not be restarted", reason);
}
