using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>The place of each actor in the header's list; the number after the last is any address outside.</summary>
internal sealed class ActorNumbers
{
    private readonly int[][] _byRole = new int[Enum.GetValues<Role>().Length][];

    public ActorNumbers(IEnumerable<Address> actors)
    {
        Address[] all = [.. actors];
        Count = all.Length;
        for (int role = 0; role < _byRole.Length; role++)
        {
            _byRole[role] = new int[all.Where(actor => (int)actor.Role == role)
                .Select(actor => actor.Index + 1).DefaultIfEmpty().Max()];
            Array.Fill(_byRole[role], Count);
        }
        for (int number = 0; number < all.Length; number++)
        {
            _byRole[(int)all[number].Role][all[number].Index] = number;
        }
    }

    public int Count { get; }

    public int this[Address actor]
    {
        get
        {
            int[] ofRole = _byRole[(int)actor.Role];
            return actor.Index < ofRole.Length ? ofRole[actor.Index] : Count;
        }
    }
}
