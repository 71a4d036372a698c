using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>Records the deliveries of one node, on the thread that runs it.</summary>
internal sealed class NodeRecorder(int node, ActorNumbers actors, TraceWriter writer, RecordLevel level) : IObserver
{
    private readonly EventEncoder _encoder = new(actors, withPayload: level == RecordLevel.Full);
    private ByteBuffer _block = new();

    public bool WantsTrace => false;

    public void Delivered(in Envelope envelope, Actor actor) =>
        Invariant.Broken("a recording needs the receiver's sequence numbers");

    public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence) =>
        Add(in envelope, firstSequence, nextSequence);

    public void Add(in Envelope envelope, long firstSequence, long nextSequence)
    {
        _encoder.Write(_block, in envelope, firstSequence, nextSequence);
        if (_block.Length >= TraceFormat.BlockBytes)
        {
            Flush();
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }

    public void Flush()
    {
        if (_block.Length > 0)
        {
            _encoder.Finish(_block);
            writer.Append(BlockType.Events, node, ref _block);
        }
    }
}
