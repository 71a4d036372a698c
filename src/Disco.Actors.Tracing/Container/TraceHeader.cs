using System.Text.Json;
using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Container;

/// <summary>A file a run read: it must be the same one when the run is repeated.</summary>
/// <param name="Name">As the user wrote it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its contents, in hex.</param>
public sealed record TraceInput(string Name, long Bytes, string Sha256);

/// <summary>What ran, so that it can run again.</summary>
public sealed record TraceHeader
{
    public int Format { get; init; } = TraceFormat.Version;

    /// <summary>The program that recorded. Another build may time things differently.</summary>
    public required string Build { get; init; }

    public required RecordLevel Level { get; init; }

    /// <summary>The engine that recorded; any exact engine repeats it.</summary>
    public required string Engine { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The effective configuration, every key.</summary>
    public required SortedDictionary<string, string> Settings { get; init; }

    public required IReadOnlyList<TraceInput> Inputs { get; init; }

    /// <summary>Every actor with its node, in order; events name actors by their place in it.</summary>
    public required IReadOnlyList<TraceActor> Actors { get; init; }

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static TraceHeader Parse(ReadOnlySpan<byte> bytes, string file)
    {
        TraceHeader? header;
        try
        {
            header = JsonSerializer.Deserialize<TraceHeader>(bytes);
        }
        catch (JsonException e)
        {
            throw new TraceException($"{file}: the header of the recording cannot be read: {e.Message}");
        }
        if (header is null || header.Format != TraceFormat.Version)
        {
            throw new TraceException(
                $"{file}: this is format {header?.Format} of recordings, this program reads {TraceFormat.Version}.");
        }
        bool isWhole = header.Build is not null && header.Engine is not null && Enum.IsDefined(header.Level)
            && header.Settings is not null && header.Inputs is not null && header.Inputs.All(input => input is not null)
            && header.Actors is not null && header.Actors.All(actor => actor is { Node: >= 0 and <= ushort.MaxValue }
                && actor.Address is not null && Address.TryParse(actor.Address, out _));
        return isWhole
            ? header
            : throw new TraceException($"{file}: the header of the recording is not complete or names no such actors.");
    }
}

/// <summary>An actor of the recorded run.</summary>
public sealed record TraceActor(string Address, int Node)
{
    public static IReadOnlyList<TraceActor> Of(World world) =>
        [.. world.Actors.Select(actor => new TraceActor(actor.Address.ToString(), actor.Node))];
}
