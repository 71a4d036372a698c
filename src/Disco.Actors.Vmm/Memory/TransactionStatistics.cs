using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>What a page's transaction was for; a row of the report.</summary>
public enum TransactionKind : byte
{
    /// <summary>The first touch of a page: a frame of zeros.</summary>
    Fill,
    Migration,
    Replication,

    /// <summary>A write to a replicated page that was not shared.</summary>
    Collapse,

    /// <summary>Replicas given back because memory was short.</summary>
    Drop,

    /// <summary>A write to a shared page: it got a frame of its own; or it was the last user and kept the frame.
    /// </summary>
    ShareBreak,
    ShareEnd,
    Lend,
    Borrow,
    Free,

    /// <summary>A page took on another's frame as it has the same bytes; refused when it has not.</summary>
    Merge,
}

/// <summary>Transactions that ended, by kind.</summary>
public sealed class TransactionStatistics
{
    private static readonly int Kinds = Enum.GetValues<TransactionKind>().Length;

    private readonly long[] _counts = new long[Kinds];
    private readonly long[] _cycles = new long[Kinds];
    private readonly long[] _refused = new long[Kinds];

    public long CountOf(TransactionKind kind) => _counts[(int)kind];

    /// <summary>From the request's arrival at rest to the end, in sum.</summary>
    public long CyclesOf(TransactionKind kind) => _cycles[(int)kind];

    /// <summary>Transactions that found no frame.</summary>
    public long RefusedOf(TransactionKind kind) => _refused[(int)kind];

    internal void Count(TransactionKind kind, long cycles)
    {
        _counts[(int)kind]++;
        _cycles[(int)kind] += cycles;
    }

    internal void CountRefused(TransactionKind kind) => _refused[(int)kind]++;

    internal void Save(StateWriter writer)
    {
        for (int kind = 0; kind < Kinds; kind++)
        {
            writer.Write("stat.count", _counts[kind]);
            writer.Write("stat.cycles", _cycles[kind]);
            writer.Write("stat.refused", _refused[kind]);
        }
    }

    internal void Load(StateReader reader)
    {
        for (int kind = 0; kind < Kinds; kind++)
        {
            _counts[kind] = reader.ReadInt64("stat.count");
            _cycles[kind] = reader.ReadInt64("stat.cycles");
            _refused[kind] = reader.ReadInt64("stat.refused");
        }
    }
}
