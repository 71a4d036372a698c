using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>Checks what the blocks of a recording say: order, senders, marks, completeness.</summary>
/// <param name="trace">Of the whole blocks.</param>
/// <param name="losers">The nodes of which an event block is lost.</param>
/// <param name="problems">What is found goes there.</param>
internal sealed class DeliveryCheck(TraceReader trace, HashSet<int> losers, List<TraceProblem> problems)
{
    // So many wrong deliveries are named; the rest follows from them.
    private const int NamedMax = 10;

    private readonly List<ReadableNode> _nodes = [];
    private readonly SortedDictionary<Address, Sender> _senders = [];
    private readonly List<(TraceMark Mark, long Offset)> _marks = [];
    private readonly Dictionary<Address, int> _homes = trace.Header.Actors.ToDictionary(
        actor => Address.TryParse(actor.Address, out Address address) ? address : default, actor => actor.Node);

    private long[] _countsByMark = [];
    private int _named;

    public IReadOnlyList<ReadableNode> Nodes => _nodes;

    /// <param name="isComplete">No block is lost: then nothing may be missing.</param>
    public void Run(bool isComplete)
    {
        ReadMarks();
        _countsByMark = new long[_marks.Count];
        if (trace.Header.Level != RecordLevel.Order)
        {
            foreach (int node in trace.Header.Actors.Select(actor => actor.Node).Distinct().Order())
            {
                ReadNode(node);
            }
            if (isComplete && _nodes.TrueForAll(node => node.Complete))
            {
                CheckSenders();
                CheckCounts();
            }
        }
        else if (trace.Blocks.Any(block => block.Type == BlockType.Events))
        {
            Problem(-1, "the header says level order, but there are blocks of deliveries");
        }
    }

    /// <summary>The last state hash before a place in the file.</summary>
    public Cycle? LastMark(long before) => _marks.Where(mark => mark.Offset < before)
        .Select(mark => (Cycle?)mark.Mark.Cycle).LastOrDefault();

    private void ReadMarks()
    {
        foreach (BlockPlace block in trace.Blocks)
        {
            if (block.Type is not (BlockType.Mark or BlockType.End))
            {
                continue;
            }
            try
            {
                ByteCursor cursor = new(trace.Read(block));
                TraceMark mark = block.Type == BlockType.Mark
                    ? TraceMark.Read(ref cursor)
                    : TraceEnd.Read(ref cursor).Mark;
                CheckMark(mark, block);
                _marks.Add((mark, block.Offset));
            }
            catch (TraceException e)
            {
                Problem(block.Offset, e.Message);
            }
        }
    }

    private void CheckMark(in TraceMark mark, BlockPlace block)
    {
        if (_marks is [.., (TraceMark last, _)] && (mark.Cycle < last.Cycle || mark.Deliveries < last.Deliveries))
        {
            Problem(block.Offset, $"the state hash of {mark.Cycle} after {mark.Deliveries} deliveries comes behind "
                + $"that of {last.Cycle} after {last.Deliveries}");
        }
    }

    private void ReadNode(int node)
    {
        long count = 0;
        long next = 0;
        Cycle? until = null;
        bool isComplete = !losers.Contains(node);
        EventDecoder decoder = new(trace.Header);
        List<RecordedDelivery> decoded = [];
        Envelope last = default;
        foreach (BlockPlace block in trace.Blocks.Where(block => block.Type == BlockType.Events
            && block.Process == node))
        {
            decoded.Clear();
            try
            {
                byte[] contents = trace.Read(block);
                long before = EventBlock.Read(contents).Before;
                if (before != next && isComplete)
                {
                    Problem(block.Offset, $"deliveries of node {node}: this block says {before} are before it, "
                        + $"there are {next}");
                }
                next = before;
                decoder.ReadAll(contents, decoded);
            }
            catch (TraceException e)
            {
                Problem(block.Offset, $"deliveries of node {node}: after {decoded.Count} of this block, {e.Message}");
                isComplete = false;
            }
            foreach (RecordedDelivery delivery in decoded)
            {
                Check(delivery, node, next++, block.Offset, count++ == 0 ? null : last);
                last = delivery.Envelope;
                until = last.Arrival;
            }
        }
        _nodes.Add(new ReadableNode(node, count, until, isComplete));
    }

