using System.Numerics;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Machine.Directory;

/// <summary>
/// The home of a node's lines, <c>dir/n</c>: orders all requests for a line, knows who has copies, and counts which
/// nodes miss on which pages. It handles one message at a time; a message that finds it busy waits, in order.
/// </summary>
public sealed unsafe partial class DirectoryController : Actor
{
    private const HomeDo AnyRead = HomeDo.ReadShared | HomeDo.ReadExclusive;
    private const HomeDo AnyForward = HomeDo.ForwardGetS | HomeDo.ForwardGetX;

    // Agents from here on are devices; see Fabric.
    private const int CpuAgents = 64;

    private readonly Fabric _fabric;
    private readonly int _lineShift;

    // State. The entries lie in native memory, one for each line of the node, in order.
    private readonly NativePages _entries;
    private readonly NativePages _missCounts;
    private readonly HotPageCounters? _hotPages;
    private readonly Address _hotPagesTo;
    private long _busyUntil;

    /// <param name="node">The node.</param>
    /// <param name="fabric">Its home map gives the number of lines.</param>
    /// <param name="lineBytes">Of the machine's coherence lines.</param>
    /// <param name="hotPages">When to report hot pages, and to whom; null for never.</param>
    public DirectoryController(int node, Fabric fabric, int lineBytes, HotPageConfig? hotPages = null)
        : base(Address.Directory(node), node)
    {
        Invariant.Holds(lineBytes is 32 or 64 or 128);
        _fabric = fabric;
        _lineShift = BitOperations.Log2((uint)lineBytes);
        IHomeMap homes = fabric.Homes;
        _entries = new NativePages("entries", (homes.NodeBytes >> _lineShift) * DirectoryEntry.Bytes);
        ulong counts = (homes.NodeBytes >> Page.Shift) * (ulong)homes.Nodes;
        _missCounts = new NativePages("stat.misses", counts * sizeof(uint));
        if (hotPages is not null)
        {
            _hotPages = new HotPageCounters(hotPages, node, homes);
            _hotPagesTo = hotPages.ReportTo;
        }
    }

    public DirectoryStatistics Statistics { get; } = new();

    /// <summary>Reports of hot pages so far.</summary>
    public long HotPages => _hotPages?.Reports ?? 0;

    /// <summary>How often agents of a node asked for lines of a page of this node's memory.</summary>
    /// <param name="localPage">Counted from the start of this node's memory.</param>
    /// <param name="node">The asking node.</param>
    public uint Misses(long localPage, int node) =>
        ((uint*)_missCounts.Base)[(localPage * _fabric.Homes.Nodes) + node];

    /// <summary>The home's view of a line of this node, for observers.</summary>
    public HomeView ViewOf(LineAddress line)
    {
        DirectoryEntry entry = *EntryOf(line);
        return new HomeView(
            entry.State, entry.Owner, entry.SharersLow, entry.SharersHigh, entry.Requester, entry.Promised - 1);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        CoherenceMessage message = CoherenceMessage.From(envelope.Message);
        Invariant.Holds(_fabric.Homes.HomeOf(new MachineAddress(message.Line.Value)).Value == Node);
        DirectoryEntry* entry = EntryOf(message.Line);
        _entries.Touch((ulong)((byte*)entry - _entries.Base));
        long wait = Occupy(context.Now.Value);

        HomeEvent e = EventOf(message, *entry);
        HomeMutants.Miscount(ref e, ref *entry);
        HomeStep step = HomeProtocol.Next(entry->State, e, _fabric.Config.Protocol);
        if (context.Tracing)
        {
            ulong state = (ulong)entry->State;
            context.Trace(new TraceEvent(CoherenceTrace.HomeStep, message.Line.Value, state, (ulong)e));
        }
        HomeMutants.Change(entry->State, e, ref step);
        if (step.Do == HomeDo.Impossible)
        {
            Invariant.Broken($"{Address} cannot handle {message} in state {entry->State} at {context.Now}");
        }
        bool isRequest = e <= HomeEvent.OutOfTurn;
        int requester = entry->IsBusy && !isRequest ? entry->Requester : message.Requester;
        if (isRequest)
        {
            CountRequest(entry, message, step.Do);
            if (_hotPages is not null && step.Do != HomeDo.Nack)
            {
                CountMiss(_hotPages, message, wait, context);
            }
        }
        ReadOnlySpan<byte> line = ((ReadOnlySpan<byte>)envelope.Payload)[..envelope.Message.PayloadBytes];
        Send(step.Do, entry, message, requester, line, wait, context);
        Update(step.Do, entry, requester);
        Enter(entry, message.Line, step.Next, context);
    }

