using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>
/// The monitor of a virtual machine that does nothing but answer fills and shoot down its pages, in seeded random
/// order, several at a time.
/// </summary>
public sealed class ShootdownMonitor : Actor
{
    private readonly ShootdownPlan _plan;
    private readonly Fabric _fabric;

    // State.
    private readonly PageState[] _pages;
    private readonly List<Transaction> _open = [];
    private SeededRandom _random;
    private ulong _generation;
    private int _begun;
    private bool _stepIsSet;

    public ShootdownMonitor(int vm, ShootdownPlan plan, Fabric fabric)
        : base(AddressOf(vm), fabric.NodeOf(AddressOf(vm)))
    {
        _plan = plan;
        _fabric = fabric;
        Initiator = new ShootdownInitiator(plan.Config, fabric, Address, CpuSet.Below(plan.Cpus));
        _pages = new PageState[plan.Pages];
        Array.Fill(_pages, new PageState { MayWrite = true });
        _random = new SeededRandom(TotalOrder.Mix(plan.Seed ^ ((ulong)(vm + 1) << 32)));
    }

    public ShootdownInitiator Initiator { get; }

    public bool IsFinished => _begun == _plan.Shootdowns && _open.Count == 0 && Initiator.Open == 0;

    public override WaitsFor? Waiting => Initiator.WaitingFor;

    public static Address AddressOf(int vm) => new(Role.Vm, (ushort)vm);

    public override void Receive(in Envelope envelope, Context context)
    {
        switch (envelope.Message.Kind)
        {
            case DriverMessage.Fill:
                ReceiveFill(envelope.Message, context);
                break;
            case DriverMessage.End:
                End(envelope.Message.A, context);
                break;
            case DriverMessage.Step:
                _stepIsSet = false;
                Begin(context);
                break;
            default:
                Initiator.Receive(envelope, context);
                break;
        }
        TakeCompleted(context);
        if (!_stepIsSet && _begun < _plan.Shootdowns && _open.Count < _plan.OpenMax)
        {
            _stepIsSet = true;
            context.After(1 + _random.Below(_plan.PauseCyclesMax), new Message { Kind = DriverMessage.Step });
        }
    }

    public override void Save(StateWriter writer)
    {
        Initiator.Save(writer);
        foreach (PageState page in _pages)
        {
            writer.Write("changes", page.Changes);
            writer.Write("mayWrite", page.MayWrite);
            writer.Write("given", page.Given.Bits);
            writer.Write("waiting", page.Waiting.Bits);
            writer.Write("keepsGiven", page.KeepsGiven);
        }
        writer.Write("open", (ulong)_open.Count);
        foreach (Transaction transaction in _open)
        {
            writer.Write("transaction", transaction.Number);
            writer.Write("first", (ulong)transaction.What.Pages.First.Number);
            writer.Write("count", transaction.What.Pages.Count);
            writer.Write("kind", (ulong)transaction.What.Kind);
            writer.Write("generation", transaction.What.Generation);
        }
        writer.Write("random", _random.State);
        writer.Write("generation", _generation);
        writer.Write("begun", _begun);
        writer.Write("stepIsSet", _stepIsSet);
    }

    public override void Load(StateReader reader)
    {
        Initiator.Load(reader);
        for (int page = 0; page < _pages.Length; page++)
        {
            _pages[page].Changes = reader.ReadInt32("changes");
            _pages[page].MayWrite = reader.ReadBool("mayWrite");
            _pages[page].Given = new CpuSet(reader.ReadUInt64("given"));
            _pages[page].Waiting = new CpuSet(reader.ReadUInt64("waiting"));
            _pages[page].KeepsGiven = reader.ReadBool("keepsGiven");
        }
        _open.Clear();
        int open = reader.ReadInt32("open");
        for (int i = 0; i < open; i++)
        {
            ulong number = reader.ReadUInt64("transaction");
            PhysicalPage first = new((uint)reader.ReadUInt64("first"));
            PageRange pages = new(first, reader.ReadInt32("count"));
            InvalidationKind kind = (InvalidationKind)reader.ReadUInt64("kind");
            ulong generation = reader.ReadUInt64("generation");
            _open.Add(new Transaction(number, new Invalidation(Address.Index, pages, kind, generation)));
        }
        _random.State = reader.ReadUInt64("random");
        _generation = reader.ReadUInt64("generation");
        _begun = reader.ReadInt32("begun");
        _stepIsSet = reader.ReadBool("stepIsSet");
    }

