using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Memory;

/// <summary>What a virtual machine's memory is.</summary>
/// <param name="Vm">Its number, 0 to 255.</param>
/// <param name="Node">Where its monitor lives: the node of its first virtual CPU.</param>
/// <param name="Pages">Physical pages the guest sees, from 0.</param>
public sealed record VmMemoryPlan(int Vm, int Node, int Pages)
{
    /// <summary>Pages that may have frames at a time; more are refused as if memory were full.</summary>
    public int FramesMax { get; init; } = int.MaxValue;

    /// <summary>Where it may have frames.</summary>
    public NodeSet Nodes { get; init; } = new(ulong.MaxValue);

    /// <summary>Its share when memory is short.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Its interrupt controller; null for a virtual machine that is only memory.</summary>
    public Address? Interrupts { get; init; }

    /// <summary>Its virtio balloon; null for a guest that asks for its target by monitor calls.</summary>
    public Address? Balloon { get; init; }
}

/// <summary>
/// The monitor of one virtual machine, <c>vm/k</c>: the only one that changes its pmap. Fills pages, and runs every
/// transaction by which a page changes its frame; knows on which CPUs the virtual CPUs run and has translations there
/// removed before a frame changes hands. [Disco 4.2]
/// </summary>
/// <remarks>
/// A page has at most one transaction; requests that need the page meanwhile wait in order. No transaction waits for
/// another page, so that every one ends.
/// </remarks>
public sealed partial class VmMonitor : Actor
{
    private readonly Fabric _fabric;
    private readonly MappingConfig _config;
    private readonly VmMemoryPlan _plan;
    private readonly ShootdownInitiator _shootdown;
    private readonly int[][] _nodesByDistance;

    // State.
    private readonly Pmap _pmap;
    private readonly VcpuTable _vcpus;
    private readonly SortedDictionary<uint, PageTransaction> _transactions = [];
    private readonly List<PageRequest> _waiters = [];
    private readonly SortedDictionary<ulong, PageRequest> _borrows = [];
    private readonly SortedDictionary<uint, PageRequest> _moves = [];
    private ulong _lastTicket;
    private int _pins;
    private int _framesUsed;
    private uint _target;
    private bool _asksGuest;

    // Since when there has been no frame for a page; -1 when the last one asked for was there.
    private long _shortSince = -1;
    private long _busyUntil;

    // Cycles until the message in hand has been looked at; not state, it lives for one Receive.
    private long _wait;

    /// <param name="plan">The virtual machine.</param>
    /// <param name="fabric">Actor, memmaps and CPUs must be placed in it.</param>
    /// <param name="config">Costs and bounds.</param>
    /// <param name="shootdown">The protocol that removes translations.</param>
    /// <param name="machine">All CPUs.</param>
    public VmMonitor(
        VmMemoryPlan plan, Fabric fabric, MappingConfig config, ShootdownConfig shootdown, CpuSet machine)
        : base(AddressOf(plan.Vm), plan.Node)
    {
        config.Check();
        Invariant.Holds(plan.Vm is >= 0 and <= byte.MaxValue);
        _plan = plan;
        _fabric = fabric;
        _config = config;
        _pmap = new Pmap(fabric.Homes, plan.Pages);
        _vcpus = new VcpuTable(config.LogEntries);
        _shootdown = new ShootdownInitiator(shootdown, fabric, Address, machine);
        _nodesByDistance = NodesByDistance(fabric.Topology, plan.Nodes);
        _target = (uint)plan.Pages;
    }

    /// <summary>The shared interrupt that tells a guest that it should give memory back.</summary>
    public static int BalloonInterrupt => 18;

    public int Vm => _plan.Vm;

    public int Pages => _plan.Pages;

    /// <summary>Where it may have frames.</summary>
    public NodeSet Nodes => _plan.Nodes;

    /// <summary>Set once by the builder; null for a virtual machine that is only memory.</summary>
    public VmPart? Part { get; set; }

