using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>What a test's CPU does: a script, or a draw.</summary>
internal abstract class TestProgram
{
    public abstract TestOp Next(ref SeededRandom random);

    public virtual void Done(in TestResult result)
    {
    }

    public virtual void Save(StateWriter writer)
    {
    }

    public virtual void Load(StateReader reader)
    {
    }
}

/// <summary>
/// A CPU as the mapping sees it: runs vCPUs, keeps their translations also while others run, reads and writes memory
/// through its cache, and lets go of translations when told.
/// </summary>
internal sealed unsafe class TestCpu : Actor, IResponderCpu
{
    /// <summary>An access. A: vm in the high half, page. B: frame. C: 1 for a write.</summary>
    public const ushort AccessTrace = 0x05F0;

    private readonly Fabric _fabric;
    private readonly TestProgram _program;
    private readonly CoherentCache _cache;
    private readonly ShootdownResponder _responder;
    private readonly int _cpu;

    private readonly SortedDictionary<(int Vm, int Vcpu, uint Page), (Frame Frame, PageRights Rights)> _translations =
        [];
    private readonly SortedDictionary<(int Vm, int Vcpu), ulong> _clean = [];
    private SeededRandom _random;
    private TestOp _op;
    private bool _inOp;
    private bool _waiting;
    private bool _stopped;
    private int _vm = -1;
    private int _vcpu;
    private bool _entered;
    private ulong _request;
    private ulong _squash;
    private int _fills;

    public TestCpu(
        int cpu, int node, Fabric fabric, CacheConfig caches, ShootdownConfig shootdown, TestProgram program,
        ulong seed)
        : base(Address.Cpu(cpu), node)
    {
        _cpu = cpu;
        _fabric = fabric;
        _program = program;
        _cache = new CoherentCache(cpu, caches, fabric);
        _responder = ShootdownResponder.Create(shootdown, fabric, cpu);
        _random = new SeededRandom(TotalOrder.Mix(seed + (ulong)cpu));
        NextStep = Cycle.Zero;
    }

    public CoherentCache Cache => _cache;

    public bool IsFinished { get; private set; }

    public long Squashed { get; private set; }

    public bool IsIdle => false;

    public override WaitsFor? Waiting => _waiting
        ? _cache.WaitingFor ?? new WaitsFor(VmMonitor.AddressOf(_vm), _op.ToString())
        : null;

