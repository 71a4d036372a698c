using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Directory;

/// <content>What the home knows of lines when nodes are lost, and its new beginning.</content>
public sealed unsafe partial class DirectoryController
{
    /// <summary>
    /// Lines whose latest bytes an agent may have, or is about to get: not Unowned, Shared, or being invalidated.
    /// </summary>
    internal IEnumerable<(LineAddress Line, int Owner, int Requester)> OwnedLines()
    {
        ulong lineBytes = 1UL << _lineShift;
        foreach (ulong page in _entries.Touched().ToArray())
        {
            for (ulong at = page; at < page + Page.Bytes; at += DirectoryEntry.Bytes)
            {
                ulong offset = at / DirectoryEntry.Bytes * lineBytes;
                if (offset < _fabric.Homes.NodeBytes && Owned(at) is { } owned)
                {
                    MachineAddress address = _fabric.Homes.AddressOf(new NodeId(Node), offset);
                    yield return (new LineAddress(address.Value), owned.Owner, owned.Requester);
                }
            }
        }
    }

    /// <summary>No agent has anything: memory is current.</summary>
    internal void Forget() => _entries.Clear();

    // An iterator cannot hold a pointer.
    private (int Owner, int Requester)? Owned(ulong at)
    {
        DirectoryEntry* entry = (DirectoryEntry*)(_entries.Base + at);
        return entry->State switch
        {
            HomeState.Unowned or HomeState.Shared or HomeState.BusyInvalidate or HomeState.BusyUpgrade => null,
            HomeState.Exclusive => (entry->Owner, entry->Owner),
            _ => (entry->Owner, entry->Requester),
        };
    }
}
