using Akka.Actor;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>How a member's run ended.</summary>
public enum MemberEndKind
{
    Good,

    /// <summary>The coordinator, or this process, did not want the other.</summary>
    Refused,

    /// <summary>The run, or this process, has failed, or the coordinator is gone.</summary>
    Failed,

    /// <summary>This process was asked to end.</summary>
    Asked,
}

/// <param name="Kind">How.</param>
/// <param name="Reason">Why, in one sentence without capital and full stop.</param>
public sealed record MemberEnd(MemberEndKind Kind, string Reason);

/// <summary>A process that runs nodes of a machine for a coordinator: <c>disco node</c>.</summary>
public static class MemberProcess
{
    /// <summary>Joins, takes part in one run, and leaves.</summary>
    /// <param name="options">Where to listen, and the secret.</param>
    /// <param name="threads">Host threads.</param>
    /// <param name="coordinator">HOST:PORT of the coordinator.</param>
    /// <param name="build">The machine from the coordinator's settings.</param>
    /// <param name="log">Told what happens, a sentence each.</param>
    /// <param name="asked">Cancelled to leave the run: its nodes are lost then, and the others go on.</param>
    public static MemberEnd Run(
        ClusterOptions options, int threads, string coordinator, Func<byte[], Blueprint> build, Action<string> log,
        CancellationToken asked = default)
    {
        using ActorSystem system = ActorSystem.Create("disco", options.ToConfig(threads, "member"));
        options.Started?.Invoke(system);
        global::Akka.Cluster.Cluster cluster = global::Akka.Cluster.Cluster.Get(system);
        TaskCompletionSource<Ended> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string address = $"{options.Protocol}://disco@{coordinator}";
        system.ActorOf(Props.Create(() => new MemberNode(options, address, build, end, log)), "node");
        cluster.RegisterOnMemberRemoved(() => end.TrySetResult(new Ended(
            MemberEndKind.Failed, "this process was removed from the cluster: it did not reach the coordinator")));
        using CancellationTokenRegistration leaves = asked.Register(() => end.TrySetResult(new Ended(
            MemberEndKind.Asked, $"this process was asked to end, and has left {address}")));
        cluster.Join(global::Akka.Actor.Address.Parse(address));
        Ended ended = end.Task.GetAwaiter().GetResult();
        Departure.End(system, leave: ended.Kind != MemberEndKind.Good);
        return new MemberEnd(ended.Kind, ended.Reason);
    }
}
