using System.Buffers.Binary;

namespace Disco.Actors.Vmm.Devices.Forwarding;

/// <summary>What an output of the gateway tells the host.</summary>
public enum OutsideKind : byte
{
    /// <summary>Bytes from the guest.</summary>
    Bytes = 1,

    /// <summary>The guest has taken so many bytes: as many more may be sent.</summary>
    Taken,

    /// <summary>The guest sends no more.</summary>
    End,

    /// <summary>The connection is over.</summary>
    Closed,

    /// <summary>There is none, or it broke.</summary>
    Broken,

    /// <summary>A frame for the outside.</summary>
    Frame,
}

/// <summary>An output of the gateway: kind (1 byte), connection (4 bytes, little-endian), and what belongs to it.
/// </summary>
public static class OutsideOutput
{
    private const int HeaderBytes = 5;

    /// <summary>How many bytes a host may have sent that were not taken yet.</summary>
    public const int AheadMax = 1 << 16;

    internal static byte[] Of(OutsideKind kind, uint connection, ReadOnlySpan<byte> bytes)
    {
        byte[] output = new byte[HeaderBytes + bytes.Length];
        output[0] = (byte)kind;
        BinaryPrimitives.WriteUInt32LittleEndian(output.AsSpan(1), connection);
        bytes.CopyTo(output.AsSpan(HeaderBytes));
        return output;
    }

    internal static byte[] Of(OutsideKind kind, uint connection, int count = 0)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
        return Of(kind, connection, kind == OutsideKind.Taken ? bytes : []);
    }

    /// <summary>Takes an output apart.</summary>
    public static (OutsideKind Kind, uint Connection, byte[] Bytes) Parse(ReadOnlySpan<byte> output) => (
        (OutsideKind)output[0], BinaryPrimitives.ReadUInt32LittleEndian(output[1..]), output[HeaderBytes..].ToArray());

    /// <summary>The number that comes with <see cref="OutsideKind.Taken"/>.</summary>
    public static int CountOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);
}
