using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>A machine that a member has built from the coordinator's settings.</summary>
/// <param name="World">All of it; the member runs its own nodes.</param>
/// <param name="Options">Of the engine.</param>
/// <param name="Akka">Of this engine.</param>
public sealed record Blueprint(World World, EngineOptions Options, AkkaOptions Akka)
{
    /// <summary>Which member has a node: contiguous ranges, even by count.</summary>
    internal static int MemberOf(int node, int nodes, int members) => (int)((long)node * members / Math.Max(1, nodes));

    /// <summary>Of all actors; the same in two processes that have built the same machine.</summary>
    internal ulong StateHash()
    {
        StateHash hash = new();
        foreach (Actor actor in World.Actors)
        {
            hash.Write("address", (ulong)actor.Address.Packed);
            actor.Save(hash);
        }
        return hash.Value;
    }
}

/// <summary>What one process knows of the others, before it knows the machine.</summary>
/// <param name="Session">Of the run.</param>
/// <param name="Self">Its own number; the coordinator has 0.</param>
/// <param name="Addresses">Everybody's, by number, as Akka writes them.</param>
internal sealed record Membership(ulong Session, int Self, string[] Addresses);
