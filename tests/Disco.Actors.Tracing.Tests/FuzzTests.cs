using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>
/// Files that nobody would write: everything that reads recordings ends, with a result or with a sentence about the
/// file. DISCO_FUZZ_FILES says how many files of each kind.
/// </summary>
public sealed class FuzzTests
{
    private static readonly RecordedRun Run = new("hello", "", 2);
    private static readonly byte[] Recording = Run.Record(RecordLevel.Full);

    private static readonly int Files = int.TryParse(
        Environment.GetEnvironmentVariable("DISCO_FUZZ_FILES"), out int files) ? files : 25;

    [Fact]
    public void Random_bytes_are_refused() => ForEach(21, random =>
    {
        byte[] bytes = new byte[random.Next() % 4096];
        Fill(random, bytes);
        if (random.Next() % 2 == 0)
        {
            TraceFormat.Magic.CopyTo(bytes.AsSpan(0, Math.Min(8, bytes.Length)).ToArray(), 0);
        }
        return bytes;
    });

    [Fact]
    public void A_recording_cut_anywhere_is_read_or_refused() => ForEach(22, random =>
        Recording[..(int)(random.Next() % (ulong)Recording.Length)]);

    [Fact]
    public void A_recording_with_a_stretch_of_random_bytes_is_refused() => ForEach(23, random =>
    {
        byte[] bytes = [.. Recording];
        int at = (int)(random.Next() % (ulong)bytes.Length);
        Fill(random, bytes.AsSpan(at, (int)(random.Next() % (ulong)Math.Min(300, bytes.Length - at))));
        return bytes;
    });

    [Fact]
    public void A_recording_with_a_stretch_left_out_or_doubled_is_refused() => ForEach(24, random =>
    {
        int from = (int)(random.Next() % (ulong)Recording.Length);
        int to = (int)(random.Next() % (ulong)Recording.Length);
        return [.. Recording[..to], .. Recording[from..]];
    });

    /// <summary>With right hashes: what is inside the blocks makes no sense.</summary>
    [Fact]
    public void A_recording_with_nonsense_in_whole_blocks_is_read_or_refused() => ForEach(25, random =>
    {
        EditedRecording edited = new(Recording);
        for (int i = 0; i < 3; i++)
        {
            edited.Damage((int)(random.Next() % 8), (int)(random.Next() % 30_000), (byte)(1 + (random.Next() % 255)));
        }
        return edited.Write(raw: true);
    });

    /// <summary>With right hashes: a header that is not JSON, not complete, or of other actors.</summary>
    [Fact]
    public void A_recording_with_a_header_of_nonsense_is_refused() => ForEach(26, random =>
    {
        using TraceReader trace = new(new MemoryStream(Recording), "original");
        byte[] header = trace.Read(trace.Blocks[0]);
        for (int i = 0; i < 4; i++)
        {
            header[random.Next() % (ulong)header.Length] = (byte)" 0{}[]\",:nx-"[(int)(random.Next() % 12)];
        }
        MemoryStream stream = new();
        using (TraceWriter writer = new(stream, trace.Header))
        {
            foreach (BlockPlace block in trace.Blocks.Skip(1))
            {
                writer.Append(block.Type, block.Process, trace.Read(block));
            }
        }
        byte[] bytes = stream.ToArray();
        header.CopyTo(bytes, TraceFormat.Magic.Length + TraceFormat.BlockHeaderBytes);
        Span<byte> blockHeader = bytes.AsSpan(TraceFormat.Magic.Length, TraceFormat.BlockHeaderBytes);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(
            blockHeader[8..], TraceFormat.HashOf(blockHeader[..8], TraceFormat.Magic.Length, header));
        return bytes;
    });

    private static void ForEach(ulong seed, Func<SeededRandom, byte[]> make)
    {
        SeededRandom random = new(seed);
        for (int i = 0; i < Files; i++)
        {
            byte[] bytes = make(random);
            Try(i, "verify", () => TraceVerifier.Verify(new MemoryStream(bytes), "memory"));
            Try(i, "replay", () => Run.Replay(bytes));
            Try(i, "examine", () => Examine(bytes, isChecked: true));
            Try(i, "examine by the index", () => Examine(bytes, isChecked: false));
        }
    }

    private static void Examine(byte[] bytes, bool isChecked)
    {
        using TraceReader trace = new(new MemoryStream(bytes), "memory", isChecked);
        MachineMessageNames names = new();
        TraceStatistics statistics = new();
        CriticalPath path = new(trace.Header.Actors, 10);
        foreach (CausedDelivery delivery in Causality.Of(trace.Deliveries()))
        {
            statistics.Add(delivery);
            path.Add(delivery.Delivery);
        }
        statistics.Close();
        using TraceReader original = new(new MemoryStream(Recording), "memory");
        TraceDiff.Compare(trace, original);
        IEnumerable<CausedDelivery> deliveries = Causality.Of(trace.Deliveries());
        Perfetto.Write(trace.Header, deliveries, names, 400_000_000, Stream.Null);
        ChromeTrace.Write(trace.Header, deliveries, names, 400_000_000, Stream.Null);
        JsonLines.Write(deliveries, names, TextWriter.Null);
        Mermaid.Write(deliveries.Take(200), names, TextWriter.Null);
    }

    private static void Try(int file, string what, Action action)
    {
        try
        {
            action();
        }
        catch (TraceException e)
        {
            Assert.False(e.Message.Contains('\n', StringComparison.Ordinal));
        }
        catch (Exception e)
        {
            Assert.Fail($"file {file}, {what}: {e}");
        }
    }

    private static void Fill(SeededRandom random, Span<byte> bytes)
    {
        foreach (ref byte one in bytes)
        {
            one = (byte)random.Next();
        }
    }
}