    public override void Save(StateWriter writer)
    {
        _entries.Save(writer);
        _missCounts.Save(writer);
        _hotPages?.Save(writer);
        writer.Write("busyUntil", _busyUntil);
        Statistics.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        _entries.Load(reader);
        _missCounts.Load(reader);
        if (_hotPages is not null && reader.IsNext(HotPageCounters.FirstField))
        {
            _hotPages.Load(reader);
        }
        _busyUntil = reader.ReadInt64("busyUntil");
        Statistics.Load(reader);
    }

    /// <summary>What a message means for the line as it is; the table knows no sets and counts.</summary>
    private static HomeEvent EventOf(in CoherenceMessage message, in DirectoryEntry entry)
    {
        switch (message.Kind)
        {
            case CoherenceKind.GetS:
                return IsOutOfTurn(message, entry) ? HomeEvent.OutOfTurn : HomeEvent.GetS;
            case CoherenceKind.GetX or CoherenceKind.Upgrade:
                return IsOutOfTurn(message, entry) ? HomeEvent.OutOfTurn : OwnershipEventOf(message, entry);
            case CoherenceKind.InvalAck:
                return entry.Acks == 1 ? HomeEvent.LastInvalAck : HomeEvent.InvalAck;
            case CoherenceKind.PutClean or CoherenceKind.PutDirty:
                return PutEventOf(message, entry);
            case CoherenceKind.SharingWriteback:
                return HomeEvent.SharingWriteback;
            case CoherenceKind.SharingWritebackDirty:
                return HomeEvent.SharingWritebackDirty;
            case CoherenceKind.OwnershipTransfer:
                return HomeEvent.OwnershipTransfer;
            default:
                return Invariant.Unreachable<HomeEvent>($"a home received {message}");
        }
    }

    private static bool IsOutOfTurn(in CoherenceMessage message, in DirectoryEntry entry) =>
        entry.Promised != 0 && entry.Promised - 1 != message.Requester;

    private static HomeEvent OwnershipEventOf(in CoherenceMessage message, in DirectoryEntry entry)
    {
        if (entry.State != HomeState.Shared)
        {
            return HomeEvent.GetX;
        }
        bool isSharer = entry.IsSharer(message.Requester);
        Mutants.Set(Mutant.HomeUpgradesAnybody, ref isSharer, true);
        bool alone = entry.SharerCount == (isSharer ? 1 : 0);
        if (message.Kind == CoherenceKind.Upgrade && isSharer)
        {
            return alone ? HomeEvent.UpgradeAlone : HomeEvent.Upgrade;
        }
        return alone ? HomeEvent.GetXAlone : HomeEvent.GetX;
    }

    private static HomeEvent PutEventOf(in CoherenceMessage message, in DirectoryEntry entry)
    {
        bool clean = message.Kind == CoherenceKind.PutClean;
        if (entry.Owner == message.Sender)
        {
            return clean ? HomeEvent.PutClean : HomeEvent.PutDirty;
        }
        Invariant.Holds(entry.IsBusy);
        Invariant.Holds(entry.Requester == message.Sender);
        return clean ? HomeEvent.ReturnClean : HomeEvent.ReturnDirty;
    }

