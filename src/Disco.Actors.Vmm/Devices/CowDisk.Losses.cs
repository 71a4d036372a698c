using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <content>What a disk does when nodes are lost: it forgets frames there, and waits for nobody there.</content>
public sealed partial class CowDisk
{
    /// <summary>The first request of a virtual machine that cannot go on without these nodes; null for none.</summary>
    internal string? FirstRequestOn(int vm, NodeSet nodes) => Array.Exists(
        _jobs, job => job.Phase is DiskPhase.Fill or DiskPhase.Cached or DiskPhase.Share or DiskPhase.Map
            && job.Call.Vm == vm && IsOn(job, nodes))
        ? $"a page that {Address} was reading was to be there"
        : null;

    internal void Lose(Loss loss)
    {
        _backlog.RemoveAll(waiting => loss.Gone.Contains(waiting.Call.Vm));
        foreach (DiskJob job in _jobs)
        {
            job.Abandoned |= job.Phase != DiskPhase.Free && loss.Gone.Contains(job.Call.Vm);
        }
        _memory.Lose(loss, slot => IsOn(_jobs[slot], loss.Lost));
        for (int slot = 0; slot < _jobs.Length; slot++)
        {
            LoseWait(slot, loss);
        }
        foreach (CachedPage page in _cache.All().Where(page => IsOn(page, loss.Lost)).ToArray())
        {
            page.Uses = 0;
            _cache.Remove(page);
        }
    }

    // The page may have been given up by now.
    private bool IsOn(DiskJob job, NodeSet nodes) =>
        job.CachedPage >= 0 && _cache.TryGet(job.CachedPage) is { } page && IsOn(page, nodes);

    private bool IsOn(CachedPage page, NodeSet nodes) =>
        page.Frame.Exists && nodes.Contains(_fabric.Homes.HomeOf(page.Frame.Address).Value);

    private void LoseWait(int slot, Loss loss)
    {
        DiskJob job = _jobs[slot];
        bool isOnLost = IsOn(job, loss.Lost);
        switch (job.Phase)
        {
            case DiskPhase.Frame when loss.IsLost(MemMapAsked(job)):
                AllocatedMessage none = new(UserOf(job.CachedPage).Page, Frame.None, (ulong)slot);
                loss.Post(MemMapAsked(job), Address, none.Pack());
                return;
            case DiskPhase.Cached when isOnLost:
                loss.Post(Address, Address, OwnMessage(DeviceKind.RetryDue, slot, 1));
                break;
            case DiskPhase.Share when isOnLost:
                job.Phase = DiskPhase.Map;
                RefuseMap(slot, loss);
                break;
            case DiskPhase.Map when loss.Gone.Contains(job.Call.Vm):
                bool pauses = loss.UnderWayTo(Address, (ushort)DeviceKind.RetryDue)
                    .Any(message => message.A == (ulong)slot && message.B == 1);
                if (!pauses)
                {
                    RefuseMap(slot, loss);
                }
                break;
            default:
                break;
        }
        job.CachedPage = isOnLost ? -1 : job.CachedPage;
    }

    private void RefuseMap(int slot, Loss loss)
    {
        DiskJob job = _jobs[slot];
        RemappedMessage refused = new(PhysicalPage.Of(job.Address), Refusal.NoSuchPage, (ulong)slot);
        loss.Post(new Address(Role.Vm, (ushort)job.Call.Vm), Address, refused.Pack());
    }
}
