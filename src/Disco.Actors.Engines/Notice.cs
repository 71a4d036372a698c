namespace Disco.Actors.Engines;

/// <summary>
/// One partition's state as the others need it, in words:
/// <code>
/// 0  version of the copy
/// 1  delivery limit  what its nodes leave others
/// 2  run limit
/// 3  end             the first cycle it will not run
/// then of each other partition:  envelopes sent to it, received from it,
/// and, where there are third ones:  how many of those sent it said it received,
///                                   and what the others of them leave everybody else (two limits)
/// </code>
/// </summary>
internal sealed class Notice
{
    private const int Header = 4;

    // Behind the words, so that what another thread uses does not come to lie on the same cache line.
    private const int Gap = 16;

    private readonly int _self;
    private readonly int _stride;
    private long[] _words;
    private long[] _scratch;

    /// <param name="self">Whose state.</param>
    /// <param name="partitions">All of them.</param>
    public Notice(int self, int partitions)
    {
        _self = self;
        _stride = partitions > 2 ? 5 : 2;
        Length = Header + (_stride * (partitions - 1));
        _words = new long[Length + Gap];
        _scratch = new long[Length + Gap];
    }

    public int Length { get; }

    public long Version => _words[0];

    public Limits Leave
    {
        get => new(_words[1], _words[2]);
        set => (_words[1], _words[2]) = (value.Delivery, value.Run);
    }

    public ref long End => ref _words[3];

    public ReadOnlySpan<long> Words => _words.AsSpan(0, Length);

    /// <summary>Where a new copy is written, to be taken by <see cref="Accept"/>.</summary>
    public Span<long> Scratch => _scratch.AsSpan(0, Length);

    public ref long Sent(int other) => ref _words[At(other)];

    public ref long Received(int other) => ref _words[At(other) + 1];

    public ref long Acknowledged(int other) => ref _words[At(other) + 2];

    public Limits Unreceived(int other) => new(_words[At(other) + 3], _words[At(other) + 4]);

    public void SetUnreceived(int other, Limits limits) =>
        (_words[At(other) + 3], _words[At(other) + 4]) = (limits.Delivery, limits.Run);

    public void Accept() => (_words, _scratch) = (_scratch, _words);

    private int At(int other) => Header + (_stride * (other < _self ? other : other - 1));
}