    /// <summary>
    /// Fairness: who was refused most often is promised the line; while promised, others are refused.
    /// </summary>
    private void CountRequest(DirectoryEntry* entry, in CoherenceMessage message, HomeDo actions)
    {
        if (actions == HomeDo.Nack)
        {
            Statistics.Nacks++;
            bool better = entry->Promised == 0
                ? message.Retries >= _fabric.Config.RetriesForPromise
                : message.Retries > entry->PromisedRetries;
            if (entry->IsBusy && better)
            {
                entry->Promised = (byte)(message.Requester + 1);
                entry->PromisedRetries = message.Retries;
                Statistics.Promises++;
            }
            return;
        }
        byte promised = 0;
        Mutants.Set(Mutant.HomeKeepsPromise, ref promised, entry->Promised);
        entry->Promised = promised;
        entry->PromisedRetries = 0;
        int node = _fabric.NodeOf(_fabric.AgentAt(message.Requester));
        if (node == Node)
        {
            Statistics.LocalRequests++;
        }
        else
        {
            Statistics.RemoteRequests++;
        }
        ulong page = _fabric.Homes.OffsetOf(new MachineAddress(message.Line.Value)) >> Page.Shift;
        ulong index = (page * (ulong)_fabric.Homes.Nodes) + (ulong)node;
        _missCounts.Touch(index * sizeof(uint));
        ((uint*)_missCounts.Base)[index]++;
    }

    /// <summary>Devices' requests do not make a page hot: it is processors that gain from its being near.</summary>
    private void CountMiss(HotPageCounters hotPages, in CoherenceMessage message, long wait, Context context)
    {
        if (message.Requester >= CpuAgents)
        {
            return;
        }
        int node = _fabric.NodeOf(_fabric.AgentAt(message.Requester));
        MachineAddress address = new(message.Line.Value);
        long page = (long)(_fabric.Homes.OffsetOf(address) >> Page.Shift);
        if (!hotPages.Count(page, node, message.Kind != CoherenceKind.GetS, context.Now))
        {
            return;
        }
        Span<byte> misses = stackalloc byte[_fabric.Homes.Nodes * sizeof(uint)];
        uint writes = hotPages.Take(page, misses);
        HotPageReport report = new(address.Value >> Page.Shift, new NodeId(node), writes);
        _fabric.Send(context, Address, _hotPagesTo, wait, report.Pack(), misses);
    }

    private void Send(
        HomeDo actions, DirectoryEntry* entry, in CoherenceMessage message, int requester, ReadOnlySpan<byte> line,
        long wait, Context context)
    {
        CoherenceMessage answer = new(CoherenceKind.None, message.Line, (byte)requester, 0, 0);
        if ((actions & HomeDo.Nack) != 0)
        {
            byte promise = (byte)(entry->Promised - 1 == requester ? 1 : 0);
            SendTo(requester, CoherenceKind.Nack, answer with { Retries = promise }, wait, context);
            return;
        }
        if ((actions & HomeDo.WriteMemory) != 0)
        {
            Statistics.Writebacks++;
            CoherenceMessage write = answer with { Kind = CoherenceKind.WriteLine };
            _fabric.Send(context, Address, Address.Memory(Node), wait, write.Pack(), line);
        }
        if ((actions & AnyRead) != 0)
        {
            bool shared = (actions & HomeDo.ReadShared) != 0;
            CoherenceMessage read = answer with
            {
                Kind = shared ? CoherenceKind.ReadShared : CoherenceKind.ReadExclusive,
            };
            _fabric.Send(context, Address, Address.Memory(Node), wait, read.Pack());
        }
        if ((actions & HomeDo.GrantUpgrade) != 0)
        {
            SendTo(requester, CoherenceKind.UpgradeAck, answer, wait, context);
        }
        if ((actions & AnyForward) != 0)
        {
            Invariant.Holds(entry->Owner != requester);
            Statistics.Forwards++;
            bool shared = (actions & HomeDo.ForwardGetS) != 0;
            SendTo(entry->Owner, shared ? CoherenceKind.FwdGetS : CoherenceKind.FwdGetX, answer, wait, context);
        }
        if ((actions & HomeDo.AckPut) != 0)
        {
            SendTo(message.Sender, CoherenceKind.WbAck, answer, wait, context);
        }
        if ((actions & HomeDo.AckOwedPut) != 0)
        {
            SendTo(entry->Owner, CoherenceKind.WbAck, answer, wait, context);
        }
        if ((actions & HomeDo.Invalidate) != 0)
        {
            SendInvals(entry, requester, answer, wait, context);
        }
    }