    public override void Run(Context context)
    {
        while (NextStep < context.Horizon)
        {
            context.AdvanceTo(Cycle.Max(NextStep, context.Now));
            NextStep = Cycle.Never;
            if (!_inOp)
            {
                _op = _program.Next(ref _random);
                _inOp = true;
                _fills = 0;
                if (_op.At > context.Now.Value)
                {
                    NextStep = new Cycle(_op.At);
                    continue;
                }
            }
            Execute(context);
        }
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (CoherenceMessage.IsOne(envelope.Message))
        {
            if (_cache.Receive(envelope, context))
            {
                _waiting = false;
                if (_stopped)
                {
                    _cache.AccessPerformed(context);
                }
                else
                {
                    Execute(context);
                }
            }
            return;
        }
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _responder.Receive(envelope, context, this);
            return;
        }
        switch ((MappingKind)envelope.Message.Kind)
        {
            case MappingKind.Filled:
                Install(FilledMessage.From(envelope), context);
                break;
            case MappingKind.FillRefused:
                FillRefusedMessage refused = FillRefusedMessage.From(envelope.Message);
                End(0, refused.Reason, Frame.None, context);
                break;
            case MappingKind.Entered:
                Entered(envelope, context);
                break;
            case MappingKind.Freed:
                End(0, FreePageMessage.From(envelope.Message).Reason, Frame.None, context);
                break;
            case MappingKind.Remapped:
                End(0, RemappedMessage.From(envelope.Message).Reason, Frame.None, context);
                break;
            case MappingKind.BalloonStatus:
                BalloonMessage status = BalloonMessage.From(envelope.Message);
                End(status.PagesUsed | ((ulong)status.PagesTarget << 32), Refusal.None, Frame.None, context);
                break;
            default:
                Invariant.Broken($"{Address} received {MappingNames.Describe(envelope.Message)}");
                break;
        }
    }

    public void Remove(in Invalidation what)
    {
        foreach ((int Vm, int Vcpu, uint Page) key in _translations.Keys.ToArray())
        {
            if (key.Vm == what.Vm && what.Pages.Contains(new PhysicalPage(key.Page)))
            {
                if (what.Kind == InvalidationKind.Invalidate)
                {
                    _translations.Remove(key);
                }
                else
                {
                    _translations[key] = (_translations[key].Frame, PageRights.Read);
                }
            }
        }
        if (_waiting && _vm == what.Vm && what.Pages.Contains(_op.Page))
        {
            _squash = Math.Max(_squash, what.Generation);
        }
    }

    public long Occupy(long cycles, Cycle now) => cycles;

    public void Stop() => (_stopped, NextStep) = (true, Cycle.Never);

    public void Resume(Cycle now)
    {
        _stopped = false;
        if (!_waiting && !IsFinished)
        {
            NextStep = now + 1;
        }
    }

    public override void Save(StateWriter writer)
    {
        SaveStep(writer);
        _cache.Save(writer);
        _responder.Save(writer);
        _program.Save(writer);
        writer.Write("translations", _translations.Count);
        foreach (((int vm, int vcpu, uint page), (Frame frame, PageRights rights)) in _translations)
        {
            writer.Write("vm", vm);
            writer.Write("vcpu", vcpu);
            writer.Write("page", (ulong)page);
            writer.Write("frame", (ulong)frame.Number);
            writer.Write("rights", (ulong)rights);
        }
        writer.Write("clean", _clean.Count);
        foreach (((int vm, int vcpu), ulong generation) in _clean)
        {
            writer.Write("vm", vm);
            writer.Write("vcpu", vcpu);
            writer.Write("generation", generation);
        }
        writer.Write("random", _random.State);
        SaveOp(writer);
        writer.Write("flags", (_inOp ? 1UL : 0) | (_waiting ? 2UL : 0) | (_stopped ? 4UL : 0) | (_entered ? 8UL : 0)
            | (IsFinished ? 16UL : 0));
        writer.Write("vm", _vm);
        writer.Write("vcpu", _vcpu);
        writer.Write("request", _request);
        writer.Write("squash", _squash);
        writer.Write("fills", _fills);
        writer.Write("stat.squashed", Squashed);
    }

    public override void Load(StateReader reader)
    {
        LoadStep(reader);
        _cache.Load(reader);
        _responder.Load(reader);
        _program.Load(reader);
        _translations.Clear();
        int translations = reader.ReadInt32("translations");
        for (int i = 0; i < translations; i++)
        {
            (int, int, uint) key =
                (reader.ReadInt32("vm"), reader.ReadInt32("vcpu"), (uint)reader.ReadUInt64("page"));
            _translations.Add(
                key, (new Frame((uint)reader.ReadUInt64("frame")), (PageRights)reader.ReadUInt64("rights")));
        }
        _clean.Clear();
        int clean = reader.ReadInt32("clean");
        for (int i = 0; i < clean; i++)
        {
            _clean.Add((reader.ReadInt32("vm"), reader.ReadInt32("vcpu")), reader.ReadUInt64("generation"));
        }
        _random.State = reader.ReadUInt64("random");
        LoadOp(reader);
        ulong flags = reader.ReadUInt64("flags");
        (_inOp, _waiting, _stopped) = ((flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0);
        (_entered, IsFinished) = ((flags & 8) != 0, (flags & 16) != 0);
        _vm = reader.ReadInt32("vm");
        _vcpu = reader.ReadInt32("vcpu");
        _request = reader.ReadUInt64("request");
        _squash = reader.ReadUInt64("squash");
        _fills = reader.ReadInt32("fills");
        Squashed = reader.ReadInt64("stat.squashed");
    }

    private void SaveOp(StateWriter writer)
    {
        writer.Write("op", (ulong)_op.Kind);
        writer.Write("opPage", (ulong)_op.Page.Number);
        writer.Write("opWord", _op.Word);
        writer.Write("opValue", _op.Value);
        writer.Write("opAt", _op.At);
        writer.Write("opVm", _op.Vm);
        writer.Write("opVcpu", _op.Vcpu);
        writer.Write("opSourceVm", _op.SourceVm);
        writer.Write("opSource", (ulong)_op.Source.Number);
    }

    private void LoadOp(StateReader reader) => _op = new TestOp(
        (TestOpKind)reader.ReadUInt64("op"), new PhysicalPage((uint)reader.ReadUInt64("opPage")),
        reader.ReadInt32("opWord"), reader.ReadUInt64("opValue"))
    {
        At = reader.ReadInt64("opAt"),
        Vm = reader.ReadInt32("opVm"),
        Vcpu = reader.ReadInt32("opVcpu"),
        SourceVm = reader.ReadInt32("opSourceVm"),
        Source = new PhysicalPage((uint)reader.ReadUInt64("opSource")),
    };

    private void Execute(Context context)
    {
        Address vm = VmMonitor.AddressOf(_vm < 0 ? 0 : _vm);
        switch (_op.Kind)
        {
            case TestOpKind.End:
                Leave(context);
                IsFinished = true;
                break;
            case TestOpKind.Read or TestOpKind.Write or TestOpKind.Fetch:
                TryAccess(context);
                break;
            case TestOpKind.Switch:
                Leave(context);
                (_vm, _vcpu) = (_op.Vm, _op.Vcpu);
                ulong clean = _clean.GetValueOrDefault((_vm, _vcpu), EnterVcpuMessage.NothingCached);
                Ask(VmMonitor.AddressOf(_vm), new EnterVcpuMessage(_vcpu, clean, _cpu).Pack(), context);
                break;
            case TestOpKind.Leave:
                Leave(context);
                End(0, Refusal.None, Frame.None, context);
                break;
            case TestOpKind.FreePage:
                Ask(vm, new FreePageMessage(MappingKind.FreePage, _op.Page, Refusal.None, 7).Pack(), context);
                break;
            case TestOpKind.Remap:
                Ask(vm, new RemapMessage(_op.Page, _op.SourceVm, _op.Source, 9).Pack(), context);
                break;
            case TestOpKind.Query:
                Ask(vm, new BalloonMessage(MappingKind.BalloonQuery, 0, 0, 3).Pack(), context);
                break;
        }
    }

    private void Ask(Address whom, in Message message, Context context)
    {
        _waiting = true;
        _fabric.Send(context, Address, whom, 0, message);
    }

    private void Leave(Context context)
    {
        if (!_entered)
        {
            return;
        }
        _responder.Drain(context, this);
        _entered = false;
        _fabric.Send(context, Address, VmMonitor.AddressOf(_vm), 0, new LeaveVcpuMessage(_vcpu, _cpu).Pack());
    }

    private void Entered(in Envelope envelope, Context context)
    {
        EnteredMessage entered = EnteredMessage.From(envelope.Message);
        Invariant.Holds(entered.Vcpu == _vcpu);
        _responder.Drain(context, this);
        foreach ((int Vm, int Vcpu, uint Page) key in _translations.Keys.ToArray())
        {
            bool drop = entered.FlushAll;
            for (int i = 0; i < entered.Pages; i++)
            {
                drop |= EnteredMessage.PageAt(envelope, i).Number == key.Page;
            }
            if (drop && (key.Vm, key.Vcpu) == (_vm, _vcpu))
            {
                _translations.Remove(key);
            }
        }
        _clean[(_vm, _vcpu)] = entered.Generation;
        _entered = true;
        End(entered.FlushAll ? 1UL << 63 : (ulong)entered.Pages, Refusal.None, Frame.None, context);
    }

    private void TryAccess(Context context)
    {
        bool writes = _op.Kind == TestOpKind.Write;
        PageRights needed = writes ? PageRights.Write : PageRights.Read;
        if (!_translations.TryGetValue((_vm, _vcpu, _op.Page.Number), out (Frame Frame, PageRights Rights) found)
            || (found.Rights & needed) == 0)
        {
            _cache.AccessPerformed(context);
            AskForFill(context);
            return;
        }
        MachineAddress word = new(found.Frame.Address.Value + ((ulong)_op.Word * sizeof(ulong)));
        byte* host = _cache.Access(word, writes ? AccessKind.Store : AccessKind.Load, context, out _);
        if (host is null)
        {
            _waiting = true;
            return;
        }
        ulong value = writes ? _op.Value : *(ulong*)host;
        if (writes)
        {
            *(ulong*)host = value;
        }
        if (context.Tracing)
        {
            ulong page = ((ulong)_vm << 32) | _op.Page.Number;
            context.Trace(new TraceEvent(AccessTrace, page, found.Frame.Number, writes ? 1UL : 0));
        }
        _cache.AccessPerformed(context);
        End(value, Refusal.None, found.Frame, context);
    }

    private void AskForFill(Context context)
    {
        PageAccess access = _op.Kind switch
        {
            TestOpKind.Write => PageAccess.Write,
            TestOpKind.Fetch => PageAccess.Read | PageAccess.Execute,
            _ => PageAccess.Read,
        };
        _fills++;
        _squash = 0;
        Ask(VmMonitor.AddressOf(_vm), new FillMessage(_op.Page, _vcpu, access, _cpu, ++_request).Pack(), context);
    }

    private void Install(in FilledMessage filled, Context context)
    {
        Invariant.Holds(filled.Request == _request);
        _waiting = false;
        if (filled.Generation < _squash)
        {
            Squashed++;
            AskForFill(context);
            return;
        }
        _translations[(_vm, _vcpu, filled.Page.Number)] = (filled.Frame, filled.Rights);
        if (!_stopped)
        {
            Execute(context);
        }
    }

    private void End(ulong value, Refusal refused, Frame frame, Context context)
    {
        _waiting = false;
        _inOp = false;
        _program.Done(new TestResult(_op, value, refused, frame, context.Now.Value, _fills));
        NextStep = _stopped ? Cycle.Never : context.Now + 1;
    }
}
