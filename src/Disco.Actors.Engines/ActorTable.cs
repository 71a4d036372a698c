using System.Runtime.CompilerServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>The world's actors by dense number (their place in address order), and the way from address to number.
/// </summary>
internal sealed class ActorTable
{
    private readonly int[][] _byRole;

    public ActorTable(World world)
    {
        Nodes = Math.Max(1, world.Nodes);
        Actors = world.Actors;
        NodeOf = [.. Actors.Select(actor => actor.Node)];
        AtBorder = [.. Actors.Select(actor => actor.IsAtBorder)];
        IsLost = new bool[Actors.Length];
        _byRole = new int[byte.MaxValue + 1][];
        Array.Fill(_byRole, []);
        foreach (IGrouping<Role, Actor> role in Actors.GroupBy(actor => actor.Address.Role))
        {
            int[] numbers = new int[role.Max(actor => actor.Address.Index) + 1];
            Array.Fill(numbers, -1);
            foreach (Actor actor in role)
            {
                numbers[actor.Address.Index] = Array.IndexOf(Actors, actor);
            }
            _byRole[(int)role.Key] = numbers;
        }
    }

    public int Nodes { get; }

    /// <summary>In address order.</summary>
    public Actor[] Actors { get; }

    public int[] NodeOf { get; }

    public bool[] AtBorder { get; }

    /// <summary>Those on nodes that are lost.</summary>
    public bool[] IsLost { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(Address address)
    {
        int[] numbers = _byRole[(byte)address.Role];
        int number = address.Index < (uint)numbers.Length ? numbers[address.Index] : -1;
        return number >= 0 ? number : Missing(address);
    }

    private static int Missing(Address address) =>
        Invariant.Unreachable<int>($"no actor has the address {address}");
}
