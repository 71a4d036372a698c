using Akka.Actor;
using Envelope = Disco.Actors.Core.Envelope;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// Of the coordinator: grants windows to all processes, as <see cref="Pacer"/> does to the actors of one, and gathers
/// what came out. A member that is gone is left out from then on.
/// </summary>
internal sealed class Director(int members, AkkaOptions options, EnvelopeCodec codec, Action<int> giveUp) : RunActor
{
    private readonly PartReport?[] _reports = new PartReport?[members];
    private readonly byte[]?[] _answers = new byte[]?[members];
    private readonly SortedSet<int> _gone = [];
    private IActorRef _part = ActorRefs.Nobody;
    private Advance? _advance;
    private List<Envelope> _entering = [];
    private Gather? _gather;
    private long _window;
    private long _limit;
    private bool _hasLost;
    private string? _broken;

    protected override void Fail(Exception exception) => Break(exception.Message);

    protected override void Handle(object message)
    {
        switch (message)
        {
            case PartIs part:
                _part = part.Part;
                break;
            case Advance advance:
                _advance = advance;
                _hasLost &= advance.KnownGone != _gone.Count;
                _entering = advance.Entering;
                Go();
                break;
            case Gather gather:
                Begin(gather);
                TellAll(gather.Question);
                AnswerGather();
                break;
            case Spread spread:
                Begin(new Gather([], spread.Done));
                for (int member = 0; member < members; member++)
                {
                    if (!_gone.Contains(member))
                    {
                        _part.Tell(new ToMember(member, spread.Orders[member]), ActorRefs.NoSender);
                    }
                }
                AnswerGather();
                break;
            case FromMember from when !_gone.Contains(from.Member):
                Hear(from.Member, from.Bytes);
                break;
            case MemberLost lost when _gone.Add(lost.Member):
                _hasLost = true;
                TellAll(Control.Of(ControlKind.Gone, writer => writer.Write(lost.Member)));
                AnswerGather();
                break;
            case Ended ended:
                Break(ended.Reason);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(Gather gather)
    {
        _gather = gather;
        Array.Clear(_answers);
        if (_broken is not null)
        {
            Break(_broken);
        }
    }

    private void Hear(int member, byte[] bytes)
    {
        using BinaryReader reader = Control.Read(bytes, out ControlKind kind);
        switch (kind)
        {
            case ControlKind.Closed:
                _reports[member] = PartReport.Read(reader, members);
                Go();
                break;
            case ControlKind.Broken:
                Break(reader.ReadString());
                break;
            case ControlKind.Silent:
                // Found out to be gone by that at the latest; who lost it says so, however often.
                giveUp(reader.ReadInt32());
                break;
            default:
                _answers[member] = bytes;
                AnswerGather();
                break;
        }
    }

    /// <summary>Goes on when nothing is under way.</summary>
    private void Go()
    {
        if (_advance is not { } advance)
        {
            return;
        }
        if (_broken is not null)
        {
            Break(_broken);
            return;
        }
        if (!IsQuiet())
        {
            return;
        }
        long end = advance.Limit;
        long next = _entering.Count == 0 ? Timing.Never : _entering.Min(envelope => envelope.Arrival.Value);
        StopRequest stop = StopRequest.None;
        foreach (PartReport report in Alive())
        {
            end = report.HasFault ? 0 : Math.Min(end, report.Stop.At);
            next = Math.Min(next, report.Next);
            stop = StopRequest.First(stop, report.Stop);
        }
        if (next >= end || _hasLost)
        {
            _advance = null;
            advance.Done.SetResult(new Standing(next, stop, [.. _gone], [.. _entering], _limit));
            return;
        }
        Open(Math.Min(end, Timing.Plus(next, options.WindowCycles)), advance.Watch);
    }

    private void Open(long limit, bool watch)
    {
        _window++;
        _limit = limit;
        List<Envelope> entering = _entering;
        _entering = [];
        TellAll(Control.Of(ControlKind.Open, writer =>
        {
            writer.Write(_window);
            writer.Write(limit);
            writer.Write(watch);
            writer.Write(entering.Count);
            foreach (Envelope envelope in entering)
            {
                Control.Write(writer, codec, in envelope);
            }
        }));
    }

    private bool IsQuiet()
    {
        for (int member = 0; member < members; member++)
        {
            if (_gone.Contains(member))
            {
                continue;
            }
            if (_reports[member] is not { } report || report.Window != _window || report.Gone != _gone.Count)
            {
                return false;
            }
            for (int other = 0; other < members; other++)
            {
                if (!_gone.Contains(other) && report.Received[other] != _reports[other]?.Sent[member])
                {
                    return false;
                }
            }
        }
        return true;
    }

    private IEnumerable<PartReport> Alive() =>
        _reports.Where((_, member) => !_gone.Contains(member)).Select(report => report!);

    private void TellAll(byte[] control)
    {
        for (int member = 0; member < members; member++)
        {
            if (!_gone.Contains(member))
            {
                _part.Tell(new ToMember(member, control), ActorRefs.NoSender);
            }
        }
    }

    private void AnswerGather()
    {
        if (_gather is { } gather
            && Enumerable.Range(0, members).All(member => _answers[member] is not null || _gone.Contains(member)))
        {
            _gather = null;
            gather.Done.SetResult([.. _answers]);
        }
    }

    private void Break(string reason)
    {
        _broken ??= reason;
        InvalidOperationException exception = new(reason);
        _advance?.Done.TrySetException(exception);
        _gather?.Done.TrySetException(exception);
        _advance = null;
        _gather = null;
    }
}

/// <summary>Where the machine stands.</summary>
/// <param name="Next">The earliest event.</param>
/// <param name="Stop">The earliest request.</param>
/// <param name="Gone">Members that are lost.</param>
/// <param name="Entering">Envelopes from outside that have not entered yet.</param>
/// <param name="Reached">Everything before has happened at those that are left.</param>
internal sealed record Standing(long Next, StopRequest Stop, int[] Gone, List<Envelope> Entering, long Reached);

/// <summary>To the director: its part.</summary>
internal sealed record PartIs(IActorRef Part) : INoSerializationVerificationNeeded;

/// <summary>
/// To the director: everything before a cycle is to happen, with what comes from outside. It stops earlier, at the end
/// of a window, when it knows of more members that are gone.
/// </summary>
internal sealed record Advance(
    long Limit, bool Watch, List<Envelope> Entering, int KnownGone, TaskCompletionSource<Standing> Done)
    : INoSerializationVerificationNeeded;

/// <summary>To the director: tell each its own; no bytes for one that is gone.</summary>
internal sealed record Spread(byte[][] Orders, TaskCompletionSource<byte[]?[]> Done)
    : INoSerializationVerificationNeeded;

/// <summary>To the director: ask all; null is the answer of one that is gone.</summary>
internal sealed record Gather(byte[] Question, TaskCompletionSource<byte[]?[]> Done)
    : INoSerializationVerificationNeeded;

/// <summary>To the director: a member is out of the cluster for good.</summary>
internal sealed record MemberLost(int Member) : INoSerializationVerificationNeeded;
