using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Memory;

/// <content>What is left when nodes are lost: no frame of a lost virtual machine, nothing to do for one.</content>
public sealed partial class MemMap
{
    // State. Virtual machines that are lost: no use of theirs is noted any more.
    private readonly SortedSet<int> _lostVms = [];

    /// <summary>Before the envelopes under way are known to be kept: what else could be lost with a line.</summary>
    internal IReadOnlyList<FrameUser> UsersOfLine(Frame frame) => _frames.UsersOf(frame) == 0 ? [] : UsersOf(frame);

    internal void Lose(Loss loss)
    {
        _lostVms.UnionWith(loss.Gone);
        foreach (int vm in loss.Gone)
        {
            _frames.DropAllOf((ushort)vm);
        }
        if (_asked.Exists)
        {
            Address owner = _askedUser.IsVm ? VmMonitor.AddressOf(_askedUser.Owner) : _devices[_askedUser.Owner];
            if (loss.IsOut(owner))
            {
                ReplicaMessage dropped = new(MappingKind.ReplicasDropped, _asked, _askedUser.Page);
                loss.Post(owner, Address, dropped.Pack());
            }
        }
        foreach ((ushort owner, Address device) in _devices.ToArray())
        {
            if (loss.IsLost(device))
            {
                _frames.DropAllOf(owner);
                _devices.Remove(owner);
            }
        }
        _short.RemoveAll(waiting => loss.IsOut(waiting.From));
        bool first = _engine.Lose(job => loss.IsOut(job.Requester)
            || (job.Source.Exists && loss.IsLost(AddressOf(_fabric.Homes.HomeOf(job.Source.Address).Value))));
        if (_engine.Recover(forgets: first || _engine.Queued == 0) is { } again)
        {
            loss.Post(Address, Address, again);
        }
        Message goOn = new() { Kind = (ushort)MappingKind.NodesLost, Lane = Lane.Request, A = loss.Lost.Bits };
        loss.Post(Address, Address, goOn);
    }
}