    private void SendInvals(
        DirectoryEntry* entry, int requester, in CoherenceMessage answer, long wait, Context context)
    {
        bool spared = true;
        Mutants.Set(Mutant.HomeInvalidatesRequester, ref spared, false);
        if (spared)
        {
            entry->RemoveSharer(requester);
        }
        int acks = entry->SharerCount;
        Mutants.Set(Mutant.HomeAwaitsOneAckLess, ref acks, Math.Max(1, acks - 1));
        entry->Acks = (byte)acks;
        Invariant.Holds(entry->Acks > 0);
        Statistics.InvalsSent += entry->Acks;
        for (int word = 0; word < 2; word++)
        {
            ulong left = word == 0 ? entry->SharersLow : entry->SharersHigh;
            for (; left != 0; left &= left - 1)
            {
                int sharer = (word * 64) + BitOperations.TrailingZeroCount(left);
                SendTo(sharer, CoherenceKind.Inval, answer, wait, context);
            }
        }
    }

    private void SendTo(int agent, CoherenceKind kind, in CoherenceMessage message, long wait, Context context)
    {
        CoherenceMessage answer = message with { Kind = kind };
        _fabric.Send(context, Address, _fabric.AgentAt(agent), wait, answer.Pack());
    }

    private static void Update(HomeDo actions, DirectoryEntry* entry, int requester)
    {
        if ((actions & HomeDo.CountAck) != 0)
        {
            entry->Acks--;
        }
        if ((actions & HomeDo.SaveRequester) != 0)
        {
            entry->Requester = (byte)requester;
        }
        if ((actions & HomeDo.AddSharer) != 0)
        {
            entry->AddSharer(requester);
        }
        if ((actions & HomeDo.ShareWithOwner) != 0)
        {
            entry->AddSharer(entry->Owner);
        }
        if ((actions & (HomeDo.ShareWithOwner | HomeDo.ShareAlone)) != 0)
        {
            entry->AddSharer(requester);
        }
        if ((actions & (HomeDo.ShareWithOwner | HomeDo.ShareAlone | HomeDo.DropOwner)) != 0)
        {
            entry->Owner = 0;
        }
        if ((actions & HomeDo.SetOwner) != 0)
        {
            entry->ClearSharers();
            entry->Owner = (byte)requester;
        }
    }

    /// <summary>The one place where a line changes its state at home.</summary>
    private void Enter(DirectoryEntry* entry, LineAddress line, HomeState next, Context context)
    {
        HomeState old = entry->State;
        entry->State = next;
        if (!entry->IsBusy)
        {
            Invariant.Holds(entry->Acks == 0);
            entry->Requester = 0;
        }
        if (next is HomeState.Unowned or HomeState.Exclusive)
        {
            Invariant.Holds(entry->SharerCount == 0);
        }
        if (next == HomeState.Shared)
        {
            Invariant.Holds(entry->SharerCount > 0);
        }
        if (context.Tracing)
        {
            ulong who = entry->IsBusy ? entry->Requester : entry->Owner;
            context.Trace(new TraceEvent(CoherenceTrace.HomeState, line.Value, ((ulong)old << 8) | (ulong)next, who));
        }
    }

    private long Occupy(long now)
    {
        long start = Math.Max(now, _busyUntil);
        _busyUntil = start + _fabric.Config.DirectoryOccupancyCycles;
        Statistics.WaitedCycles += start - now;
        return start - now;
    }

    private DirectoryEntry* EntryOf(LineAddress line)
    {
        ulong offset = _fabric.Homes.OffsetOf(new MachineAddress(line.Value));
        Invariant.Holds(offset < _fabric.Homes.NodeBytes);
        return (DirectoryEntry*)_entries.Base + (offset >> _lineShift);
    }
}
