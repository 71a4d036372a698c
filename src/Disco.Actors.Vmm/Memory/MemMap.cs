using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// The owner of a node's frames, <c>memmap/n</c>: gives them out, counts their users, clears and copies them, and asks
/// for replicas and cached pages back when no frame is free. [Disco 4.2.2, 4.2.3]
/// </summary>
/// <remarks>
/// It trusts its clients to release a frame only when no translation to it is left anywhere: the frame is given out
/// again at once.
/// </remarks>
public sealed partial class MemMap : Actor
{
    /// <summary>The cache agents from this number on belong to the nodes' page engines.</summary>
    public const int FirstAgent = 96;

    // Users of a hot frame beyond these are not told: a frame of so many is text, and each of them would replicate it.
    private const int HotUsersMax = 8;

    private readonly Fabric _fabric;
    private readonly MappingConfig _config;
    private readonly FrameTable _frames;
    private readonly PageEngine _engine;

    // Of the frames that should be free.
    private const int ReservedPart = 4;

    // State. Where the devices live that have frames. Allocations that wait for a frame to come back, and which one was
    // asked for.
    private readonly SortedDictionary<ushort, Address> _devices = [];
    private readonly List<(AllocateMessage Message, Address From)> _short = [];
    private Frame _asked = Frame.None;
    private FrameUser _askedUser;
    private int _triesLeft;
    private long _busyUntil;
    private long _allocations;
    private long _refusals;
    private long _replicasAsked;

    /// <param name="node">The node.</param>
    /// <param name="fabric">The actor must be placed in it.</param>
    /// <param name="config">Costs.</param>
    /// <param name="engine">Of this node.</param>
    public MemMap(int node, Fabric fabric, MappingConfig config, PageEngine engine)
        : base(AddressOf(node), node)
    {
        config.Check();
        _fabric = fabric;
        _config = config;
        _engine = engine;
        _frames = new FrameTable(node, fabric.Homes);
    }

    public int FreeFrames => _frames.FreeFrames;

    public int Frames => _frames.Frames;

    /// <summary>Frames given out so far, and refusals because none was free.</summary>
    public (long Given, long Refused) Allocations => (_allocations, _refusals);

    public long CopiedBytes => _engine.CopiedBytes;

    public long ClearedBytes => _engine.ClearedBytes;

    public long ComparedBytes => _engine.ComparedBytes;

    public override WaitsFor? Waiting => _engine.Queued > 0 ? _engine.WaitingFor : null;

    internal PageEngine Engine => _engine;

    private int LowFrames => (int)((long)_frames.Frames * _config.LowPermille / 1000);

    public static Address AddressOf(int node) => new(Role.MemMap, (ushort)node);

    /// <summary>The cache agent of a node's page engine.</summary>
    public static int AgentOf(int node) => FirstAgent + node;

    /// <summary>Who uses a frame of this node, in the order in which they came.</summary>
    public IReadOnlyList<FrameUser> UsersOf(Frame frame) =>
        [.. Enumerable.Range(0, _frames.UsersOf(frame)).Select(index => _frames.UserOf(frame, index))];

    /// <summary>How many users a frame has.</summary>
    public int UserCountOf(Frame frame) => _frames.UsersOf(frame);

    public bool IsUser(Frame frame, FrameUser user)
    {
        for (int index = 0; index < _frames.UsersOf(frame); index++)
        {
            if (_frames.UserOf(frame, index) == user)
            {
                return true;
            }
        }
        return false;
    }

    public bool HasFrame(Frame frame) => _fabric.Homes.HomeOf(frame.Address).Value == Node;

    /// <summary>Frames of this node that have users, in ascending order.</summary>
    public IEnumerable<Frame> FramesInUse() => _frames.InUse();

    /// <summary>Frames in use by class; the last number counts replicas, which are in no class.</summary>
    public int[] CountByClass() => _frames.CountByClass();

    /// <summary>Frames with a user that is neither a virtual machine nor the monitor.</summary>
    public int CountDeviceFrames() =>
        FramesInUse().Count(frame => UsersOf(frame).Any(user => !user.IsVm && user.Owner != FrameUser.Monitor));

