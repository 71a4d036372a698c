using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>Messages that have something in common.</summary>
public sealed class MessageGroup
{
    public long Count { get; private set; }

    public long PayloadBytes { get; private set; }

    /// <summary>Cycles under way, of those messages of which it is known when they were sent.</summary>
    public Distribution Latency { get; } = new();

    internal void Add(in CausedDelivery delivery)
    {
        Count++;
        PayloadBytes += delivery.Envelope.Message.PayloadBytes;
        if (delivery.Latency is { } cycles)
        {
            Latency.Add(cycles);
        }
    }
}

/// <summary>Transactions that began with a message of one kind.</summary>
public sealed class TransactionGroup
{
    /// <summary>Messages of each.</summary>
    public Distribution Messages { get; } = new();

    /// <summary>Cycles from the first delivery of each to its last.</summary>
    public Distribution Span { get; } = new();
}

/// <summary>Counts and latencies of a recording's messages.</summary>
public sealed class TraceStatistics
{
    private readonly Dictionary<TransactionId, Open> _transactions = [];

    public long Deliveries { get; private set; }

    public Cycle First { get; private set; } = Cycle.Never;

    public Cycle Last { get; private set; } = Cycle.Zero;

    public SortedDictionary<ushort, MessageGroup> Kinds { get; } = [];

    public SortedDictionary<(Address Source, Address Target), MessageGroup> Pairs { get; } = [];

    /// <summary>By the kind of the first message; complete after <see cref="Close"/>.</summary>
    public SortedDictionary<ushort, TransactionGroup> Transactions { get; } = [];

    public void Add(in CausedDelivery delivery)
    {
        Envelope at = delivery.Envelope;
        Deliveries++;
        First = Cycle.Min(First, at.Arrival);
        Last = Cycle.Max(Last, at.Arrival);
        Group(Kinds, at.Message.Kind).Add(delivery);
        Group(Pairs, (at.Source, at.Target)).Add(delivery);
        if (!_transactions.TryGetValue(delivery.Transaction, out Open? open))
        {
            _transactions[delivery.Transaction] = open = new Open(at.Message.Kind, at.Arrival);
        }
        open.Messages++;
        open.Last = at.Arrival;
    }

    /// <summary>Nothing more comes.</summary>
    public void Close()
    {
        foreach (Open open in _transactions.Values)
        {
            TransactionGroup group = Group(Transactions, open.Kind);
            group.Messages.Add(open.Messages);
            group.Span.Add(open.Last - open.First);
        }
        _transactions.Clear();
    }

    private static TGroup Group<TKey, TGroup>(SortedDictionary<TKey, TGroup> groups, TKey key)
        where TKey : notnull
        where TGroup : new()
    {
        if (!groups.TryGetValue(key, out TGroup? group))
        {
            groups[key] = group = new TGroup();
        }
        return group;
    }

    private sealed class Open(ushort kind, Cycle first)
    {
        public ushort Kind => kind;

        public Cycle First => first;

        public Cycle Last { get; set; }

        public long Messages { get; set; }
    }
}