    private void Begin(Context context)
    {
        _begun++;
        _generation++;
        InvalidationKind kind = _random.OneIn(3) ? InvalidationKind.Downgrade : InvalidationKind.Invalidate;
        Invalidation what = new(Address.Index, ChoosePages(), kind, _generation);
        CpuSet holders = _plan.Holders;
        foreach (int page in PagesOf(what))
        {
            ref PageState state = ref _pages[page];
            holders |= state.Given;
            state.KeepsGiven = (state.Changes == 0 || state.KeepsGiven) && kind == InvalidationKind.Downgrade;
            state.Changes++;
        }
        CpuSet running = _plan.Holders.IsEmpty ? CpuSet.Below(_plan.Cpus) : _plan.Holders;
        ulong number = _generation;
        _open.Add(new Transaction(number, what));
        bool urgent = _plan.UrgentOneIn > 0 && _random.OneIn(_plan.UrgentOneIn);
        Initiator.Begin(new ShootdownRequest(what, number, holders, running) { Urgent = urgent }, context);
    }

    private PageRange ChoosePages()
    {
        if (_random.OneIn(16) && _pages.Length > 1)
        {
            return PageRange.All;
        }
        int first = _random.Below(_pages.Length);
        int count = _random.OneIn(3) ? 1 + _random.Below(_pages.Length - first) : 1;
        return new PageRange(new PhysicalPage((uint)first), count);
    }

    private void TakeCompleted(Context context)
    {
        while (Initiator.TryTakeCompleted(out ulong number))
        {
            if (_plan.EndCyclesMax == 0)
            {
                End(number, context);
            }
            else
            {
                Message end = new() { Kind = DriverMessage.End, A = number };
                context.After(1 + _random.Below(_plan.EndCyclesMax), end);
            }
        }
    }

    /// <summary>The mapping changes; who waited for its pages is answered when no other change is open.</summary>
    private void End(ulong number, Context context)
    {
        Initiator.End(number, context);
        int index = _open.FindIndex(open => open.Number == number);
        Invalidation what = _open[index].What;
        _open.RemoveAt(index);
        foreach (int page in PagesOf(what))
        {
            ref PageState state = ref _pages[page];
            state.MayWrite = what.Kind == InvalidationKind.Invalidate;
            state.Changes--;
            if (state.Changes > 0)
            {
                continue;
            }
            state.Given = state.KeepsGiven ? state.Given : CpuSet.None;
            CpuSet waiting = state.Waiting;
            state.Waiting = CpuSet.None;
            foreach (int cpu in waiting)
            {
                Answer(cpu, page, context);
            }
        }
    }

    private void ReceiveFill(in Message fill, Context context)
    {
        int cpu = Fabric.SenderOf(fill).Index;
        ref PageState state = ref _pages[fill.A];
        if (state.Changes > 0)
        {
            state.Waiting = state.Waiting.With(cpu);
            return;
        }
        Answer(cpu, (int)fill.A, context);
    }

    private void Answer(int cpu, int page, Context context)
    {
        ref PageState state = ref _pages[page];
        state.Given = state.Given.With(cpu);
        Message filled = new()
        {
            Kind = DriverMessage.Filled,
            Lane = Lane.Reply,
            A = (ulong)page,
            B = _generation,
            C = state.MayWrite ? 1UL : 0,
        };
        _fabric.Send(context, Address, Address.Cpu(cpu), 0, filled);
    }

    private IEnumerable<int> PagesOf(Invalidation what) => Enumerable.Range(0, _pages.Length)
        .Where(page => what.Pages.Contains(new PhysicalPage((uint)page)));

    /// <summary>What the monitor knows of a page.</summary>
    private struct PageState
    {
        /// <summary>Open shootdowns of it; and whether all of these leave CPUs a translation.</summary>
        public int Changes;
        public bool KeepsGiven;

        public bool MayWrite;

        /// <summary>CPUs it was given to, and CPUs that wait for it.</summary>
        public CpuSet Given;
        public CpuSet Waiting;
    }

    private readonly record struct Transaction(ulong Number, Invalidation What);
}