    private void Check(in RecordedDelivery delivery, int node, long number, long offset, Envelope? before)
    {
        Envelope at = delivery.Envelope;
        if (before is { } last && Envelope.Compare(last, at) >= 0)
        {
            Named(offset, node, number, at, last.Source == at.Source && last.Sequence == at.Sequence
                ? "is there twice"
                : "comes behind one that is later in the total order");
        }
        if (_homes.GetValueOrDefault(at.Target, -1) != node)
        {
            Named(offset, node, number, at, "goes to an actor of another node");
        }
        foreach (ref long count in _countsByMark.AsSpan(FirstMarkAfter(at.Arrival)..))
        {
            count++;
        }
    }

    private int FirstMarkAfter(Cycle arrival)
    {
        int low = 0;
        int high = _marks.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _marks[middle].Mark.Cycle <= arrival ? (middle + 1, high) : (low, middle);
        }
        return low;
    }

    /// <summary>Each envelope is delivered once, and none that was not sent.</summary>
    private void CheckSenders()
    {
        Dictionary<int, long> numbers = [];
        foreach (RecordedDelivery delivery in trace.Deliveries())
        {
            Envelope at = delivery.Envelope;
            int node = _homes.GetValueOrDefault(at.Target, -1);
            long number = numbers[node] = numbers.GetValueOrDefault(node, -1) + 1;
            if (!SenderOf(at.Source).Deliver(at.Sequence))
            {
                Named(-1, node, number, at, "is delivered a second time");
            }
            if (!SenderOf(at.Target).Handle(delivery.FirstSent, delivery.NextSent))
            {
                Named(-1, node, number, at, "counts wrongly what its receiver sent before");
            }
        }
        foreach ((Address address, Sender sender) in _senders)
        {
            // What an actor sent by itself after its last delivery is not counted anywhere.
            if (sender.IsPassive && sender.Sent <= sender.LastDelivered)
            {
                Problem(-1, $"{address} #{sender.LastDelivered} is delivered, but {address} sent only {sender.Sent}");
            }
        }
    }

    private void CheckCounts()
    {
        Cycle since = Cycle.Zero;
        long missing = 0;
        for (int i = 0; i < _marks.Count; i++)
        {
            TraceMark mark = _marks[i].Mark;
            long difference = mark.Deliveries - _countsByMark[i] - missing;
            // The run ends in a cycle of which part may have happened: the last count is for all that is there.
            bool isEnd = i == _marks.Count - 1 && trace.End is not null;
            long all = _nodes.Sum(node => node.Deliveries);
            if (difference != 0 && !(isEnd && mark.Deliveries - missing == all))
            {
                Problem(_marks[i].Offset, $"between {since} and {mark.Cycle} "
                    + (difference > 0 ? $"{difference} deliveries are missing" : $"there are {-difference} too many"));
                missing += difference;
            }
            since = mark.Cycle;
        }
    }

    private Sender SenderOf(Address address)
    {
        if (!_senders.TryGetValue(address, out Sender? sender))
        {
            _senders[address] = sender = new Sender();
        }
        return sender;
    }

    private void Named(long offset, int node, long number, in Envelope at, string what)
    {
        if (_named++ < NamedMax)
        {
            Problem(offset, $"delivery {number} of node {node}, {at.Source} #{at.Sequence} to {at.Target} at "
                + $"{at.Arrival}, {what}");
        }
    }

    private void Problem(long offset, string what)
    {
        int block = -1;
        for (int i = 0; i < trace.Blocks.Count; i++)
        {
            block = trace.Blocks[i].Offset == offset ? i : block;
        }
        problems.Add(new TraceProblem(block, offset, what));
    }

    /// <summary>The envelopes of one actor.</summary>
    private sealed class Sender
    {
        // More under way than a machine can have; a count beyond it is damage.
        private const int UnderWayMax = 1 << 20;

        // Not delivered so far though later ones are: those under way.
        private readonly HashSet<long> _skipped = [];
        private bool _hasActed;

        public long LastDelivered { get; private set; } = -1;

        public long Sent { get; private set; }

        /// <summary>All it sent was caused by messages: then the count of what it sent is exact.</summary>
        public bool IsPassive => !_hasActed && Sent > 0;

        public bool Deliver(long sequence)
        {
            if (sequence <= LastDelivered)
            {
                return _skipped.Remove(sequence);
            }
            for (long skipped = LastDelivered + 1; skipped < sequence && _skipped.Count < UnderWayMax; skipped++)
            {
                _skipped.Add(skipped);
            }
            LastDelivered = sequence;
            return true;
        }

        public bool Handle(long firstSent, long nextSent)
        {
            bool isRight = firstSent >= Sent && nextSent >= firstSent;
            _hasActed |= firstSent != Sent;
            Sent = Math.Max(Sent, nextSent);
            return isRight;
        }
    }
}
