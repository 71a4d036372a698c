using System.Globalization;
using System.Text.Json;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Exports;

/// <summary>
/// The same as <see cref="Perfetto"/> in the JSON of Chrome's trace events, which every trace viewer loads: nodes are
/// processes, actors their threads, messages complete events (X), with a flow (s to f) to each from what sent it.
/// </summary>
/// <remarks>Times are microseconds with three decimals. ["Trace Event Format", event types X, M, s and f]</remarks>
public sealed class ChromeTrace
{
    private const int FlushBytes = 1 << 16;

    private readonly Utf8JsonWriter _to;
    private readonly IMessageNames _names;
    private readonly Dictionary<Address, (int Process, int Thread)> _threads = [];

    private ChromeTrace(Utf8JsonWriter to, IMessageNames names)
    {
        _to = to;
        _names = names;
    }

    /// <param name="header">Names the actors and their nodes.</param>
    /// <param name="deliveries">In the total order.</param>
    /// <param name="names">Of the messages.</param>
    /// <param name="clockHz">Cycles per second.</param>
    /// <param name="to">Stays open.</param>
    public static void Write(
        TraceHeader header, IEnumerable<CausedDelivery> deliveries, IMessageNames names, long clockHz, Stream to)
    {
        using Utf8JsonWriter json = new(to);
        ChromeTrace export = new(json, names);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartArray("traceEvents");
        export.WriteThreads(header);
        foreach (MessageSlice slice in MessageSlices.Of(deliveries, clockHz))
        {
            export.WriteSlice(slice);
            if (json.BytesPending > FlushBytes)
            {
                json.Flush();
            }
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteThreads(TraceHeader header)
    {
        foreach (int node in header.Actors.Select(actor => actor.Node).Distinct().Order())
        {
            WriteName("process_name", node, 0, $"node {node}");
        }
        for (int thread = 0; thread < header.Actors.Count; thread++)
        {
            TraceActor actor = header.Actors[thread];
            // Thread 0 would be taken for the process itself.
            WriteName("thread_name", actor.Node, thread + 1, actor.Address);
            if (Address.TryParse(actor.Address, out Address address))
            {
                _threads[address] = (actor.Node, thread + 1);
            }
        }
    }

    private void WriteName(string what, int process, int thread, string name)
    {
        Begin("M", what, process, thread);
        _to.WriteStartObject("args");
        _to.WriteString("name", name);
        _to.WriteEndObject();
        _to.WriteEndObject();
    }

    private void WriteSlice(in MessageSlice slice)
    {
        (int process, int thread) = _threads[slice.Actor];
        string name = slice.Delivery is { } handled ? _names.NameOf(handled.Envelope.Message.Kind) : "begin";
        Begin("X", name, process, thread);
        WriteTime("ts", slice.Begin);
        WriteTime("dur", slice.End - slice.Begin);
        if (slice.Delivery is { } delivery)
        {
            Envelope at = delivery.Envelope;
            _to.WriteStartObject("args");
            _to.WriteString("message", _names.Describe(at.Message));
            _to.WriteString("transaction", delivery.Transaction.ToString());
            _to.WriteString("envelope", new TransactionId(at.Source, at.Sequence).ToString());
            _to.WriteNumber("cycle", at.Arrival.Value);
            _to.WriteEndObject();
        }
        _to.WriteEndObject();
        if (slice.Delivery is { } ended)
        {
            WriteFlow("f", ended.Envelope.Source, ended.Envelope.Sequence, slice, process, thread);
        }
        for (long sequence = slice.FirstSent; sequence < slice.NextSent; sequence++)
        {
            WriteFlow("s", slice.Actor, sequence, slice, process, thread);
        }
    }

    private void WriteFlow(
        string phase, Address source, long sequence, in MessageSlice slice, int process, int thread)
    {
        Begin(phase, "message", process, thread);
        _to.WriteString("cat", "message");
        // A number of 64 bits is none that JavaScript keeps exactly.
        _to.WriteString("id", MessageSlices.FlowOf(source, sequence).ToString("x16", CultureInfo.InvariantCulture));
        WriteTime("ts", slice.Begin);
        if (phase == "f")
        {
            _to.WriteString("bp", "e");
        }
        _to.WriteEndObject();
    }

    private void Begin(string phase, string name, int process, int thread)
    {
        _to.WriteStartObject();
        _to.WriteString("ph", phase);
        _to.WriteString("name", name);
        _to.WriteNumber("pid", process);
        _to.WriteNumber("tid", thread);
    }

    private void WriteTime(string name, ulong nanoseconds)
    {
        _to.WritePropertyName(name);
        _to.WriteRawValue(string.Create(
            CultureInfo.InvariantCulture, $"{nanoseconds / 1000}.{nanoseconds % 1000:D3}"));
    }
}
