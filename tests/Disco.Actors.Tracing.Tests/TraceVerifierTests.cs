using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>A recording checked by itself: what is bad is named, what is readable is true.</summary>
public sealed class TraceVerifierTests
{
    private static readonly byte[] Recording = RecordedRun.Radix.Record(RecordLevel.Full, out _, new Cycle(400_000));

    [Theory]
    [InlineData(RecordLevel.Order)]
    [InlineData(RecordLevel.Messages)]
    [InlineData(RecordLevel.Full)]
    public void A_recording_of_any_level_is_whole(RecordLevel level)
    {
        TraceVerification found = Verify(RecordedRun.Radix.Record(level));

        Assert.True(found.Whole, string.Join("; ", found.Problems));
        Assert.True(found.HasEnd);
        Assert.Equal(found.FileBytes, found.ReadableBytes);
        Assert.Equal(level != RecordLevel.Order, found.Nodes.Sum(node => node.Deliveries) > 10_000);
    }

    [Fact]
    public void A_flipped_byte_is_named_by_its_block_and_the_rest_stays_readable()
    {
        BlockPlace[] blocks = BlocksOf(Recording);
        SeededRandom random = new(4);
        for (int i = 0; i < 40; i++)
        {
            int number = 1 + (int)(random.Next() % (ulong)(blocks.Length - 1));
            BlockPlace block = blocks[number];
            int at = (int)block.Offset + (int)(random.Next() % (ulong)(block.Length + TraceFormat.BlockHeaderBytes));
            byte[] damaged = [.. Recording];
            damaged[at] ^= (byte)(1 << (int)(random.Next() % 8));

            TraceVerification found = Verify(damaged);

            TraceProblem problem = found.Problems[0];
            Assert.Equal((number, block.Offset), (problem.Block, problem.Offset));
            Assert.Equal(block.Offset, found.ReadableBytes);
            bool isEvents = block.Type == BlockType.Events;
            Assert.Contains(isEvents ? $"deliveries of node {block.Process}" : "damaged", problem.What,
                StringComparison.Ordinal);
            Assert.All(found.Nodes, node => Assert.Equal(!isEvents || node.Node != block.Process, node.Complete));
        }
    }

    /// <summary>What is said to be readable is a recording by itself and can be replayed so far.</summary>
    [Fact]
    public void The_readable_part_of_a_damaged_recording_replays()
    {
        BlockPlace mark = BlocksOf(Recording).Last(block => block.Type == BlockType.Mark);
        byte[] damaged = [.. Recording];
        damaged[mark.Offset + TraceFormat.BlockHeaderBytes + mark.Length + 100] ^= 1;

        TraceVerification found = Verify(damaged);
        ReplayVerdict verdict = RecordedRun.Radix.Replay(damaged[..(int)found.ReadableBytes]);

        Assert.Equal(new Cycle(300_000), found.ReadableUntil);
        Assert.True(verdict.Equal, verdict.Divergence?.What);
        Assert.Equal(found.ReadableUntil, verdict.End);
    }

    [Fact]
    public void A_file_cut_short_is_incomplete_and_says_how_far_it_goes()
    {
        TraceVerification found = Verify(Recording[..(Recording.Length * 3 / 5)]);

        Assert.False(found.Whole);
        Assert.False(found.HasEnd);
        Assert.Contains("ends in the middle", Assert.Single(found.Problems).What, StringComparison.Ordinal);
        Assert.True(found.ReadableUntil > Cycle.Zero);
    }

    [Fact]
    public void A_recording_without_its_index_is_incomplete()
    {
        BlockPlace last = BlocksOf(Recording)[^1];

        TraceVerification found = Verify(Recording[..(int)last.Offset]);

        Assert.Contains("index is missing", Assert.Single(found.Problems).What, StringComparison.Ordinal);
        Assert.True(found.HasEnd);
    }

    /// <summary>Bytes with right hashes all the same: only the contents show it.</summary>
    [Theory]
    [InlineData("drop", "1 deliveries are missing")]
    [InlineData("duplicate", "is there twice")]
    [InlineData("swap", "comes behind one that is later")]
    public void A_wrong_stream_of_deliveries_is_found_without_a_replay(string fault, string sentence)
    {
        EditedRecording edited = new(Recording);
        switch (fault)
        {
            case "drop":
                edited.Drop(1, 500);
                break;
            case "duplicate":
                edited.Duplicate(1, 500);
                break;
            default:
                edited.Swap(1, 500);
                break;
        }

        TraceVerification found = Verify(edited.Write());

        Assert.Contains(found.Problems, problem => problem.What.Contains(sentence, StringComparison.Ordinal));
        Assert.True(fault == "drop" || found.Problems[0].What.StartsWith(
            "delivery 501 of node 1, ", StringComparison.Ordinal), found.Problems[0].What);
    }

    [Fact]
    public void A_recording_without_header_has_nothing_readable()
    {
        byte[] damaged = [.. Recording];
        damaged[100] ^= 4;

        TraceVerification found = Verify(damaged);

        Assert.Equal(0, found.ReadableBytes);
        Assert.Equal("damaged: the header", found.Problems[0].What.Split(';')[0]);
        Assert.Empty(found.Nodes);
    }

    private static BlockPlace[] BlocksOf(byte[] recording) =>
        [.. BlockScan.Of(new MemoryStream(recording)).Blocks];

    private static TraceVerification Verify(byte[] recording) =>
        TraceVerifier.Verify(new MemoryStream(recording), "memory");
}
