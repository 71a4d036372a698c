using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress;

/// <summary>An actor that waits.</summary>
/// <param name="Who">Its address.</param>
/// <param name="Whom">The address of the one it waits for.</param>
/// <param name="What">What for.</param>
public sealed record WaitEdge(string Who, string Whom, string What);

/// <summary>
/// Who waits for whom at the end of a run that came to no end. An actor waits for at most one other, so whoever waits
/// for himself in the end is found by following the edges.
/// </summary>
/// <param name="edges">At most one of each actor.</param>
public sealed class WaitGraph(IReadOnlyList<WaitEdge> edges)
{
    public IReadOnlyList<WaitEdge> Edges => edges;

    /// <returns>Null when nobody waits.</returns>
    public static WaitGraph? Of(IEnumerable<Actor> actors)
    {
        List<WaitEdge> edges = [];
        foreach (Actor actor in actors)
        {
            if (actor.Waiting is { } waits)
            {
                edges.Add(new WaitEdge(actor.Address.ToString(), waits.Whom.ToString(), waits.What));
            }
        }
        return edges.Count == 0 ? null : new WaitGraph(edges);
    }

    /// <summary>True for an edge of a circle: whoever is on it waits for himself.</summary>
    public bool IsOnCircle(WaitEdge edge)
    {
        string at = edge.Whom;
        for (int hops = 0; hops < edges.Count && at != edge.Who; hops++)
        {
            if (edges.FirstOrDefault(each => each.Who == at) is not { } next)
            {
                return false;
            }
            at = next.Whom;
        }
        return at == edge.Who;
    }

    /// <summary>A Mermaid graph, an arrow from who waits to whom he waits for; those of a circle are thick.</summary>
    public string ToMermaid()
    {
        StringBuilder text = new("graph LR\n");
        foreach (string actor in edges.SelectMany(edge => (string[])[edge.Who, edge.Whom]).Distinct())
        {
            text.Append($"    {Id(actor)}[\"{actor}\"]\n");
        }
        foreach (WaitEdge edge in edges)
        {
            string arrow = IsOnCircle(edge) ? "==>" : "-->";
            text.Append($"    {Id(edge.Who)} {arrow}|\"{edge.What.Replace('"', '\'')}\"| {Id(edge.Whom)}\n");
        }
        return text.ToString();
    }

    private static string Id(string actor) => actor.Replace('/', '_');
}
