using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Exports.Protos;
using Google.Protobuf;

namespace Disco.Actors.Tracing.Exports;

/// <summary>
/// A recording for ui.perfetto.dev: a track per node and, below it, one per actor; a short slice per message handled;
/// an arrow (flow) per message from the slice that caused it. What a CPU sent while it executed is drawn from its last
/// slice before. Slices of one line or page share their correlation id.
/// </summary>
public sealed class Perfetto
{
    private const uint PacketSequence = 1;
    private const uint StateCleared = 1;
    private const ulong SliceNanoseconds = 10;

    private readonly CodedOutputStream _to;
    private readonly IMessageNames _names;
    private readonly double _nanosecondsPerCycle;
    private readonly Dictionary<Address, ulong> _tracks = [];

    // The last slice of each actor waits until it is known what the actor sent afterwards, and when the next begins.
    private readonly SortedDictionary<Address, RecordedDelivery> _waiting = [];

    private Perfetto(TraceHeader header, IMessageNames names, long clockHz, CodedOutputStream to)
    {
        _to = to;
        _names = names;
        _nanosecondsPerCycle = 1e9 / clockHz;
        WriteTracks(header);
    }

    /// <param name="header">Names the actors and their nodes.</param>
    /// <param name="deliveries">In the total order.</param>
    /// <param name="names">Of the messages.</param>
    /// <param name="clockHz">Cycles per second.</param>
    /// <param name="to">Stays open.</param>
    public static void Write(
        TraceHeader header, IEnumerable<RecordedDelivery> deliveries, IMessageNames names, long clockHz, Stream to)
    {
        using CodedOutputStream coded = new(to, leaveOpen: true);
        Perfetto export = new(header, names, clockHz, coded);
        foreach (RecordedDelivery delivery in deliveries)
        {
            Address actor = delivery.Envelope.Target;
            if (export._waiting.TryGetValue(actor, out RecordedDelivery last))
            {
                export.WriteSlice(last, delivery.FirstSent, delivery.Envelope.Arrival);
            }
            export._waiting[actor] = delivery;
        }
        foreach (RecordedDelivery last in export._waiting.Values)
        {
            export.WriteSlice(last, last.NextSent, Cycle.Never);
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

    /// <param name="delivery">What was handled.</param>
    /// <param name="sent">The actor's sequence number up to which envelopes are drawn from this slice.</param>
    /// <param name="next">When the actor's next slice begins.</param>
    private void WriteSlice(RecordedDelivery delivery, long sent, Cycle next)
    {
        Envelope at = delivery.Envelope;
        ulong begin = Nanoseconds(at.Arrival);
        ulong end = begin + SliceNanoseconds;
        end = next == Cycle.Never ? end : Math.Min(end, Nanoseconds(next));
        TrackEvent slice = new()
        {
            Type = TrackEvent.Types.Type.SliceBegin,
            TrackUuid = _tracks[at.Target],
            Name = _names.NameOf(at.Message.Kind),
            CorrelationId = at.Message.A,
            DebugAnnotations = { new DebugAnnotation { Name = "message", StringValue = _names.Describe(at.Message) } },
            TerminatingFlowIds = { FlowOf(at.Source, at.Sequence) },
        };
        for (long sequence = delivery.FirstSent; sequence < sent; sequence++)
        {
            slice.FlowIds.Add(FlowOf(at.Target, sequence));
        }
        WriteEvent(begin, slice);
        WriteEvent(end, new TrackEvent
        {
            Type = TrackEvent.Types.Type.SliceEnd,
            TrackUuid = slice.TrackUuid,
        });
    }

    private void WriteEvent(ulong nanoseconds, TrackEvent trackEvent) => Write(new TracePacket
    {
        Timestamp = nanoseconds,
        TrustedPacketSequenceId = PacketSequence,
        TrackEvent = trackEvent,
    });

    // A trace is its packets one after the other, so it can be written without ever being whole in memory.
    private void Write(TracePacket packet) => new Trace { Packet = { packet } }.WriteTo(_to);

    private ulong Nanoseconds(Cycle cycle) => (ulong)Math.Round(cycle.Value * _nanosecondsPerCycle);

    private static ulong FlowOf(Address source, long sequence) =>
        TotalOrder.Mix(((ulong)source.Packed << 32) ^ (ulong)sequence);
}
