using Akka.Actor;
using Akka.Event;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>How a process ends its part in a cluster.</summary>
internal static class Departure
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    /// <summary>Ends Akka in this process; after that nothing of it runs.</summary>
    /// <param name="system">Of the process.</param>
    /// <param name="leave">In order, so that the others need not find out by themselves.</param>
    public static void End(ActorSystem system, bool leave)
    {
        if (leave)
        {
            CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance).Wait(Wait);
        }
        // Nothing that a run's end makes Akka say is news.
        system.EventStream.SetLogLevel(LogLevel.ErrorLevel);
        system.Terminate().Wait(Wait);
    }
}