    public TransactionStatistics Transactions { get; } = new();

    public ShootdownStatistics Shootdowns => _shootdown.Statistics;

    /// <summary>Pages that have a frame, without replicas.</summary>
    public int FramesUsed => _framesUsed;

    public override WaitsFor? Waiting => _shootdown.WaitingFor ?? FirstWait();

    public static Address AddressOf(int vm) => new(Role.Vm, (ushort)vm);

    /// <summary>
    /// The CPU that holds a virtual CPU: it runs there, or ran there last; -1 when it never ran. A virtual CPU on its
    /// way from one CPU to another is still held by the first.
    /// </summary>
    public int HolderOf(int vcpu) => _vcpus.LastCpuOf(vcpu);

    public bool IsEntered(int vcpu) => _vcpus.IsEntered(vcpu);

    /// <summary>No transaction is under way and nobody waits.</summary>
    public bool IsAtRest =>
        _transactions.Count == 0 && _waiters.Count == 0 && _borrows.Count == 0 && _moves.Count == 0;

    /// <summary>Gives a page its frame before the run. The frame's memmap knows the page as its user already.</summary>
    public void Place(PhysicalPage page, Frame frame, PageClass pageClass, bool isShared = false)
    {
        Invariant.Holds(_pmap.Has(page));
        ref PmapEntry entry = ref _pmap[page];
        Invariant.Holds(entry.State == PageState.Empty);
        entry = new PmapEntry
        {
            State = isShared ? PageState.Shared : PageState.Private,
            IsShared = isShared,
            Frame = frame,
            Class = pageClass,
        };
        _framesUsed++;
    }

    /// <summary>How a page is mapped, for observers and reports.</summary>
    public PageView ViewOf(PhysicalPage page)
    {
        PmapEntry entry = _pmap[page];
        Frame frame = entry.FramePlusOne == 0 ? Frame.None : entry.Frame;
        return new PageView(entry.State, frame, entry.Class, entry.IsShared, entry.Pins, _pmap.ReplicasOf(page));
    }

