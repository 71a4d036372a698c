using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>The place of each actor in the header's list; the number after the last is any address outside.</summary>
internal sealed class ActorNumbers
{
    // By role, then by index: a row for each role, as long as the largest index needs.
    private readonly int[] _numbers;
    private readonly int _columns;

    public ActorNumbers(IEnumerable<Address> actors)
    {
        Address[] all = [.. actors];
        Count = all.Length;
        _columns = all.Select(actor => actor.Index + 1).DefaultIfEmpty().Max();
        _numbers = new int[Enum.GetValues<Role>().Length * _columns];
        Array.Fill(_numbers, Count);
        for (int number = 0; number < all.Length; number++)
        {
            _numbers[((int)all[number].Role * _columns) + all[number].Index] = number;
        }
    }

    public int Count { get; }

    public int this[Address actor] =>
        actor.Index < _columns ? _numbers[((int)actor.Role * _columns) + actor.Index] : Count;
}
