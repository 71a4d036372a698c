using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The pieces of a request, one guest page after the other: mapped where a whole page of the image is read that the VM
/// has not written, copied otherwise.
/// </summary>
public sealed partial class CowDisk
{
    private const long RetryCycles = 2000;

    // Given up at a time when no frame is free on any node.
    private const int EvictedAtOnce = 16;

    private void NextPiece(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        DiskRequest request = job.Request!;
        if (job.Abandoned)
        {
            Free(slot, context);
        }
        else if (job.Piece == request.Addresses.Length)
        {
            End(slot, HypercallResult.Ok, context);
        }
        else if (request.IsWrite)
        {
            job.Phase = DiskPhase.Write;
            _memory.Begin(slot, job.Call.Vm, job.Address, job.Bytes, toGuest: false, context);
        }
        else if (!TryMap(slot, context))
        {
            job.Phase = DiskPhase.Read;
            Compose(job.Call.Vm, job.Offset, _memory.Buffer(slot)[..job.Bytes]);
            _memory.Begin(slot, job.Call.Vm, job.Address, job.Bytes, toGuest: true, context);
        }
    }

    /// <summary>Begins to map a cached frame, or to fill one; false when the piece has to be copied.</summary>
    private bool TryMap(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        bool isPage = job.Address % Page.Bytes == 0 && job.Bytes == Page.Bytes;
        if (!isPage || job.CopyOnly || _config.CachePagesMax == 0
            || LogOf(job.Call.Vm) is { } log && log.Overlaps(job.Offset, Page.Bytes))
        {
            return false;
        }
        CachedPage? page = _cache.Find(job.Offset);
        if (page is null)
        {
            if (_cache.Overlaps(job.Offset, Page.Bytes) || !MakeRoom(context))
            {
                return false;
            }
            page = _cache.Add(job.Offset);
            job.CachedPage = page.Id;
            job.NodesAsked = 0;
            AskForFrame(slot, context);
            return true;
        }
        if (page.IsReady && !MayShare(job, page))
        {
            return false;
        }
        job.CachedPage = page.Id;
        Statistics.CacheHits++;
        if (page.IsReady)
        {
            ShareFrame(slot, context);
        }
        else
        {
            job.Phase = DiskPhase.Cached;
        }
        return true;
    }

    // The nearest node to the CPU that asks, first.
    private void AskForFrame(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        job.Phase = DiskPhase.Frame;
        AllocateMessage ask = new(
            UserOf(job.CachedPage), AllocateFlags.None, PageClass.BufferCache, (ulong)slot);
        Send(MemMapAsked(job), ask.Pack(), context);
    }

    private Address MemMapAsked(DiskJob job)
    {
        int nodes = _fabric.Homes.Nodes;
        int start = _fabric.NodeOf(Address.Cpu(job.Call.Cpu));
        NodeSet allowed = NodesFor(job);
        int node = Enumerable.Range(0, nodes)
            .Select(step => (start + step) % nodes)
            .Where(allowed.Contains)
            .OrderBy(other => _fabric.Topology.Hops(start, other))
            .ElementAt(job.NodesAsked % allowed.Count);
        return MemMap.AddressOf(node);
    }

    private NodeSet NodesFor(DiskJob job) =>
        _setup.FindVm(job.Call.Vm)!.Nodes & NodeSet.Below(_fabric.Homes.Nodes);

    // A VM that stays on nodes of its own would be lost with the node of a frame elsewhere.
    private bool MayShare(DiskJob job, CachedPage page) =>
        NodesFor(job).Contains(_fabric.Homes.HomeOf(page.Frame.Address).Value);

    private void Allocated(in AllocatedMessage answer, Context context)
    {
        int slot = (int)answer.Transaction;
        DiskJob job = _jobs[slot];
        Invariant.Holds(job.Phase == DiskPhase.Frame);
        CachedPage page = _cache[job.CachedPage];
        if (answer.Frame.Exists)
        {
            page.Frame = answer.Frame;
            job.Phase = DiskPhase.Fill;
            ComposeImage(page.Offset, _memory.Buffer(slot)[..Page.Bytes]);
            _memory.BeginFrame(slot, page.Frame, Page.Bytes, toFrame: true, context);
            return;
        }
        job.NodesAsked++;
        int nodes = NodesFor(job).Count;
        if (job.NodesAsked == nodes)
        {
            for (int i = 0; i < EvictedAtOnce && TryEvict(context); i++)
            {
            }
        }
        if (job.NodesAsked < 2 * nodes)
        {
            AskForFrame(slot, context);
            return;
        }
        // Who waited for this page tries for himself.
        _cache.Remove(page);
        job.CopyOnly = true;
        foreach (int waiter in WaitersFor(page.Id))
        {
            NextPiece(waiter, context);
        }
        NextPiece(slot, context);
    }

    private void Filled(int slot, Context context)
    {
        CachedPage page = _cache[_jobs[slot].CachedPage];
        page.IsReady = true;
        ShareFrame(slot, context);
        foreach (int waiter in WaitersFor(page.Id))
        {
            if (MayShare(_jobs[waiter], page))
            {
                ShareFrame(waiter, context);
            }
            else
            {
                _jobs[waiter].CopyOnly = true;
                NextPiece(waiter, context);
            }
        }
    }

