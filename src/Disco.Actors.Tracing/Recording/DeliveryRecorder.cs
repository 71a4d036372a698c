using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>
/// Writes a recording of deliveries that no engine made, those of a run whose order somebody chose. There are no marks
/// on the way and nothing came from outside: such a recording can be read, not repeated by an engine.
/// </summary>
public sealed class DeliveryRecorder : IDisposable
{
    private readonly TraceWriter _writer;
    private readonly NodeRecorder[] _nodes;
    private readonly Dictionary<Address, int> _nodeOf;

    /// <param name="stream">Where to; the recorder owns it.</param>
    /// <param name="header">What ran; its level is not order.</param>
    public DeliveryRecorder(Stream stream, TraceHeader header)
    {
        Invariant.Holds(header.Level != RecordLevel.Order);
        _nodeOf = header.Actors.ToDictionary(actor => EventDecoder.AddressOf(actor.Address), actor => actor.Node);
        ActorNumbers numbers = new(header.Actors.Select(actor => EventDecoder.AddressOf(actor.Address)));
        _writer = new TraceWriter(stream, header);
        _nodes = [.. Enumerable.Range(0, _nodeOf.Values.DefaultIfEmpty().Max() + 1)
            .Select(node => new NodeRecorder(node, numbers, _writer, header.Level))];
    }

    /// <summary>The next delivery; those of one node come in the total order.</summary>
    /// <param name="envelope">Its target is an actor of the header.</param>
    /// <param name="firstSequence">The receiver's next sequence number before it handled the envelope.</param>
    /// <param name="nextSequence">The same after.</param>
    public void Add(in Envelope envelope, long firstSequence, long nextSequence) =>
        _nodes[_nodeOf[envelope.Target]].Add(in envelope, firstSequence, nextSequence);

    /// <summary>How the run ended; nothing comes after it.</summary>
    public void End(TraceEnd end)
    {
        Array.ForEach(_nodes, node => node.Flush());
        ByteBuffer buffer = new();
        end.Write(buffer);
        ActorHashes.Write(buffer, []);
        _writer.Append(BlockType.End, 0, buffer.Written);
    }

    /// <summary>Closes the recording. Errors: IOException when a part could not be written.</summary>
    public void Dispose() => _writer.Dispose();
}
