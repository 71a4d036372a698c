using System.Buffers;
using System.Buffers.Binary;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// Frames of a <see cref="Link"/> that leave together, each behind its length in 4 bytes: Akka hands a message to the
/// other process through some ten queues and threads, and one that has several frames costs hardly more.
/// </summary>
/// <param name="transmit">Sends what has come together, perhaps in vain.</param>
internal sealed class Bundle(Action<byte[]> transmit)
{
    /// <summary>One has no more, unless it is of a single frame; transports have a limit.</summary>
    public const int BytesMax = 2 * Link.PayloadBytesMax;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public void Add(ReadOnlySpan<byte> frame)
    {
        if (_bytes.WrittenCount + sizeof(int) + frame.Length > BytesMax)
        {
            Leave();
        }
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), frame.Length);
        _bytes.Advance(sizeof(int));
        _bytes.Write(frame);
    }

    public void Leave()
    {
        if (_bytes.WrittenCount > 0)
        {
            transmit(_bytes.WrittenSpan.ToArray());
            _bytes.ResetWrittenCount();
        }
    }

    /// <summary>The next frame of a bundle, and what is behind it.</summary>
    /// <returns>False at its end, and where it is none of this program.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> bundle, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        if (bundle.Length < sizeof(int))
        {
            return false;
        }
        int length = BinaryPrimitives.ReadInt32LittleEndian(bundle);
        if (length < 0 || length > bundle.Length - sizeof(int))
        {
            return false;
        }
        frame = bundle.Slice(sizeof(int), length);
        bundle = bundle[(sizeof(int) + length)..];
        return true;
    }
}
