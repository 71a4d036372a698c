namespace Disco.Actors.Engines.Akka;

/// <summary>How far the actors of one process may go: a window at a time, from the earliest event on.</summary>
internal sealed class Grants(Course course, ActorHost[] hosts, long windowCycles)
{
    private readonly List<ActorHost> _granted = [];

    /// <summary>
    /// Opens one window more, and tells all that have something to do in it. To be called while nobody has a token.
    /// </summary>
    /// <param name="limit">The first cycle not to run.</param>
    /// <returns>False when nothing is left to do before the limit, an earlier stop, or after a fault.</returns>
    public bool Next(long limit)
    {
        long end = limit;
        long next = Timing.Never;
        foreach (ActorHost host in hosts)
        {
            end = host.Fault is null ? Math.Min(end, host.StopRequest.At) : 0;
            if (end == 0)
            {
                break;
            }
            next = Math.Min(next, host.NextEvent);
        }
        if (next >= end)
        {
            course.Limit = Math.Max(course.Limit, end);
            return false;
        }
        Open(Math.Min(end, Timing.Plus(next, windowCycles)));
        return true;
    }

    private void Open(long limit)
    {
        course.Limit = limit;
        foreach (ActorHost host in hosts)
        {
            if (host.NextEvent < limit)
            {
                _granted.Add(host);
            }
        }
        // All tokens first: the first that is told may be done before the second is told.
        course.Issue(_granted.Count);
        foreach (ActorHost host in _granted)
        {
            host.Wake(Grant.Instance);
        }
        _granted.Clear();
    }
}
