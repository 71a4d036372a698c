using Akka.Actor;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// Keeps the clocks of all actors together, and is the parent of their Akka actors. When nothing is left to do before
/// the limit and nothing is under way, it grants a window more, from the earliest event on: so what all wait for comes
/// at once, however far it is.
/// </summary>
/// <remarks>
/// An exception in an actor of the machine is its host's to keep: the window is finished, so that of several the
/// earliest is known, and the machine stops. An Akka actor that ends in another way takes the machine with it. No actor
/// is ever started again.
/// </remarks>
internal sealed class Pacer(Course course, ActorHost[] hosts, AkkaOptions options) : RunActor
{
    public const string Dispatcher = "akka.actor.disco-dispatcher";
    public const string Mailbox = "akka.actor.disco-mailbox";

    private readonly Grants _grants = new(course, hosts, options.WindowCycles);
    private Go? _going;
    private Exception? _broken;

    protected override void PreStart()
    {
        course.Pacer = Self;
        try
        {
            foreach (ActorHost host in hosts)
            {
                Props props = Props.Create(() => new HostActor(host)).WithDispatcher(Dispatcher).WithMailbox(Mailbox);
                host.Ref = Context.Watch(Context.ActorOf(props, $"{host.Address}".Replace('/', '-')));
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(exception =>
    {
        _broken ??= exception;
        return Directive.Stop;
    });

    protected override void Fail(Exception exception) => Break(exception);

    protected override void Handle(object message)
    {
        switch (message)
        {
            case Go go:
                _going = go;
                if (_broken is null)
                {
                    Advance();
                }
                else
                {
                    Break(_broken);
                }
                break;
            case Quiet:
                Advance();
                break;
            case Terminated terminated:
                Break(new InvalidOperationException($"the Akka actor {terminated.ActorRef.Path} has ended", _broken));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Advance()
    {
        if (_going is not { } going || _broken is not null)
        {
            return;
        }
        if (!_grants.Next(going.Limit))
        {
            _going = null;
            going.Done.SetResult();
        }
    }

    private void Break(Exception exception)
    {
        _broken ??= exception;
        _going?.Done.TrySetException(exception);
        _going = null;
    }
}
