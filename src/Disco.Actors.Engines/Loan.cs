using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// A turn of one node on a thread that is not its partition's (<see cref="Partition.TryRunFor"/>). But for what
/// is the owner's, the owner writes it until the node is taken, the borrower until it is returned.
/// </summary>
internal sealed class Loan
{
    private bool _isReturned;

    /// <summary>How far the node may go. Stays true however long it takes.</summary>
    public Limits Limits { get; set; }

    /// <summary>The owner's: the node is away.</summary>
    public bool IsOut { get; set; }

    /// <summary>The owner's: what arrives for the node while it is away, behind its limits.</summary>
    public EnvelopeList Received { get; } = new();

    /// <summary>What the node sends to other nodes.</summary>
    public EnvelopeList Sent { get; } = new();

    /// <summary>The cycle of a stop that the borrower knows of.</summary>
    public long StopAt { get; set; }

    public Fault? Fault { get; set; }

    /// <summary>Set last by the borrower, which makes visible all it did.</summary>
    public bool IsReturned
    {
        get => Volatile.Read(ref _isReturned);
        set => Volatile.Write(ref _isReturned, value);
    }
}

/// <summary>Envelopes in the order they were added. No allocation once grown.</summary>
internal sealed class EnvelopeList
{
    private Envelope[] _envelopes = new Envelope[8];

    public int Count { get; private set; }

    public ref readonly Envelope this[int index] => ref _envelopes[index];

    /// <summary>The next envelope, to be filled in before the next addition.</summary>
    public ref Envelope Add()
    {
        if (Count == _envelopes.Length)
        {
            Array.Resize(ref _envelopes, Count * 2);
        }
        return ref _envelopes[Count++];
    }

    public void Clear() => Count = 0;
}
