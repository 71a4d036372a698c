using System.Text.RegularExpressions;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>
/// 200 faults: each is detected, those of order and payload at the exact delivery. Whatever is wrong with a recording
/// is a sentence or a divergence, never anything else. Another build is refused by the command line, and tested there.
/// </summary>
public sealed class InjectedFaultTests
{
    private static readonly RecordedRun Run = new("hello", "", 2);
    private static readonly byte[] Recording = Run.Record(RecordLevel.Full);

    // Four CPUs share lines, so that a directory sends several envelopes in one handling.
    private static readonly Lazy<byte[]> Shared =
        new(() => RecordedRun.Radix.Record(RecordLevel.Full, out _, new Cycle(300_000)));

    /// <summary>60 flipped bits: reading ends with the place of the block that has it.</summary>
    [Fact]
    public void Every_flipped_byte_is_detected_and_its_block_named()
    {
        List<BlockPlace> blocks = BlockScan.Of(new MemoryStream(Recording)).Blocks;
        SeededRandom random = new(11);
        for (int i = 0; i < 60; i++)
        {
            // From the header to the index; the magic number in front has a test of its own.
            int at = 8 + (int)(random.Next() % (ulong)(Recording.Length - 8));
            byte[] damaged = [.. Recording];
            damaged[at] ^= (byte)(1 << (int)(random.Next() % 8));
            long offset = blocks.Last(block => block.Offset <= at).Offset;

            string? sentence = SentenceOf(() => Run.Replay(damaged));
            TraceProblem named = Verify(damaged).Problems[0];

            Assert.Equal(offset, named.Offset);
            bool isNamed = sentence is not null && sentence.Contains($"byte {offset} ", StringComparison.Ordinal);
            // A length beyond the end of the file reads like a crash while recording: then the end is missing.
            Assert.True(isNamed || (sentence is null && !Run.Replay(damaged).Complete)
                || (offset == 8 && sentence is not null), $"byte {at}: {sentence}");
        }
    }

    /// <summary>110 faults of order and contents, written with right hashes: only the replay can tell.</summary>
    [Theory]
    [InlineData("drop", 30)]
    [InlineData("swap", 30)]
    [InlineData("duplicate", 20)]
    [InlineData("payload", 20)]
    [InlineData("word", 10)]
    public void A_fault_of_order_or_contents_is_named_at_the_exact_delivery(string fault, int count)
    {
        SeededRandom random = new((ulong)fault.Length + 100);
        for (int i = 0; i < count; i++)
        {
            EditedRecording edited = new(Recording);
            int node = (int)(random.Next() % (ulong)edited.Counts.Count);
            int number = (int)(random.Next() % (ulong)(edited.Counts[node] - 1));
            number = Inject(edited, fault, node, number);

            ReplayVerdict verdict = Run.Replay(edited.Write());

            Assert.False(verdict.Equal, $"{fault} of delivery {number} of node {node} was not noticed");
            Assert.Equal(number, verdict.Divergence!.Delivery);
            Assert.Equal(node, NodeOf(verdict.Divergence.Actor!.Value));
        }
    }

    /// <summary>18 disturbances of three kinds: the first envelope that is not the recorded one is named.</summary>
    [Theory]
    [InlineData(Disturbance.Delay)]
    [InlineData(Disturbance.Swap)]
    [InlineData(Disturbance.Payload)]
    public void Nondeterminism_in_an_actor_is_found_at_its_first_envelope(object planted)
    {
        Disturbance disturbance = (Disturbance)planted;
        int found = 0;
        for (int i = 0; found < 6; i++)
        {
            Assert.True(i < 40, $"{found} of 6 disturbances could be planted");
            World world = RecordedRun.Radix.World();
            // A directory sends orders in numbers, a memory lines.
            Address suspect = disturbance == Disturbance.Payload ? Address.Memory(i % 4) : Address.Directory(i % 4);
            DisturbedActor disturbed = new(world[suspect], disturbance, 3 * i);
            Actor[] actors =
                [.. world.Actors.Select(actor => actor.Address == suspect ? disturbed : actor)];
            Engine engine = new DeterministicEngine(
                new World(actors, world.Lookahead, world.Names), new EngineOptions { Seed = 1 });

            using TraceReader trace = Open(Shared.Value);
            ReplayVerdict verdict = new Replayer(engine, trace).Run();

            if (disturbed.Disturbed < 0)
            {
                Assert.True(verdict.Equal, verdict.Divergence?.What);
                continue;
            }
            found++;
            Assert.False(verdict.Equal, $"{disturbance} of {suspect} #{disturbed.Disturbed} was not noticed");
            RecordedDelivery?[] named = [verdict.Divergence!.Expected, verdict.Divergence.Found];
            Assert.Contains(named.OfType<RecordedDelivery>(), delivery => delivery.Envelope.Source == suspect
                && delivery.Envelope.Sequence - disturbed.Disturbed is 0 or 1);
        }
    }

