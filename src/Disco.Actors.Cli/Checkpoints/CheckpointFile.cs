using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Disco.Actors.Core;

namespace Disco.Actors.Cli.Checkpoints;

/// <summary>
/// A checkpoint as a file: magic, format version, SHA-256 of all that follows; then, compressed, what the machine was
/// (<see cref="Facts"/>), the names of fields, and the fields of the state in order.
/// </summary>
internal sealed record CheckpointFile(IReadOnlyDictionary<string, string> Facts, Snapshot State)
{
    private const int Version = 1;
    private const int HeaderBytes = 12 + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "DISCOCKP"u8;

    /// <summary>Writes beside the file and then renames, so that no half of a checkpoint is ever there.</summary>
    /// <returns>Bytes written. Errors: <see cref="UserError"/> when the file cannot be written.</returns>
    public long Write(string path)
    {
        byte[] body = Body();
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        SHA256.HashData(body, header.AsSpan(12));
        string beside = path + ".part";
        try
        {
            using (FileStream file = File.Create(beside))
            {
                file.Write(header);
                file.Write(body);
            }
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The checkpoint '{path}' cannot be written: {e.Message}");
        }
        return header.Length + body.Length;
    }

    /// <summary>Errors: <see cref="UserError"/> when the file is missing, no checkpoint, of another format or damaged.
    /// </summary>
    public static CheckpointFile Read(string path)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The checkpoint '{path}' cannot be read: {e.Message}");
        }
        if (file.Length < Magic.Length || !file.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw new UserError($"The file '{path}' is not a checkpoint: disco run --checkpoint-save writes one.");
        }
        int version = file.Length < HeaderBytes ? Version : BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(8));
        if (version != Version)
        {
            throw new UserError(
                $"The checkpoint '{path}' has format {version} and this program reads {Version}: save it again.");
        }
        bool isWhole = file.Length >= HeaderBytes
            && SHA256.HashData(file.AsSpan(HeaderBytes)).AsSpan().SequenceEqual(
                file.AsSpan(12, SHA256.HashSizeInBytes));
        if (!isWhole)
        {
            throw new UserError($"The checkpoint '{path}' is damaged, its checksum does not fit: save it again.");
        }
        using MemoryStream packed = new(file, HeaderBytes, file.Length - HeaderBytes);
        using ZLibStream plain = new(packed, CompressionMode.Decompress);
        using BinaryReader reader = new(plain);
        return ReadBody(reader);
    }

    private byte[] Body()
    {
        using MemoryStream packed = new();
        using (ZLibStream plain = new(packed, CompressionLevel.Fastest))
        using (BinaryWriter writer = new(plain))
        {
            writer.Write(Facts.Count);
            foreach ((string key, string value) in Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal))
            {
                writer.Write(key);
                writer.Write(value);
            }
            List<(string Name, ReadOnlyMemory<byte> Bytes)> fields = [.. State.Fields];
            string[] names = [.. fields.Select(field => field.Name).Distinct()];
            Dictionary<string, int> numbers = names.Select((name, number) => (name, number)).ToDictionary();
            writer.Write(names.Length);
            Array.ForEach(names, writer.Write);
            writer.Write(fields.Count);
            foreach ((string name, ReadOnlyMemory<byte> bytes) in fields)
            {
                writer.Write7BitEncodedInt(numbers[name]);
                writer.Write7BitEncodedInt(bytes.Length);
                writer.Write(bytes.Span);
            }
        }
        return packed.ToArray();
    }

    private static CheckpointFile ReadBody(BinaryReader reader)
    {
        SortedDictionary<string, string> facts = new(StringComparer.Ordinal);
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string key = reader.ReadString();
            facts[key] = reader.ReadString();
        }
        string[] names = new string[reader.ReadInt32()];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = reader.ReadString();
        }
        Snapshot state = new();
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            string name = names[reader.Read7BitEncodedInt()];
            state.Write(name, reader.ReadBytes(reader.Read7BitEncodedInt()));
        }
        return new CheckpointFile(facts, state);
    }
}
