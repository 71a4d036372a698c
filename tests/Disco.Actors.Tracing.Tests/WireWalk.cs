using System.Buffers.Binary;
using System.Text;

namespace Disco.Actors.Tracing.Tests;

/// <summary>
/// A message of protocol buffers read field by field from the bytes, without any generated code. [protobuf.dev,
/// "Encoding": records of a tag and a varint, a fixed length or a length-delimited value]
/// </summary>
internal sealed class WireWalk
{
    private readonly List<(int Field, int Type, ulong Number, byte[] Bytes)> _records = [];

    public WireWalk(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ulong tag = Varint(ref bytes);
            int type = (int)(tag & 7);
            ulong number = 0;
            byte[] contents = [];
            switch (type)
            {
                case 0:
                    number = Varint(ref bytes);
                    break;
                case 1:
                    number = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = checked((int)Varint(ref bytes));
                    contents = bytes[..length].ToArray();
                    bytes = bytes[length..];
                    break;
                default:
                    throw new FormatException($"field {tag >> 3} has the wire type {type}");
            }
            _records.Add(((int)(tag >> 3), type, number, contents));
        }
    }

    public IEnumerable<int> Fields => _records.Select(record => record.Field);

    public ulong? Number(int field) => Numbers(field).Cast<ulong?>().LastOrDefault();

    public IEnumerable<ulong> Numbers(int field, int type = 0) =>
        _records.Where(record => record.Field == field && record.Type == type).Select(record => record.Number);

    public string? Text(int field) => _records.Where(record => record.Field == field && record.Type == 2)
        .Select(record => Encoding.UTF8.GetString(record.Bytes)).LastOrDefault();

    public IEnumerable<WireWalk> Messages(int field) =>
        _records.Where(record => record.Field == field && record.Type == 2)
            .Select(record => new WireWalk(record.Bytes));

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < 10; i++)
        {
            byte next = bytes[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
        throw new FormatException("a varint of more than 10 bytes");
    }
}
