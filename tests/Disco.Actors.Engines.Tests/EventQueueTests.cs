using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Engines.Tests;

/// <summary>The timing wheel against a sorted list.</summary>
public sealed class EventQueueTests
{
    [Theory]
    [InlineData(1UL, 1, 10)]
    [InlineData(2UL, 16, 300)]
    [InlineData(3UL, 16, 5_000)]
    [InlineData(4UL, 500, 40)]
    [InlineData(5UL, 2_000, 100_000)]
    [InlineData(6UL, 3, 1_000_000)]
    public void Envelopes_come_out_as_from_a_sorted_list(ulong seed, int inFlight, int latencyMax)
    {
        EventQueue queue = new();
        List<Envelope> twin = [];
        SeededRandom random = new(seed);
        long now = 0;
        long sequence = 0;
        for (int step = 0; step < 5_000; step++)
        {
            while (twin.Count < inFlight)
            {
                Envelope envelope = Any(ref random, now + 1 + random.Below(latencyMax), sequence++);
                int slot = queue.Add(envelope.Arrival.Value, (int)envelope.Message.A, atBorder: false);
                Envelope.Copy(in envelope, ref queue[slot]);
                twin.Add(envelope);
            }
            twin.Sort((left, right) => Envelope.Compare(in left, in right));
            Assert.Equal(twin.Count, queue.Count);
            Assert.Equal(twin.Count, queue.Slots().Count());
            Assert.Equal(twin[0].Arrival.Value, queue.Next);

            now = queue.Next;
            int count = queue.Take();

            Assert.Equal(twin.TakeWhile(envelope => envelope.Arrival.Value == now).Count(), count);
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(0, Envelope.Compare(twin[i], in queue[queue.Taken(i)]));
                Assert.Equal((int)twin[i].Message.A, queue.TargetOf(queue.Taken(i)));
                queue.Free(queue.Taken(i));
            }
            twin.RemoveRange(0, count);
        }
    }

    private static Envelope Any(ref SeededRandom random, long arrival, long sequence)
    {
        Envelope envelope = default;
        envelope.Arrival = new Cycle(arrival);
        envelope.TieBreak = (ulong)random.Below(3);
        envelope.Source = Address.Cpu(random.Below(3));
        envelope.Sequence = sequence;
        envelope.Message.A = (ulong)random.Below(1000);
        return envelope;
    }
}
