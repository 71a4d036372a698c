using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A second console, <c>console/1</c>, of one port: queue 0 takes what is typed to the guest, queue 1 what it prints,
/// many characters at a time. [VIRTIO 1.2, 5.3]
/// </summary>
public sealed class ConsoleDevice(Address address, int node, DeviceWiring wiring, DmaPort dma)
    : AnsweringDevice(address, node, wiring, new VirtioKind(ConsoleId, Features: 0, Queues: 2), dma)
{
    private const uint ConsoleId = 3;
    private const int ReceiveQueue = 0;

    private readonly Queue<byte> _typed = new();

    protected override uint ConfigWord(int index) => 0;

    protected override bool Wants(int queue) => queue != ReceiveQueue || _typed.Count > 0;

    protected override byte[] Answer(ReadOnlySpan<byte> request, long room, Context context)
    {
        if (Queue != ReceiveQueue)
        {
            context.Output(request);
            return [];
        }
        byte[] typed = new byte[Math.Min(room, _typed.Count)];
        for (int at = 0; at < typed.Length; at++)
        {
            typed[at] = _typed.Dequeue();
        }
        return typed;
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)UncachedKind.ConsoleInput)
        {
            return false;
        }
        for (int at = 0; at < (int)envelope.Message.B; at++)
        {
            _typed.Enqueue((byte)(envelope.Message.A >> (8 * at)));
        }
        Work(context);
        return true;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("typedCharacters", _typed.Count);
        writer.Write("typed", _typed.ToArray());
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        byte[] typed = new byte[reader.ReadInt32("typedCharacters")];
        reader.ReadBytes("typed", typed);
        _typed.Clear();
        foreach (byte each in typed)
        {
            _typed.Enqueue(each);
        }
    }
}
