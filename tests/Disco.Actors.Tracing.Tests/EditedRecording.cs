using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Tests;

/// <summary>
/// A recording taken apart, changed and written again with right hashes and index: what a faulty recorder would write.
/// </summary>
internal sealed class EditedRecording
{
    private readonly TraceHeader _header;
    private readonly List<(BlockType Type, int Process, byte[] Contents, List<RecordedDelivery> Deliveries)> _blocks =
        [];

    public EditedRecording(byte[] recording)
    {
        using TraceReader trace = new(new MemoryStream(recording), "original");
        _header = trace.Header;
        Dictionary<int, EventDecoder> decoders = [];
        foreach (BlockPlace block in trace.Blocks.Skip(1))
        {
            List<RecordedDelivery> deliveries = [];
            if (block.Type == BlockType.Events)
            {
                decoders.TryAdd(block.Process, new EventDecoder(_header));
                decoders[block.Process].ReadAll(trace.Read(block), deliveries);
            }
            _blocks.Add((block.Type, block.Process, trace.Read(block), deliveries));
        }
    }

    /// <summary>How many deliveries each node has.</summary>
    public IReadOnlyDictionary<int, int> Counts => _blocks.Where(block => block.Type == BlockType.Events)
        .GroupBy(block => block.Process)
        .ToDictionary(node => node.Key, node => node.Sum(block => block.Deliveries.Count));

    public RecordedDelivery this[int node, int number]
    {
        get
        {
            (List<RecordedDelivery> deliveries, int at) = Find(node, number);
            return deliveries[at];
        }
        set
        {
            (List<RecordedDelivery> deliveries, int at) = Find(node, number);
            deliveries[at] = value;
        }
    }

    public void Drop(int node, int number)
    {
        (List<RecordedDelivery> deliveries, int at) = Find(node, number);
        deliveries.RemoveAt(at);
    }

    public void Duplicate(int node, int number)
    {
        (List<RecordedDelivery> deliveries, int at) = Find(node, number);
        deliveries.Insert(at, deliveries[at]);
    }

    public void Swap(int node, int number) =>
        (this[node, number], this[node, number + 1]) = (this[node, number + 1], this[node, number]);

    /// <summary>Changes a byte of a block that is no event block.</summary>
    public void Damage(int block, int at, byte mask)
    {
        byte[] contents = _blocks[block % _blocks.Count].Contents;
        contents[at % contents.Length] ^= mask;
    }

    /// <param name="raw">True to write the event blocks as they were, with whatever <see cref="Damage"/> did to them.
    /// </param>
    public byte[] Write(bool raw = false)
    {
        MemoryStream stream = new();
        ActorNumbers numbers = new(_header.Actors.Select(
            actor => Address.TryParse(actor.Address, out Address address) ? address : default));
        Dictionary<int, EventEncoder> encoders = [];
        using (TraceWriter writer = new(stream, _header))
        {
            foreach ((BlockType type, int process, byte[] contents, List<RecordedDelivery> deliveries) in _blocks)
            {
                if (type != BlockType.Events || raw)
                {
                    writer.Append(type, process, contents);
                    continue;
                }
                encoders.TryAdd(process, new EventEncoder(numbers, _header.Level == RecordLevel.Full));
                ByteBuffer block = new();
                foreach (RecordedDelivery delivery in deliveries)
                {
                    Envelope envelope = delivery.Envelope;
                    encoders[process].Write(block, in envelope, delivery.FirstSent, delivery.NextSent);
                }
                encoders[process].Finish(block);
                writer.Append(type, process, block.Written);
            }
        }
        return stream.ToArray();
    }

    private (List<RecordedDelivery> Deliveries, int At) Find(int node, int number)
    {
        foreach ((_, _, _, List<RecordedDelivery> deliveries) in _blocks.Where(block => block.Process == node))
        {
            if (number < deliveries.Count)
            {
                return (deliveries, number);
            }
            number -= deliveries.Count;
        }
        throw new ArgumentOutOfRangeException(nameof(number));
    }
}
