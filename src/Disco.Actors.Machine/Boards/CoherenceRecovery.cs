using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Boards;

/// <summary>
/// Makes the memory of the surviving nodes current when others are lost, so that caches and directories can begin anew.
/// The bytes that count are, the best last: a writeback on its way to memory, one on its way to its home, one in a
/// writeback buffer, a line on its way from owner to owner, a line its owner has. A line whose owner is lost is lost
/// with it, unless a readable copy has survived. [Teodosiu et al., ISCA'97]
/// </summary>
public sealed unsafe class CoherenceRecovery
{
    private readonly Multiprocessor _machine;
    private readonly NodeSet _lost;

    // Lines that are current in memory now, and where a readable copy of others is. Looked up, never enumerated.
    private readonly HashSet<ulong> _current = [];
    private readonly Dictionary<ulong, CoherentCache> _readable = [];

    private CoherenceRecovery(Multiprocessor machine, NodeSet lost)
    {
        _machine = machine;
        _lost = lost;
    }

    /// <summary>
    /// Writes memory and clears the directories. The caches have to be emptied afterwards, and no message of the
    /// coherence family may be delivered any more.
    /// </summary>
    /// <param name="machine">Of the coherent fidelity.</param>
    /// <param name="lost">All nodes that are gone.</param>
    /// <param name="underWay">Envelopes between others, in the total order.</param>
    /// <returns>Lines of surviving nodes whose latest bytes may be lost.</returns>
    public static IReadOnlyList<LineAddress> Run(
        Multiprocessor machine, NodeSet lost, IReadOnlyList<Envelope> underWay)
    {
        CoherenceRecovery recovery = new(machine, lost);
        recovery.WriteMessages(CoherenceKind.WriteLine, underWay);
        recovery.WriteMessages(CoherenceKind.SharingWritebackDirty, underWay);
        recovery.WriteCopies(CopyWorth.Leaving);
        recovery.WriteMessages(CoherenceKind.DataModified, underWay);
        recovery.WriteCopies(CopyWorth.Owned);
        recovery.NoteReadable();
        List<LineAddress> lines = [.. recovery.FindLost()];
        foreach (DirectoryController directory in machine.Directories.Where(home => !lost.Contains(home.Node)))
        {
            directory.Forget();
        }
        return lines;
    }

    private IEnumerable<CoherentCache> Caches() => _machine.Fabric.Holders.OfType<CoherentCache>()
        .Where(cache => !IsLost(cache.Agent));

    private bool IsLost(int agent) => _lost.Contains(_machine.Fabric.NodeOf(_machine.Fabric.AgentAt(agent)));

    private bool IsHere(LineAddress line) =>
        !_lost.Contains(_machine.Fabric.Homes.HomeOf(new MachineAddress(line.Value)).Value);

    private void WriteMessages(CoherenceKind kind, IReadOnlyList<Envelope> underWay)
    {
        foreach (Envelope envelope in underWay)
        {
            CoherenceMessage message = CoherenceMessage.From(envelope.Message);
            Address target = Fabric.TargetOf(envelope.Message);
            if (CoherenceMessage.IsOne(envelope.Message) && message.Kind == kind
                && !_lost.Contains(_machine.Fabric.NodeOf(target)))
            {
                ReadOnlySpan<byte> bytes = envelope.Payload;
                Write(message.Line, bytes[..envelope.Message.PayloadBytes]);
            }
        }
    }

    private void WriteCopies(CopyWorth worth)
    {
        foreach (CoherentCache cache in Caches())
        {
            foreach ((LineAddress line, CopyWorth found) in cache.Copies())
            {
                if (found == worth)
                {
                    Write(line, cache);
                }
            }
        }
    }

    private void NoteReadable()
    {
        foreach (CoherentCache cache in Caches())
        {
            foreach ((LineAddress line, CopyWorth worth) in cache.Copies())
            {
                if (worth == CopyWorth.Shared)
                {
                    _readable.TryAdd(line.Value, cache);
                }
            }
        }
    }

    private IEnumerable<LineAddress> FindLost()
    {
        foreach (DirectoryController directory in _machine.Directories.Where(home => !_lost.Contains(home.Node)))
        {
            foreach ((LineAddress line, int owner, int requester) in directory.OwnedLines())
            {
                if ((!IsLost(owner) && !IsLost(requester)) || _current.Contains(line.Value))
                {
                    continue;
                }
                if (_readable.TryGetValue(line.Value, out CoherentCache? cache))
                {
                    Write(line, cache);
                }
                else
                {
                    yield return line;
                }
            }
        }
    }

    private void Write(LineAddress line, CoherentCache cache)
    {
        cache.CopyOf(line, out byte* bytes);
        Invariant.Holds(bytes is not null);
        Write(line, new ReadOnlySpan<byte>(bytes, cache.LineBytes));
    }

    private void Write(LineAddress line, ReadOnlySpan<byte> bytes)
    {
        if (IsHere(line))
        {
            _machine.Memory.Write(new MachineAddress(line.Value), bytes);
            _current.Add(line.Value);
        }
    }
}