    /// <summary>8 machines that are not the recorded one.</summary>
    [Theory]
    [InlineData("latency")]
    [InlineData("cache")]
    [InlineData("bus")]
    [InlineData("memory-time")]
    [InlineData("nodes")]
    [InlineData("cpus")]
    [InlineData("seed")]
    [InlineData("order-level seed")]
    public void A_foreign_configuration_is_refused_or_diverges(string change)
    {
        BoardConfig board = new() { Nodes = 2, Cpus = 2, Seed = 1 };
        BoardConfig foreign = change switch
        {
            "latency" => board with { TransitNanoseconds = 310 },
            "bus" => board with { BusNanoseconds = 80 },
            "memory-time" => board with { MemoryNanoseconds = 160 },
            "cache" => board with { SecondLevelNanoseconds = 60 },
            "nodes" => board with { Nodes = 1 },
            "cpus" => board with { Cpus = 1, Nodes = 1 },
            _ => board with { Seed = 2 },
        };
        byte[] recording = change.StartsWith("order", StringComparison.Ordinal)
            ? Run.Record(RecordLevel.Order)
            : Recording;

        AssertDetected(foreign, "hello", recording);
    }

    /// <summary>4 guests that are not the recorded one.</summary>
    [Theory]
    [InlineData("hello-be")]
    [InlineData("hello32")]
    [InlineData("torture")]
    [InlineData("radix")]
    public void Another_guest_image_diverges(string guest) =>
        AssertDetected(new BoardConfig { Nodes = 2, Cpus = 2, Seed = 1 }, guest, Recording);

    private static void AssertDetected(BoardConfig board, string guest, byte[] recording)
    {
        byte[] image = File.ReadAllBytes(Repository.PathOf("guests", "images", guest + ".elf"));
        World world = MachineBuilder.Build(board, ElfImage.Parse(image, guest), "").World;
        ReplayVerdict? verdict = null;
        string? sentence = SentenceOf(() =>
        {
            using TraceReader trace = Open(recording);
            return verdict = new Replayer(
                new DeterministicEngine(world, new EngineOptions { Seed = board.Seed }), trace).Run();
        });
        Assert.True(sentence is not null || verdict is { Equal: false });
        Assert.True(sentence is null || Regex.IsMatch(sentence, "another machine|seed"), sentence);
    }

    /// <returns>The number of the delivery that is wrong.</returns>
    private static int Inject(EditedRecording edited, string fault, int node, int number)
    {
        switch (fault)
        {
            case "drop":
                edited.Drop(node, number);
                return number;
            case "swap":
                edited.Swap(node, number);
                return number;
            case "duplicate":
                edited.Duplicate(node, number);
                return number + 1;
        }
        while (fault == "payload" && edited[node, number].Envelope.Message.PayloadBytes == 0)
        {
            number = (number + 1) % edited.Counts[node];
        }
        RecordedDelivery was = edited[node, number];
        Envelope envelope = was.Envelope;
        if (fault == "payload")
        {
            ((Span<byte>)envelope.Payload)[number % envelope.Message.PayloadBytes] ^= 1;
        }
        else
        {
            envelope.Message.B ^= 1UL << (number % 64);
        }
        edited[node, number] = was with { Envelope = envelope };
        return number;
    }

    private static int NodeOf(Address actor)
    {
        using TraceReader trace = Open(Recording);
        return trace.Header.Actors.First(one => one.Address == actor.ToString()).Node;
    }

    private static string? SentenceOf(Func<ReplayVerdict> run)
    {
        try
        {
            run();
            return null;
        }
        catch (TraceException e)
        {
            return e.Message;
        }
    }

    private static TraceVerification Verify(byte[] recording) =>
        TraceVerifier.Verify(new MemoryStream(recording), "memory");

    private static TraceReader Open(byte[] recording) => new(new MemoryStream(recording), "memory");
}
