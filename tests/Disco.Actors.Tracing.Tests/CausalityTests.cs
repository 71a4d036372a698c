using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>Causes, transactions and the critical path, on recordings made by hand and on a real one.</summary>
public sealed class CausalityTests
{
    private static readonly Address A = Address.Directory(0);
    private static readonly Address B = Address.Directory(1);
    private static readonly Address C = Address.Memory(0);

    [Fact]
    public void A_message_belongs_to_the_transaction_of_what_caused_it()
    {
        CausedDelivery[] all =
        [
            .. Causality.Of(
            [
                Delivery(10, Address.Cpu(0), 5, A, 0, 2),
                Delivery(20, A, 0, B, 0, 1),
                Delivery(25, Address.Cpu(0), 6, C, 0, 0),
                Delivery(30, B, 0, A, 2, 2),
                Delivery(40, A, 1, C, 0, 0),
            ]),
        ];

        Assert.Equal(["cpu/0#5", "cpu/0#5", "cpu/0#6", "cpu/0#5", "cpu/0#5"],
            all.Select(delivery => delivery.Transaction.ToString()));
        Assert.Equal([-1, 0, -1, 1, 0], all.Select(delivery => delivery.Cause));
        Assert.Equal([null, 10, null, 10, 30], all.Select(delivery => delivery.Latency));
    }

    [Fact]
    public void Each_turn_of_a_timer_begins_a_transaction()
    {
        CausedDelivery[] all =
        [
            .. Causality.Of(
            [
                Delivery(10, A, 0, A, 1, 2),
                Delivery(20, A, 1, A, 2, 4),
                Delivery(30, A, 2, A, 4, 4),
                Delivery(30, A, 3, B, 0, 0),
            ]),
        ];

        Assert.Equal(["dir/0#0", "dir/0#1", "dir/0#2", "dir/0#1"],
            all.Select(delivery => delivery.Transaction.ToString()));
    }

    [Fact]
    public void In_a_real_run_each_cause_sent_what_it_is_said_to_have_caused()
    {
        byte[] recording = RecordedRun.Radix.Record(RecordLevel.Messages, out _, new Cycle(300_000));
        using TraceReader trace = new(new MemoryStream(recording), "memory");
        CausedDelivery[] all = [.. Causality.Of(trace.Deliveries())];
        int caused = 0;
        foreach (CausedDelivery delivery in all.Where(delivery => delivery.Cause >= 0))
        {
            RecordedDelivery cause = all[delivery.Cause].Delivery;
            Assert.Equal(cause.Envelope.Target, delivery.Envelope.Source);
            Assert.InRange(delivery.Envelope.Sequence, cause.FirstSent, cause.NextSent - 1);
            Assert.Equal(all[delivery.Cause].Transaction, delivery.Transaction);
            Assert.True(delivery.Latency >= 1);
            caused++;
        }
        Assert.InRange(caused, all.Length / 2, all.Length - 1);
    }

    /// <summary>Work that depends on itself alone has no speed-up, work of n actors that of n.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Independent_chains_are_as_parallel_as_they_are_many(int chains)
    {
        CriticalPath path = new(Header(chains).Actors);
        for (int turn = 0; turn < 50; turn++)
        {
            for (int chain = 0; chain < chains; chain++)
            {
                path.Add(Delivery(
                    (turn * 10) + 10, Address.Directory(chain), turn, Address.Directory(chain), turn + 1, turn + 2));
            }
        }

        Assert.Equal(50, path.Length);
        Assert.Equal(chains, path.Parallelism);
        Assert.All(path.SpeedUps, speedUp =>
        {
            Assert.Equal(Math.Min(chains, speedUp.Cores), speedUp.AtMost);
            Assert.InRange(speedUp.AnyActor, speedUp.AtMost * 0.66, speedUp.AtMost + 1e-9);
            Assert.InRange(speedUp.ByNode, 1, speedUp.AnyActor + 1e-9);
        });
        Assert.Equal(chains, path.SpeedUps[^1].ByNode, 6);
    }

    /// <summary>A CPU that runs 100 cycles between two misses has that much to do, and its home waits for it.</summary>
    [Fact]
    public void What_an_actor_does_by_itself_counts_when_it_is_wanted()
    {
        RecordedDelivery[] run =
        [
            Delivery(100, Address.Cpu(0), 0, A, 0, 1),
            Delivery(120, A, 0, Address.Cpu(0), 1, 1),
            Delivery(220, Address.Cpu(0), 1, A, 1, 2),
        ];
        CriticalPath messages = new(Header(1).Actors);
        CriticalPath all = new(Header(1).Actors, messageCycles: 50);
        foreach (RecordedDelivery delivery in run)
        {
            messages.Add(delivery);
            all.Add(delivery);
        }

        Assert.Equal((3, 3), (messages.Work, messages.Length));
        Assert.Equal((3 + 2 + 2, 3 + 2 + 2), (all.Work, all.Length));
        Assert.Equal(
            [
                new PathShare(Role.Cpu, null, 2, 4),
                new PathShare(Role.Directory, 0x101, 2, 2),
                new PathShare(Role.Cpu, 0x101, 1, 1),
            ],
            all.OnPath());
    }

    [Fact]
    public void Percentiles_are_those_of_the_sorted_values()
    {
        SeededRandom random = new(3);
        long[] values = [.. Enumerable.Range(0, 1000).Select(_ => (long)(random.Next() % 700))];
        Distribution distribution = new();
        Array.ForEach(values, distribution.Add);
        Array.Sort(values);

        Assert.Equal(values[499], distribution.Percentile(0.5));
        Assert.Equal(values[989], distribution.Percentile(0.99));
        Assert.Equal(values[^1], distribution.Percentile(1));
        Assert.Equal(values[^1], distribution.Max);
        Assert.Equal(values.Average(), distribution.Mean, 9);
    }

    [Theory]
    [InlineData("cpu/3#17", true)]
    [InlineData("cpu/3", false)]
    [InlineData("cpu#1", false)]
    [InlineData("cpu/3#-1", false)]
    [InlineData("gpu/3#1", false)]
    public void Transactions_are_read_as_they_are_written(string text, bool isOne)
    {
        Assert.Equal(isOne, TransactionId.TryParse(text, out TransactionId id));
        Assert.True(!isOne || id.ToString() == text);
    }

    private static RecordedDelivery Delivery(
        long arrival, Address source, long sequence, Address target, long firstSent, long nextSent) =>
        new(
            new Envelope
            {
                Arrival = new Cycle(arrival),
                Source = source,
                Sequence = sequence,
                Target = target,
                Message = new Message { Kind = 0x101 },
            },
            0, firstSent, nextSent);

    private static TraceHeader Header(int directories) => new()
    {
        Build = "test",
        Level = RecordLevel.Messages,
        Engine = "deterministic",
        Seed = 1,
        Settings = [],
        Inputs = [],
        Actors =
        [
            new TraceActor("cpu/0", 0),
            .. Enumerable.Range(0, directories).Select(node => new TraceActor($"dir/{node}", node)),
        ],
    };
}