    /// <summary>Counts pages; see <see cref="MemoryReport"/>.</summary>
    public VmMemoryReport Report()
    {
        int[] byClass = new int[Enum.GetValues<PageClass>().Length];
        int shared = 0;
        int replicas = 0;
        for (uint number = 0; number < (uint)Pages; number++)
        {
            PhysicalPage page = new(number);
            PmapEntry entry = _pmap[page];
            if (entry.FramePlusOne != 0)
            {
                byClass[(int)entry.Class]++;
                shared += entry.IsShared ? 1 : 0;
                replicas += _pmap.ReplicasOf(page).Count;
            }
        }
        return new VmMemoryReport(Vm, byClass.Sum(), byClass, shared, replicas, (int)_target);
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        _wait = Occupy(context.Now.Value);
        if (TryRefuse(envelope, context))
        {
            return;
        }
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _shootdown.Receive(envelope, context);
        }
        else if (MappingNames.Knows(envelope.Message.Kind))
        {
            ReceiveMapping(envelope, context);
        }
        else
        {
            Invariant.Holds(Part is not null);
            Part.Receive(this, envelope, context);
        }
        Settle(context);
    }

    public override void Save(StateWriter writer)
    {
        _pmap.Save(writer);
        _vcpus.Save(writer);
        _shootdown.Save(writer);
        writer.Write("transactions", _transactions.Count);
        foreach (PageTransaction transaction in _transactions.Values)
        {
            transaction.Save(writer);
        }
        SaveAll("waiters", _waiters, writer);
        SaveAll("borrows", _borrows.Values, writer);
        SaveAll("moves", _moves.Values, writer);
        writer.Write("lastTicket", _lastTicket);
        writer.Write("pins", _pins);
        writer.Write("framesUsed", _framesUsed);
        writer.Write("target", (ulong)_target);
        writer.Write("asksGuest", _asksGuest);
        writer.Write("shortSince", _shortSince);
        writer.Write("busyUntil", _busyUntil);
        SaveTeardown(writer);
        Transactions.Save(writer);
        Part?.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        _pmap.Load(reader);
        _vcpus.Load(reader);
        _shootdown.Load(reader);
        _transactions.Clear();
        int transactions = reader.ReadInt32("transactions");
        for (int i = 0; i < transactions; i++)
        {
            PageTransaction transaction = PageTransaction.Load(reader);
            _transactions.Add(transaction.Request.Page.Number, transaction);
        }
        _waiters.Clear();
        LoadAll("waiters", reader, _waiters.Add);
        _borrows.Clear();
        LoadAll("borrows", reader, borrow => _borrows.Add(borrow.Number, borrow));
        _moves.Clear();
        LoadAll("moves", reader, move => _moves.Add(move.Page.Number, move));
        _lastTicket = reader.ReadUInt64("lastTicket");
        _pins = reader.ReadInt32("pins");
        _framesUsed = reader.ReadInt32("framesUsed");
        _target = (uint)reader.ReadUInt64("target");
        _asksGuest = reader.ReadBool("asksGuest");
        _shortSince = reader.ReadInt64("shortSince");
        _busyUntil = reader.ReadInt64("busyUntil");
        LoadTeardown(reader);
        Transactions.Load(reader);
        Part?.Load(reader);
    }

    /// <summary>Sends for the monitor of this virtual machine, after the message in hand has been looked at.</summary>
    internal void Send(Address to, in Message message, Context context, ReadOnlySpan<byte> payload = default) =>
        _fabric.Send(context, Address, to, _wait, message, payload);

    /// <summary>What holds up a page, for the report of a run that can make no progress.</summary>
    private WaitsFor? FirstWait()
    {
        if (_transactions.Count > 0)
        {
            PhysicalPage page = _transactions.Values.First().Request.Page;
            return new WaitsFor(MemMap.AddressOf(Node), $"{page}, which is {_pmap[page].State}");
        }
        return _waiters.Count > 0
            ? new WaitsFor(_waiters[0].From, $"{_waiters[0].Page}, which {_pmap[_waiters[0].Page].Pins} devices have")
            : null;
    }

    private static void SaveAll(string name, ICollection<PageRequest> requests, StateWriter writer)
    {
        writer.Write(name, requests.Count);
        foreach (PageRequest request in requests)
        {
            request.Save(writer);
        }
    }

    private static void LoadAll(string name, StateReader reader, Action<PageRequest> add)
    {
        int count = reader.ReadInt32(name);
        for (int i = 0; i < count; i++)
        {
            add(PageRequest.Load(reader));
        }
    }

    // For each node those where frames may be, the nearest first.
    private static int[][] NodesByDistance(Topology topology, NodeSet allowed)
    {
        int[] nodes = [.. Enumerable.Range(0, topology.Nodes)];
        return
        [
            .. nodes.Select(from =>
                nodes.Where(allowed.Contains)
                    .OrderBy(to => (topology.Hops(from, to), from == to ? 0 : 1, to)).ToArray()),
        ];
    }

    private long Occupy(long now)
    {
        _busyUntil = Math.Max(now, _busyUntil) + _config.VmCycles;
        return _busyUntil - now;
    }
}

/// <summary>How a page is mapped.</summary>
/// <param name="State">Of the page.</param>
/// <param name="Frame">None while it has none.</param>
/// <param name="Class">What it is used for.</param>
/// <param name="IsShared">Others may use the frame too.</param>
/// <param name="Pins">Devices that have it pinned.</param>
/// <param name="Replicas">Further frames with the same bytes, on other nodes.</param>
public readonly record struct PageView(
    PageState State, Frame Frame, PageClass Class, bool IsShared, int Pins, IReadOnlyList<Frame> Replicas);
