using Disco.Actors.Core;
using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Watches every access of every CPU against who uses which frame and what state the page is in. Since an observer
/// sees every effect after its cause, an access that comes after the frame changed hands comes here after it too.
/// </summary>
internal sealed class MappingObserver : IObserver
{
    private readonly Dictionary<ulong, List<(ulong Owner, ulong Page)>> _users = [];
    private readonly Dictionary<ulong, PageState> _states = [];

    public long Accesses { get; private set; }

    public Dictionary<TransactionKind, long> Ended { get; } = [];

    public void Delivered(in Envelope envelope, Actor actor)
    {
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        switch (traceEvent.Kind)
        {
            case MappingTrace.UseBegan:
                UsersOf(traceEvent.A).Add((traceEvent.B, traceEvent.C));
                break;
            case MappingTrace.UseEnded:
                Assert.True(UsersOf(traceEvent.A).Remove((traceEvent.B, traceEvent.C)));
                break;
            case MappingTrace.AllUsesEnded:
                ForgetOwner((MemMap)actor, traceEvent.B);
                break;
            case MappingTrace.PageState:
                Enter(traceEvent, cycle);
                break;
            case MappingTrace.TransactionEnd:
                TransactionKind kind = (TransactionKind)traceEvent.B;
                Ended[kind] = Ended.GetValueOrDefault(kind) + 1;
                break;
            case TestCpu.AccessTrace:
                Accesses++;
                Access(actor, cycle, traceEvent);
                break;
        }
    }

    private void Enter(in TraceEvent traceEvent, Cycle cycle)
    {
        PageState old = (PageState)(byte)(traceEvent.B >> 8);
        PageState known = _states.GetValueOrDefault(traceEvent.A);
        Assert.True(old == known, $"{cycle}: page {traceEvent.A:x} was {known}, not {old}");
        _states[traceEvent.A] = (PageState)(byte)traceEvent.B;
    }

    /// <summary>
    /// No access through a translation that a complete shootdown removed: the frame is this page's; while the bytes
    /// must stay as they are nobody writes; while nobody may use the page nobody reads.
    /// </summary>
    private void Access(Actor cpu, Cycle cycle, in TraceEvent access)
    {
        PageState state = _states.GetValueOrDefault(access.A);
        string what = $"{cpu.Address} at {cycle} uses frame {access.B:x} for page {access.A:x}, which is {state}";
        List<(ulong Owner, ulong Page)> users = UsersOf(access.B);
        Assert.True(users.Contains((access.A >> 32, access.A & uint.MaxValue)), what);
        if (access.C != 0)
        {
            Assert.True(users.Count == 1, what);
            Assert.True(
                state is PageState.Private or PageState.MigrateInvalidating or PageState.ReplicateDowngrading
                    or PageState.LendDowngrading or PageState.BorrowInvalidating or PageState.FreeInvalidating
                    or PageState.MergeDowngrading,
                what);
        }
        else
        {
            Assert.True(
                state is not (PageState.Empty or PageState.FillAllocating or PageState.MigrateCopying
                    or PageState.BreakCopying),
                what);
        }
    }

    private void ForgetOwner(MemMap memMap, ulong owner)
    {
        foreach ((ulong frame, List<(ulong Owner, ulong Page)> users) in _users)
        {
            if (memMap.HasFrame(new Frame((uint)frame)))
            {
                users.RemoveAll(user => user.Owner == owner);
            }
        }
        foreach (ulong page in _states.Keys.Where(page => page >> 32 == owner).ToArray())
        {
            _states.Remove(page);
        }
    }

    private List<(ulong Owner, ulong Page)> UsersOf(ulong frame)
    {
        if (!_users.TryGetValue(frame, out List<(ulong, ulong)>? users))
        {
            _users.Add(frame, users = []);
        }
        return users;
    }
}
