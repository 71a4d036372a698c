namespace Disco.Actors.Engines.Akka;

/// <summary>What an actor has sent and not told yet, linked to each other in that order: most often one.</summary>
internal struct Outgoing
{
    // Null with less than two.
    private Carried? _last;

    public Carried? First { get; private set; }

    public int Count { get; private set; }

    public void Add(Carried carried)
    {
        carried.Next = null;
        if (First is null)
        {
            First = carried;
        }
        else
        {
            (_last ?? First).Next = carried;
            _last = carried;
        }
        Count++;
    }

    /// <summary>All of them; null when there is none.</summary>
    public Carried? Take()
    {
        Carried? first = First;
        this = default;
        return first;
    }
}
