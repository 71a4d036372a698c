using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// Envelopes from one partition to another, in order: one thread adds, another fetches. How many were sent and how
/// many were received is told in the partitions' <see cref="Bulletin"/>s, which also make the contents visible.
/// Segments in a circle, reused; no allocation once grown.
/// </summary>
internal sealed class Channel
{
    private const int SegmentLength = 32;

    private readonly Timing _timing;

    // The sender's: where it writes, and of each envelope under way when its answer could leave the receiver's node.
    private Segment _write;
    private Limits[] _answers = new Limits[64];

    // The receiver's.
    private Segment _read;

    private Counters _counters;

    public Channel(Timing timing)
    {
        _timing = timing;
        _write = new Segment();
        _write.Next = new Segment { Next = _write };
        _read = _write;
    }

    /// <summary>Envelopes added so far. The sender's.</summary>
    public long Sent => _counters.Sent;

    /// <summary>Envelopes fetched so far. The receiver's.</summary>
    public long Received => _counters.Received;

    /// <summary>The next envelope, to be filled in before <see cref="Sent"/> is published.</summary>
    public ref Envelope Add(long arrival, bool toBorder)
    {
        if (_counters.WriteAt == SegmentLength)
        {
            NextSegment();
        }
        if (Sent - _counters.Answered == _answers.Length)
        {
            GrowAnswers();
        }
        _answers[Sent % _answers.Length] = _timing.Answer(arrival, toBorder);
        _counters.Sent++;
        return ref _write.Envelopes[_counters.WriteAt++];
    }

    /// <summary>For the sender: what the envelopes not yet received leave everybody but the receiver.</summary>
    /// <param name="received">How many the receiver said it has fetched and counts among its own events.</param>
    public Limits Unreceived(long received)
    {
        _counters.Answered = received;
        Limits least = Limits.None;
        for (long i = received; i < Sent; i++)
        {
            least = Limits.Min(least, _answers[i % _answers.Length]);
        }
        return least;
    }

    /// <summary>For the receiver: the next envelope, of those whose sending was published.</summary>
    public ref readonly Envelope Take()
    {
        if (_counters.ReadAt == SegmentLength)
        {
            _read = _read.Next;
            _counters.ReadAt = 0;
        }
        _counters.Received++;
        return ref _read.Envelopes[_counters.ReadAt++];
    }

    /// <summary>The next one of the circle if the receiver is through with it, else a new one before it.</summary>
    private void NextSegment()
    {
        _write.End = Sent;
        if (_write.Next.End > _counters.Answered)
        {
            _write.Next = new Segment { Next = _write.Next };
        }
        _write = _write.Next;
        _counters.WriteAt = 0;
    }

    private void GrowAnswers()
    {
        Limits[] answers = new Limits[_answers.Length * 2];
        for (long i = _counters.Answered; i < Sent; i++)
        {
            answers[i % answers.Length] = _answers[i % _answers.Length];
        }
        _answers = answers;
    }

    /// <summary>The sender's and the receiver's on different cache lines: both change with every envelope.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 320)]
    private struct Counters
    {
        [FieldOffset(64)]
        public long Sent;

        [FieldOffset(72)]
        public long Answered;

        [FieldOffset(80)]
        public int WriteAt;

        [FieldOffset(192)]
        public long Received;

        [FieldOffset(200)]
        public int ReadAt;
    }

    private sealed class Segment
    {
        public readonly Envelope[] Envelopes = new Envelope[SegmentLength];

        /// <summary>How many had been sent when it was last full. The sender's.</summary>
        public long End;

        public Segment Next = null!;
    }
}
