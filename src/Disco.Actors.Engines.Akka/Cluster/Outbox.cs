using System.Buffers;
using System.Buffers.Binary;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>Envelopes to one member on one lane that have not left, behind the number of their window.</summary>
internal sealed class Outbox
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public long Length => _bytes.WrittenCount;

    public void Add(byte[] envelope, long window)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        if (_bytes.WrittenCount == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, window);
            _bytes.Write(number);
        }
        BinaryPrimitives.WriteUInt16LittleEndian(number, (ushort)envelope.Length);
        _bytes.Write(number[..2]);
        _bytes.Write(envelope);
    }

    public byte[] Take()
    {
        byte[] batch = _bytes.WrittenSpan.ToArray();
        _bytes.ResetWrittenCount();
        return batch;
    }
}
