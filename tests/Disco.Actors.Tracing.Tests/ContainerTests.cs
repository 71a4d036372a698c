using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>The container survives a crash and notices every kind of damage.</summary>
public sealed class ContainerTests
{
    private static readonly byte[] Recording =
        RecordedRun.Radix.Record(RecordLevel.Full, out _, new Cycle(400_000));

    /// <summary>Wherever the recording program was killed, what was written whole is read and agrees.</summary>
    [Fact]
    public void A_file_cut_anywhere_reads_up_to_its_last_whole_block()
    {
        SeededRandom random = new(1);
        int replayed = 0;
        for (int i = 0; i < 40; i++)
        {
            int length = (int)(random.Next() % (ulong)Recording.Length);
            byte[] cut = Recording[..length];
            try
            {
                using TraceReader trace = new(new MemoryStream(cut), "cut");
                Assert.True(trace.Truncated);
                if (i % 10 == 0)
                {
                    ReplayVerdict verdict = RecordedRun.Radix.Replay(cut);
                    Assert.True(verdict.Equal, $"cut at {length}: {verdict.Divergence?.What}");
                    Assert.False(verdict.Complete);
                    replayed++;
                }
            }
            catch (TraceException e)
            {
                // Only a cut in the very first block leaves nothing to read.
                Assert.True(length < 8192, $"cut at {length}: {e.Message}");
            }
        }
        Assert.True(replayed > 1);
    }

    [Fact]
    public void Every_flipped_byte_is_found()
    {
        SeededRandom random = new(2);
        for (int i = 0; i < 100; i++)
        {
            byte[] damaged = [.. Recording];
            int at = (int)(random.Next() % (ulong)damaged.Length);
            damaged[at] ^= (byte)(1 << (int)(random.Next() % 8));

            // A length that now reaches beyond the end looks like a cut; everything else is damage.
            bool found;
            try
            {
                using TraceReader trace = new(new MemoryStream(damaged), "damaged");
                found = trace.Truncated;
            }
            catch (TraceException)
            {
                found = true;
            }
            Assert.True(found, $"byte {at}");
        }
    }

    [Fact]
    public void A_file_that_is_no_recording_is_refused_with_advice()
    {
        TraceException e = Assert.Throws<TraceException>(
            () => new TraceReader(new MemoryStream("#!/bin/sh\necho hello"u8.ToArray()), "script"));

        Assert.Equal("script: this is not a recording of disco; record one with disco run --record.", e.Message);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(128UL)]
    [InlineData(ulong.MaxValue)]
    public void Numbers_come_back_as_they_were_written(ulong value)
    {
        ByteBuffer buffer = new();
        buffer.Unsigned(value);
        buffer.Signed((long)value);
        buffer.Signed(-(long)(value >> 1));

        ByteCursor cursor = new(buffer.Written);
        Assert.Equal(value, cursor.Unsigned());
        Assert.Equal((long)value, cursor.Signed());
        Assert.Equal(-(long)(value >> 1), cursor.Signed());
        Assert.True(cursor.AtEnd);
    }
}
