using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports.Protos;
using Google.Protobuf;

namespace Disco.Actors.Tracing.Exports;

/// <summary>
/// A recording for ui.perfetto.dev: a track per node and, below it, one per actor; a short slice per message handled;
/// an arrow (flow) per message from the slice that caused it. What a CPU sent while it executed is drawn from its last
/// slice before. Slices of one transaction share their correlation id.
/// </summary>
public sealed class Perfetto
{
    private const uint PacketSequence = 1;
    private const uint StateCleared = 1;

    private readonly CodedOutputStream _to;
    private readonly IMessageNames _names;
    private readonly Dictionary<Address, ulong> _tracks = [];

    private Perfetto(TraceHeader header, IMessageNames names, CodedOutputStream to)
    {
        _to = to;
        _names = names;
        WriteTracks(header);
    }

    /// <param name="header">Names the actors and their nodes.</param>
    /// <param name="deliveries">In the total order.</param>
    /// <param name="names">Of the messages.</param>
    /// <param name="clockHz">Cycles per second.</param>
    /// <param name="to">Stays open.</param>
    public static void Write(
        TraceHeader header, IEnumerable<CausedDelivery> deliveries, IMessageNames names, long clockHz, Stream to)
    {
        using CodedOutputStream coded = new(to, leaveOpen: true);
        Perfetto export = new(header, names, coded);
        foreach (MessageSlice slice in MessageSlices.Of(deliveries, clockHz))
        {
            export.WriteSlice(slice);
        }
    }

    private void WriteTracks(TraceHeader header)
    {
        ulong uuid = 0;
        Dictionary<int, ulong> nodes = [];
        foreach (TraceActor actor in header.Actors.OrderBy(actor => actor.Node))
        {
            if (!nodes.TryGetValue(actor.Node, out ulong node))
            {
                nodes[actor.Node] = node = ++uuid;
                WriteTrack(node, null, $"node {actor.Node}");
            }
            WriteTrack(++uuid, node, actor.Address);
            if (Address.TryParse(actor.Address, out Address address))
            {
                _tracks[address] = uuid;
            }
        }
    }

    private void WriteTrack(ulong uuid, ulong? parent, string name)
    {
        TrackDescriptor descriptor = new() { Uuid = uuid, Name = name };
        if (parent is { } node)
        {
            descriptor.ParentUuid = node;
        }
        Write(new TracePacket
        {
            TrustedPacketSequenceId = PacketSequence,
            SequenceFlags = StateCleared,
            TrackDescriptor = descriptor,
        });
    }

    private void WriteSlice(in MessageSlice slice)
    {
        TrackEvent begin = new()
        {
            Type = TrackEvent.Types.Type.SliceBegin,
            TrackUuid = _tracks[slice.Actor],
            Name = "begin",
        };
        if (slice.Delivery is { } delivery)
        {
            Envelope at = delivery.Envelope;
            begin.Name = _names.NameOf(at.Message.Kind);
            begin.CorrelationIdStr = delivery.Transaction.ToString();
            begin.TerminatingFlowIds.Add(MessageSlices.FlowOf(at.Source, at.Sequence));
            Annotate(begin, "message", _names.Describe(at.Message));
            Annotate(begin, "transaction", begin.CorrelationIdStr);
            Annotate(begin, "envelope", new TransactionId(at.Source, at.Sequence).ToString());
            begin.DebugAnnotations.Add(new DebugAnnotation { Name = "cycle", UintValue = (ulong)at.Arrival.Value });
        }
        for (long sequence = slice.FirstSent; sequence < slice.NextSent; sequence++)
        {
            begin.FlowIds.Add(MessageSlices.FlowOf(slice.Actor, sequence));
        }
        WriteEvent(slice.Begin, begin);
        WriteEvent(slice.End, new TrackEvent
        {
            Type = TrackEvent.Types.Type.SliceEnd,
            TrackUuid = begin.TrackUuid,
        });
    }

    private static void Annotate(TrackEvent trackEvent, string name, string text) =>
        trackEvent.DebugAnnotations.Add(new DebugAnnotation { Name = name, StringValue = text });

    private void WriteEvent(ulong nanoseconds, TrackEvent trackEvent) => Write(new TracePacket
    {
        Timestamp = nanoseconds,
        TrustedPacketSequenceId = PacketSequence,
        TrackEvent = trackEvent,
    });

    // A trace is its packets one after the other, so it can be written without ever being whole in memory.
    private void Write(TracePacket packet) => new Trace { Packet = { packet } }.WriteTo(_to);
}