    private int[] WaitersFor(int page) => [.. Enumerable.Range(0, _jobs.Length)
        .Where(slot => _jobs[slot].Phase == DiskPhase.Cached && _jobs[slot].CachedPage == page)];

    /// <summary>Registers the guest's page as a user of the frame, before its monitor hears of the frame.</summary>
    private void ShareFrame(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        CachedPage page = _cache[job.CachedPage];
        page.Uses++;
        job.Phase = DiskPhase.Share;
        FrameUseMessage share = new(MappingKind.Share, page.Frame, GuestUserOf(job), (uint)slot);
        Send(MemMapOf(page.Frame), share.Pack(), context);
    }

    private void Shared(in FrameUseMessage shared, Context context)
    {
        int slot = (int)shared.Extra;
        DiskJob job = _jobs[slot];
        Invariant.Holds(job.Phase == DiskPhase.Share);
        _cache[job.CachedPage].Uses--;
        // Also for a VM that has gone: its monitor refuses and gives the use back.
        job.Phase = DiskPhase.Map;
        MapFrameMessage map = new(shared.User.Page, shared.Frame, PageClass.BufferCache, (ulong)slot);
        Send(new Address(Role.Vm, (ushort)job.Call.Vm), map.Pack(), context);
    }

    private void Mapped(in RemappedMessage mapped, Context context)
    {
        int slot = (int)mapped.Request;
        Invariant.Holds(_jobs[slot].Phase == DiskPhase.Map);
        switch (mapped.Reason)
        {
            case Refusal.None:
                Statistics.PagesMapped++;
                PieceDone(slot, context);
                break;
            case Refusal.Retry:
                context.After(RetryCycles, OwnMessage(DeviceKind.RetryDue, slot, 1));
                break;
            default:
                End(slot, ResultOf(mapped.Reason), context);
                break;
        }
    }

    private void Copied(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        Statistics.BytesCopied += job.Bytes;
        if (job.Phase == DiskPhase.Write && !job.Abandoned)
        {
            if (!_logs.TryGetValue(job.Call.Vm, out DiskLog? log))
            {
                _logs.Add(job.Call.Vm, log = new DiskLog());
            }
            log.Write(job.Offset, _memory.Buffer(slot)[..job.Bytes]);
        }
        PieceDone(slot, context);
    }

    private void PieceDone(int slot, Context context)
    {
        DiskJob job = _jobs[slot];
        job.Done += job.Bytes;
        job.Piece++;
        job.CachedPage = -1;
        job.CopyOnly = false;
        NextPiece(slot, context);
    }

    /// <summary>Whether anything of a request is neither in memory nor on its way to it.</summary>
    private bool NeedsArm(DiskJob job)
    {
        DiskRequest request = job.Request!;
        if (request.IsWrite)
        {
            return _spec.Persistent;
        }
        DiskLog? log = _spec.Persistent ? null : LogOf(job.Call.Vm);
        long end = request.Offset + request.Bytes;
        for (long at = request.Offset; at < end; at += DiskSpec.SectorBytes)
        {
            if (!_cache.Covers(at, DiskSpec.SectorBytes) && log?.Covers(at, DiskSpec.SectorBytes) != true)
            {
                return true;
            }
        }
        return false;
    }

    private bool MakeRoom(Context context) => _cache.Pages < _config.CachePagesMax || TryEvict(context);

    /// <summary>Gives up the page that came first; guests that have its frame keep it.</summary>
    private bool TryEvict(Context context)
    {
        if (_cache.Oldest() is not { } page)
        {
            return false;
        }
        Statistics.Evictions++;
        _cache.Remove(page);
        Release(page.Frame, UserOf(page.Id), context);
        return true;
    }

    /// <summary>Memory is short, and a page that only the cache has would help.</summary>
    private void GiveUp(in ReplicaMessage message, Address memMap, Context context)
    {
        if (_cache.TryGet((int)message.Page.Number) is { IsReady: true, Uses: 0 } page && page.Frame == message.Frame)
        {
            Statistics.Evictions++;
            _cache.Remove(page);
            Release(page.Frame, UserOf(page.Id), context);
        }
        Send(memMap, (message with { Kind = MappingKind.ReplicasDropped }).Pack(), context);
    }

    private DiskLog? LogOf(int vm) => _logs.GetValueOrDefault(vm);

    private void Compose(int vm, long offset, Span<byte> into)
    {
        ComposeImage(offset, into);
        LogOf(vm)?.Overlay(offset, into);
    }

    // Behind the end of the image, in the last sector, there are zeros.
    private void ComposeImage(long offset, Span<byte> into)
    {
        int length = (int)Math.Clamp(_spec.Image.Length - offset, 0, into.Length);
        if (length > 0)
        {
            _spec.Image.Span.Slice((int)offset, length).CopyTo(into);
        }
        into[length..].Clear();
    }

    private FrameUser UserOf(int page) => new(Owner, new PhysicalPage((uint)page));

    private static FrameUser GuestUserOf(DiskJob job) => new((ushort)job.Call.Vm, PhysicalPage.Of(job.Address));

    private void Release(Frame frame, FrameUser user, Context context) =>
        Send(MemMapOf(frame), new FrameUseMessage(MappingKind.Release, frame, user).Pack(), context);

    private Address MemMapOf(Frame frame) =>
        new(Role.MemMap, (ushort)_fabric.Homes.HomeOf(frame.Address).Value);
}
