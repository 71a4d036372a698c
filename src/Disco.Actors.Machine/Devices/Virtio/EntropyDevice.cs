using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A source of random bytes, the same ones for the same seed: a machine is repeatable, and its guest need not know.
/// [VIRTIO 1.2, 5.4]
/// </summary>
public sealed class EntropyDevice(
    Address address, int node, DeviceWiring wiring, DmaPort dma, ulong seed)
    : AnsweringDevice(address, node, wiring, new VirtioKind(EntropyId, Features: 0, Queues: 1), dma)
{
    private const uint EntropyId = 4;
    private const int BytesAtOnce = 256;

    private ulong _state = TotalOrder.Mix(seed);

    protected override uint ConfigWord(int index) => 0;

    protected override byte[] Answer(ReadOnlySpan<byte> request, long room, Context context)
    {
        byte[] bytes = new byte[Math.Min(room, BytesAtOnce)];
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        for (int at = 0; at < bytes.Length; at += word.Length)
        {
            _state = TotalOrder.Mix(_state + 1);
            BinaryPrimitives.WriteUInt64LittleEndian(word, _state);
            word[..Math.Min(word.Length, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
        }
        return bytes;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("state", _state);
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        _state = reader.ReadUInt64("state");
    }
}
