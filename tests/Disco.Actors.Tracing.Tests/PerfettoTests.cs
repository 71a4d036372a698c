using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Disco.Actors.Tracing.Exports.Protos;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>The export for Perfetto, read back with the format's own definition.</summary>
public sealed class PerfettoTests
{
    private static readonly Lazy<(TraceHeader Header, CausedDelivery[] Deliveries, Trace Trace)> Export = new(Read);

    [Fact]
    public void Every_actor_has_a_track_below_its_node()
    {
        Dictionary<ulong, TrackDescriptor> tracks = Export.Value.Trace.Packet
            .Where(packet => packet.TrackDescriptor is not null)
            .ToDictionary(packet => packet.TrackDescriptor.Uuid, packet => packet.TrackDescriptor);

        TrackDescriptor cpu = Assert.Single(tracks.Values, track => track.Name == "cpu/3");
        Assert.Equal("node 3", tracks[cpu.ParentUuid].Name);
        Assert.Equal(Export.Value.Header.Actors.Count + 4, tracks.Count);
    }

    [Fact]
    public void Every_message_is_one_slice_that_ends_in_time()
    {
        TracePacket[] events = [.. Export.Value.Trace.Packet.Where(packet => packet.TrackEvent is not null)];

        Assert.Equal(
            Export.Value.Deliveries.Select(delivery => delivery.Transaction.ToString()).Order(StringComparer.Ordinal),
            events.Where(packet => packet.TrackEvent.HasCorrelationIdStr)
                .Select(packet => packet.TrackEvent.CorrelationIdStr).Order(StringComparer.Ordinal));
        foreach (IGrouping<ulong, TracePacket> track in events.GroupBy(packet => packet.TrackEvent.TrackUuid))
        {
            TracePacket[] inOrder = [.. track];
            for (int i = 0; i < inOrder.Length; i++)
            {
                bool begins = inOrder[i].TrackEvent.Type == TrackEvent.Types.Type.SliceBegin;
                Assert.Equal(i % 2 == 0, begins);
                Assert.True(i == 0 || inOrder[i].Timestamp >= inOrder[i - 1].Timestamp);
            }
        }
    }

    [Fact]
    public void Every_flow_that_ends_began_once_and_not_later()
    {
        Dictionary<ulong, ulong> begun = [];
        foreach (TracePacket packet in Export.Value.Trace.Packet)
        {
            foreach (ulong flow in packet.TrackEvent?.FlowIds ?? [])
            {
                Assert.True(begun.TryAdd(flow, packet.Timestamp), "one envelope, one cause");
            }
        }
        HashSet<ulong> ended = [];
        foreach (TracePacket packet in Export.Value.Trace.Packet)
        {
            foreach (ulong flow in packet.TrackEvent?.TerminatingFlowIds ?? [])
            {
                Assert.True(begun[flow] <= packet.Timestamp);
                Assert.True(ended.Add(flow), "one message, one arrow");
            }
        }
        Assert.Equal(Export.Value.Deliveries.Length, ended.Count);
    }

    private static (TraceHeader, CausedDelivery[], Trace) Read()
    {
        byte[] recording = RecordedRun.Radix.Record(RecordLevel.Messages, out _, new Core.Cycle(300_000));
        using TraceReader trace = new(new MemoryStream(recording), "memory");
        CausedDelivery[] deliveries = [.. Causality.Of(trace.Deliveries())];
        using MemoryStream stream = new();
        Perfetto.Write(trace.Header, deliveries, new MachineMessageNames(), 400_000_000, stream);
        return (trace.Header, deliveries, Trace.Parser.ParseFrom(stream.ToArray()));
    }
}