    /// <summary>Takes a frame before the run; none when all are in use. Its contents are the caller's affair.</summary>
    public Frame Reserve(FrameUser user, PageClass pageClass) =>
        _frames.TryAllocate(user, pageClass, isReplica: false);

    /// <summary>A further user of a frame before the run.</summary>
    public void AddUser(Frame frame, FrameUser user) => _frames.AddUser(frame, user);

    public override void Receive(in Envelope envelope, Context context)
    {
        if (CoherenceMessage.IsOne(envelope.Message))
        {
            _engine.Receive(envelope, context);
            Answer(context);
            return;
        }
        long wait = Occupy(context.Now.Value);
        Address from = Fabric.SenderOf(envelope.Message);
        switch ((MappingKind)envelope.Message.Kind)
        {
            case MappingKind.Allocate:
                Allocate(AllocateMessage.From(envelope.Message), from, wait, context);
                break;
            case MappingKind.Release or MappingKind.Share or MappingKind.Claim:
                Use(FrameUseMessage.From(envelope.Message), from, wait, context);
                break;
            case MappingKind.ReleaseAll:
                ReleaseAll(ReleaseAllMessage.From(envelope.Message), from, wait, context);
                break;
            case MappingKind.CopyPage or MappingKind.ComparePages:
                PageJobMessage asked = PageJobMessage.From(envelope.Message);
                PageJob job = new(asked.Source, asked.Destination, from, default, asked.Transaction)
                {
                    Compares = asked.Kind == MappingKind.ComparePages,
                };
                _engine.Start(job, context);
                break;
            case MappingKind.ReplicasDropped:
                HearOfReplicas(ReplicaMessage.From(envelope.Message), wait, context);
                break;
            case MappingKind.ClassHint:
                ClassHintMessage hint = ClassHintMessage.From(envelope.Message);
                _frames.SetClass(new Frame(hint.Number), hint.Class);
                break;
            case MappingKind.FramesQuery:
                Send(from, new Message
                {
                    Kind = (ushort)MappingKind.FramesStatus,
                    Lane = Lane.Reply,
                    A = (ulong)_frames.FreeFrames,
                    B = (ulong)_frames.Frames,
                }, wait, context);
                break;
            case MappingKind.HotPage:
                ForwardHot(envelope, wait, context);
                break;
            case MappingKind.NodesLost:
                _engine.GoOn(context);
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(envelope.Message)}");
                break;
        }
        Answer(context);
    }

    public override void Save(StateWriter writer)
    {
        _frames.Save(writer);
        _engine.Save(writer);
        writer.Write("short", (ulong)_short.Count);
        foreach ((AllocateMessage message, Address from) in _short)
        {
            Message packed = message.Pack();
            writer.Write("a", packed.A);
            writer.Write("b", packed.B);
            writer.Write("c", packed.C);
            writer.Write("from", (ulong)from.Packed);
        }
        writer.Write("devices", _devices.Count);
        foreach ((ushort owner, Address device) in _devices)
        {
            writer.Write("owner", (ulong)owner);
            writer.Write("device", (ulong)device.Packed);
        }
        writer.Write("asked", (ulong)_asked.Number);
        writer.Write("askedUser", ((ulong)_askedUser.Owner << 32) | _askedUser.Page.Number);
        writer.Write("lostVms", _lostVms.Count);
        foreach (int vm in _lostVms)
        {
            writer.Write("vm", vm);
        }
        writer.Write("triesLeft", _triesLeft);
        writer.Write("busyUntil", _busyUntil);
        writer.Write("stat.allocations", _allocations);
        writer.Write("stat.refusals", _refusals);
        writer.Write("stat.replicasAsked", _replicasAsked);
    }

    public override void Load(StateReader reader)
    {
        _frames.Load(reader);
        _engine.Load(reader);
        _short.Clear();
        int waiting = reader.ReadInt32("short");
        for (int i = 0; i < waiting; i++)
        {
            Message packed = new()
            {
                A = reader.ReadUInt64("a"),
                B = reader.ReadUInt64("b"),
                C = reader.ReadUInt64("c"),
            };
            _short.Add((AllocateMessage.From(packed), Address.FromPacked((uint)reader.ReadUInt64("from"))));
        }
        _devices.Clear();
        for (int left = reader.ReadInt32("devices"); left > 0; left--)
        {
            ushort owner = (ushort)reader.ReadUInt64("owner");
            _devices.Add(owner, Address.FromPacked((uint)reader.ReadUInt64("device")));
        }
        _asked = new Frame((uint)reader.ReadUInt64("asked"));
        ulong user = reader.ReadUInt64("askedUser");
        _askedUser = new FrameUser((ushort)(user >> 32), new PhysicalPage((uint)user));
        _lostVms.Clear();
        for (int left = reader.ReadInt32("lostVms"); left > 0; left--)
        {
            _lostVms.Add(reader.ReadInt32("vm"));
        }
        _triesLeft = reader.ReadInt32("triesLeft");
        _busyUntil = reader.ReadInt64("busyUntil");
        _allocations = reader.ReadInt64("stat.allocations");
        _refusals = reader.ReadInt64("stat.refusals");
        _replicasAsked = reader.ReadInt64("stat.replicasAsked");
    }

    private void Allocate(in AllocateMessage message, Address from, long wait, Context context)
    {
        if (!message.User.IsVm)
        {
            _devices[message.User.Owner] = from;
        }
        bool mayWait = (message.Flags & AllocateFlags.DropReplicas) != 0;
        if (!HasFrameFor(message) && mayWait)
        {
            _short.Add((message, from));
            if (!_asked.Exists)
            {
                _triesLeft = _frames.CountDispensable();
                AskForFrame(wait, context);
            }
            return;
        }
        Give(message, from, wait, context);
    }

    private void Give(in AllocateMessage message, Address from, long wait, Context context)
    {
        bool isReplica = (message.Flags & AllocateFlags.Replica) != 0;
        Frame frame = HasFrameFor(message)
            ? _frames.TryAllocate(message.User, message.Class, isReplica)
            : Frame.None;
        _allocations += frame.Exists ? 1 : 0;
        _refusals += frame.Exists ? 0 : 1;
        if (frame.Exists)
        {
            TellIfLow(wait, context);
        }
        if (frame.Exists)
        {
            Trace(MappingTrace.UseBegan, frame, message.User, context);
        }
        if (frame.Exists && (message.Flags & AllocateFlags.Zero) != 0)
        {
            _engine.Start(new PageJob(Frame.None, frame, from, message.User.Page, message.Transaction), context);
            return;
        }
        Send(from, new AllocatedMessage(message.User.Page, frame, message.Transaction).Pack(), wait, context);
    }

    // The last frames are for guests that were asked for memory: a kernel that waits for a page gives none.
    private bool HasFrameFor(in AllocateMessage message) =>
        _frames.FreeFrames > ((message.Flags & AllocateFlags.Reserved) != 0 ? 0 : LowFrames / ReservedPart);

    // Where it alone has no more than all nodes together should have, and at every halving of that, so that it is said
    // seldom, and whatever the others have.
    private void TellIfLow(long wait, Context context)
    {
        int low = Math.Min(LowFrames * _fabric.Homes.Nodes, _frames.Frames / 2);
        int free = _frames.FreeFrames;
        if (low > 0 && (free == low || free == low / 2 || free == low / 4 || free == low / 8))
        {
            Send(Reclaimer.ReclaimerAddress, Reclaimer.Low, wait, context);
        }
    }

    private void Use(in FrameUseMessage use, Address from, long wait, Context context)
    {
        switch (use.Kind)
        {
            case MappingKind.Share:
                if (!_lostVms.Contains(use.User.Owner))
                {
                    _frames.AddUser(use.Frame, use.User);
                    Trace(MappingTrace.UseBegan, use.Frame, use.User, context);
                }
                Send(from, (use with { Kind = MappingKind.Shared }).Pack(), wait, context);
                break;
            case MappingKind.Claim:
                uint alone = _frames.UsersOf(use.Frame) == 1 ? FrameUseMessage.Alone : 0;
                Send(from, (use with { Kind = MappingKind.Claimed, Extra = use.Extra | alone }).Pack(), wait, context);
                break;
            default:
                _frames.Drop(use.Frame, use.User);
                Trace(MappingTrace.UseEnded, use.Frame, use.User, context);
                Serve(wait, context);
                break;
        }
    }

    private void ReleaseAll(in ReleaseAllMessage message, Address from, long wait, Context context)
    {
        int dropped = _frames.DropAllOf(message.Owner);
        if (context.Tracing)
        {
            context.Trace(new TraceEvent(MappingTrace.AllUsesEnded, (ulong)Node, message.Owner, 0));
        }
        ReleaseAllMessage answer = new(MappingKind.AllReleased, message.Owner, (uint)dropped);
        Send(from, answer.Pack(), wait, context);
        Serve(wait, context);
    }

    private void HearOfReplicas(in ReplicaMessage message, long wait, Context context)
    {
        Invariant.Holds(message.Frame == _asked);
        _asked = Frame.None;
        Serve(wait, context);
        if (_short.Count > 0)
        {
            AskForFrame(wait, context);
        }
    }

    /// <summary>Asks the user of a frame who can do without it, or refuses everybody when all were asked.</summary>
    private void AskForFrame(long wait, Context context)
    {
        _asked = _triesLeft > 0 ? _frames.NextDispensable() : Frame.None;
        _triesLeft--;
        if (!_asked.Exists)
        {
            foreach ((AllocateMessage message, Address from) in _short)
            {
                Give(message, from, wait, context);
            }
            _short.Clear();
            return;
        }
        _replicasAsked++;
        FrameUser user = _askedUser = _frames.UserOf(_asked, 0);
        Address owner = user.IsVm ? VmMonitor.AddressOf(user.Owner) : _devices[user.Owner];
        Send(owner, new ReplicaMessage(MappingKind.DropReplicas, _asked, user.Page).Pack(), wait, context);
    }

    /// <summary>Gives frames that came back to those who wait, in their order.</summary>
    private void Serve(long wait, Context context)
    {
        while (_short.Count > 0 && HasFrameFor(_short[0].Message))
        {
            (AllocateMessage message, Address from) = _short[0];
            _short.RemoveAt(0);
            Give(message, from, wait, context);
        }
    }

    /// <summary>Tells the users of a hot frame, each under its own name for the page.</summary>
    private void ForwardHot(in Envelope envelope, long wait, Context context)
    {
        HotPageMessage hot = HotPageMessage.FromDirectory(envelope.Message);
        int users = _frames.UsersOf(hot.Frame);
        ReadOnlySpan<byte> counts = ((ReadOnlySpan<byte>)envelope.Payload)[..envelope.Message.PayloadBytes];
        for (int i = 0; i < Math.Min(users, HotUsersMax); i++)
        {
            FrameUser user = _frames.UserOf(hot.Frame, i);
            if (user.IsVm && _frames.ClassOf(hot.Frame) != PageClass.Monitor)
            {
                Message message = (hot with { Page = user.Page }).Pack();
                _fabric.Send(context, Address, new Address(Role.Vm, user.Owner), wait, message, counts);
            }
        }
    }

    private void Answer(Context context)
    {
        long delay = 0;
        while (_engine.TryTakeEnded(out PageJob job))
        {
            delay += _engine.DelayCycles;
            Message message = job.Compares ? new ComparedMessage(job.AreSame, job.Transaction).Pack()
                : job.Source.Exists ? new CopiedMessage(job.Destination, job.Transaction).Pack()
                : new AllocatedMessage(job.Page, job.Destination, job.Transaction).Pack();
            Send(job.Requester, message, delay, context);
        }
    }

    private static void Trace(ushort kind, Frame frame, FrameUser user, Context context)
    {
        if (context.Tracing)
        {
            context.Trace(new TraceEvent(kind, frame.Number, user.Owner, user.Page.Number));
        }
    }

    private void Send(Address to, in Message message, long delayCycles, Context context) =>
        _fabric.Send(context, Address, to, delayCycles, message);

    private long Occupy(long now)
    {
        long start = Math.Max(now, _busyUntil);
        _busyUntil = start + _config.MemMapCycles;
        return _busyUntil - now;
    }
}
