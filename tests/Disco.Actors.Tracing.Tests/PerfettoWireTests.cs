using Disco.Actors.Machine.Boards;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>
/// The export for Perfetto, walked by its bytes with the field numbers of the public definition (perfetto.dev,
/// trace_packet.proto, track_event.proto, track_descriptor.proto, debug_annotation.proto): nothing here knows the
/// exporter's own definition.
/// </summary>
public sealed class PerfettoWireTests
{
    private const int Timestamp = 8;
    private const int SequenceId = 10;
    private const int TrackEvent = 11;
    private const int SequenceFlags = 13;
    private const int TrackDescriptor = 60;
    private const int DebugAnnotations = 4;
    private const int Type = 9;
    private const int TrackUuid = 11;
    private const int Name = 23;
    private const int FlowIds = 47;
    private const int TerminatingFlowIds = 48;
    private const int CorrelationIdStr = 53;
    private const int Fixed64 = 1;

    private static readonly RecordedRun Run = new("hello", "", 2);

    [Fact]
    public void Every_record_of_the_file_is_what_the_public_definition_says()
    {
        (CausedDelivery[] deliveries, WireWalk[] packets) = Export();
        MachineMessageNames names = new();
        Dictionary<ulong, string> tracks = TracksOf(packets);
        Dictionary<ulong, (ulong At, string Slice)> open = [];
        Dictionary<ulong, ulong> begun = [];
        List<(string Track, string Name, string Transaction, ulong Nanoseconds)> slices = [];
        HashSet<ulong> ended = [];
        foreach (WireWalk packet in packets.Where(packet => packet.Fields.Contains(TrackEvent)))
        {
            Assert.Equal([Timestamp, SequenceId, TrackEvent], packet.Fields.Order());
            ulong at = packet.Number(Timestamp)!.Value;
            WireWalk slice = Assert.Single(packet.Messages(TrackEvent));
            ulong track = slice.Number(TrackUuid)!.Value;
            if (slice.Number(Type) == 2)
            {
                Assert.True(open.Remove(track, out (ulong At, string) begin), "a slice ends that has not begun");
                Assert.InRange(at - begin.At, 0UL, 10UL);
                continue;
            }
            Assert.Equal(1UL, slice.Number(Type));
            Assert.True(open.TryAdd(track, (at, slice.Text(Name)!)), "slices of a track are not nested");
            foreach (ulong flow in slice.Numbers(FlowIds, Fixed64))
            {
                Assert.True(begun.TryAdd(flow, at));
            }
            if (slice.Text(CorrelationIdStr) is { } transaction)
            {
                slices.Add((tracks[track], slice.Text(Name)!, transaction, at));
                Assert.True(ended.Add(Assert.Single(slice.Numbers(TerminatingFlowIds, Fixed64))));
                Assert.Equal(["message", "transaction", "envelope", "cycle"],
                    slice.Messages(DebugAnnotations).Select(annotation => annotation.Text(10)));
            }
        }

        Assert.Empty(open);
        Assert.Subset(begun.Keys.ToHashSet(), ended);
        Assert.Equal(deliveries.Length, ended.Count);
        Assert.Equal(
            deliveries.Select(delivery => (delivery.Envelope.Target.ToString(),
                names.NameOf(delivery.Envelope.Message.Kind), delivery.Transaction.ToString(),
                (ulong)Math.Round(delivery.Envelope.Arrival.Value * 2.5))).Order(),
            slices.Order());
    }

    /// <returns>Names of the actors' tracks, each checked to lie below its node's.</returns>
    private static Dictionary<ulong, string> TracksOf(WireWalk[] packets)
    {
        Dictionary<ulong, string> nodes = [];
        Dictionary<ulong, string> actors = [];
        foreach (WireWalk packet in packets.Where(packet => packet.Fields.Contains(TrackDescriptor)))
        {
            Assert.Equal(1UL, packet.Number(SequenceFlags));
            WireWalk track = Assert.Single(packet.Messages(TrackDescriptor));
            bool isNode = track.Number(5) is null;
            (isNode ? nodes : actors).Add(track.Number(1)!.Value, track.Text(2)!);
            Assert.True(isNode || nodes.ContainsKey(track.Number(5)!.Value), "a node's track comes before its actors'");
        }
        Assert.Equal(["node 0", "node 1"], nodes.Values);
        return actors;
    }

    private static (CausedDelivery[], WireWalk[]) Export()
    {
        using TraceReader trace = new(new MemoryStream(Run.Record(RecordLevel.Messages)), "memory");
        CausedDelivery[] deliveries = [.. Causality.Of(trace.Deliveries())];
        using MemoryStream stream = new();
        Perfetto.Write(trace.Header, deliveries, new MachineMessageNames(), 400_000_000, stream);
        return (deliveries, [.. new WireWalk(stream.ToArray()).Messages(1)]);
    }
}
