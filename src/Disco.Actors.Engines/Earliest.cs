namespace Disco.Actors.Engines;

/// <summary>The smallest of some cycles, and the smallest of all but one of them.</summary>
internal struct Earliest()
{
    private long _first = Timing.Never;
    private long _second = Timing.Never;
    private int _place = -1;

    public void Note(int place, long cycle)
    {
        if (cycle < _first)
        {
            _second = _first;
            _first = cycle;
            _place = place;
        }
        else if (cycle < _second)
        {
            _second = cycle;
        }
    }

    public readonly long Without(int place) => place == _place ? _second : _first;
}
