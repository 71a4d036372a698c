using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>A shipping responder with a program in place of guests: it uses pages, asks for them, idles, switches.
/// </summary>
internal sealed class TranslationCpu : Actor, IResponderCpu
{
    private static readonly Message StepMessage = new() { Kind = Subject.StepKind };

    private readonly Shape _shape;
    private readonly Fabric _fabric;
    private readonly TranslationGhosts _ghosts;

    // State. By page of all virtual machines: the generation of the translation plus 1, 0 for none; the right to write;
    // its address space.
    private readonly ulong[] _generations;
    private readonly bool[] _mayWrite;
    private readonly byte[] _asids;
    private byte _asid;
    private bool _isStopped;

    // A step came while the CPU was stopped.
    private bool _owesStep;

    // The fill under way: which, -1 for none; and the generation below which the answer is of no use.
    private int _filling = -1;
    private ulong _usefulFrom;

    // It has left all virtual machines; and how many have not yet answered that it is back.
    private bool _isAway;
    private int _joinsMissing;

    public TranslationCpu(int cpu, Shape shape, ShootdownConfig config, Fabric fabric, TranslationGhosts ghosts)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _shape = shape;
        _fabric = fabric;
        _ghosts = ghosts;
        Observed = new Observations(shape.Observes);
        Responder = ShootdownResponder.Create(config, fabric, cpu);
        _generations = new ulong[shape.Vms * shape.Pages];
        _mayWrite = new bool[_generations.Length];
        _asids = new byte[_generations.Length];
    }

    public ShootdownResponder Responder { get; }

    public DriverOps Ops { get; } = new();

    /// <summary>The generation of the translation of each use.</summary>
    public Observations Observed { get; }

    public bool IsIdle { get; private set; }

    public bool IsStopped => _isStopped;

    public bool IsFinished => Ops.IsDone && !IsIdle && !_isStopped && !_isAway && _filling < 0;

    /// <summary>Its guests may use any of its translations at any moment.</summary>
    public bool Executes => !IsIdle && !_isStopped;

    public override WaitsFor? Waiting =>
        _isStopped ? new WaitsFor(new Address(Role.Vm, 0), "a release")
        : _joinsMissing > 0 ? new WaitsFor(new Address(Role.Vm, 0), $"{_joinsMissing} answers that it may join")
        : _filling >= 0 ? new WaitsFor(VmOf(_filling), $"page {_filling % _shape.Pages}")
        : null;

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            Responder.Receive(envelope, context, this);
            if (_owesStep && !_isStopped)
            {
                _owesStep = false;
                context.After(1, StepMessage);
            }
        }
        else if (envelope.Message.Kind == DriverMessage.Filled)
        {
            ReceiveFill(envelope.Message, context);
        }
        else if (envelope.Message.Kind == DriverMessage.Joined)
        {
            ReceiveJoined(context);
        }
        else if (_isStopped)
        {
            _ghosts.Owner.Happened(Sometimes.StepWhileStopped);
            _owesStep = true;
        }
        else if (!Ops.IsDone && Act(Ops.Current, context))
        {
            context.After(1, StepMessage);
        }
    }

    public void Remove(in Invalidation what)
    {
        for (int page = 0; page < _shape.Pages; page++)
        {
            if (!what.Pages.Contains(new PhysicalPage((uint)page)))
            {
                continue;
            }
            int index = (what.Vm * _shape.Pages) + page;
            _mayWrite[index] = false;
            if (what.Kind == InvalidationKind.Invalidate)
            {
                _generations[index] = 0;
            }
            if (_filling == index)
            {
                _usefulFrom = Math.Max(_usefulFrom, what.Generation);
            }
        }
    }

    public long Occupy(long cycles, Cycle now) => cycles;

    public void Stop()
    {
        Invariant.Holds(!_isStopped);
        _isStopped = true;
    }

    public void Resume(Cycle now)
    {
        Invariant.Holds(_isStopped);
        _isStopped = false;
    }

    /// <summary>None of its translations may be older than a complete shootdown.</summary>
    public void CheckAll()
    {
        if (!Executes)
        {
            return;
        }
        for (int index = 0; index < _generations.Length; index++)
        {
            if (Has(index))
            {
                _ghosts.Check(Address, index, _generations[index] - 1, _mayWrite[index]);
            }
        }
    }

    public override void Save(StateWriter writer)
    {
        Responder.Save(writer);
        for (int index = 0; index < _generations.Length; index++)
        {
            writer.Write("generation", _generations[index]);
            writer.Write("mayWrite", _mayWrite[index]);
            writer.Write("asid", (ulong)_asids[index]);
        }
        writer.Write("asidNow", (ulong)_asid);
        writer.Write("isAway", _isAway);
        writer.Write("joinsMissing", _joinsMissing);
        writer.Write("next", Ops.Next);
        writer.Write("isStopped", _isStopped);
        writer.Write("isIdle", IsIdle);
        writer.Write("owesStep", _owesStep);
        writer.Write("filling", _filling);
        writer.Write("usefulFrom", _usefulFrom);
        Observed.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        Responder.Load(reader);
        for (int index = 0; index < _generations.Length; index++)
        {
            _generations[index] = reader.ReadUInt64("generation");
            _mayWrite[index] = reader.ReadBool("mayWrite");
            _asids[index] = (byte)reader.ReadUInt64("asid");
        }
        _asid = (byte)reader.ReadUInt64("asidNow");
        _isAway = reader.ReadBool("isAway");
        _joinsMissing = reader.ReadInt32("joinsMissing");
        Ops.Next = reader.ReadInt32("next");
        _isStopped = reader.ReadBool("isStopped");
        IsIdle = reader.ReadBool("isIdle");
        _owesStep = reader.ReadBool("owesStep");
        _filling = reader.ReadInt32("filling");
        _usefulFrom = reader.ReadUInt64("usefulFrom");
        Observed.Load(reader);
    }

    /// <summary>True when the next step follows by itself.</summary>
    private bool Act(in StressOp op, Context context)
    {
        switch (op.Kind)
        {
            case OpKind.Idle when !IsIdle:
                IsIdle = true;
                return true;
            case OpKind.Idle:
                Responder.Drain(context, this);
                IsIdle = false;
                break;
            case OpKind.Switch:
                Responder.Drain(context, this);
                break;
            case OpKind.NewSpace:
                TakeNextAsid();
                break;
            case OpKind.Part:
                return _isAway ? Join(context) : Leave(context);
            case OpKind.Read or OpKind.Write when !Has(op.A):
                _filling = op.A;
                AskFill(context);
                return false;
            case OpKind.Read or OpKind.Write:
                bool writes = op.Kind == OpKind.Write && _mayWrite[op.A];
                _ghosts.Check(Address, op.A, _generations[op.A] - 1, writes);
                Observed.Add(_generations[op.A] - 1);
                break;
            default:
                Invariant.Broken($"a CPU does no {op.Kind}");
                break;
        }
        Ops.Next++;
        return !Ops.IsDone;
    }

    /// <summary>A translation of the present address space. Those of others stay, and must go with their pages too.
    /// </summary>
    private bool Has(int index) => _generations[index] != 0 && _asids[index] == _asid;

    private void TakeNextAsid()
    {
        _asid = (byte)((_asid + 1) % _shape.Asids);
        if (_asid == 0)
        {
            _ghosts.Owner.Happened(Sometimes.AsidsExhausted);
            Array.Clear(_generations);
            Array.Clear(_mayWrite);
        }
    }

    private bool Leave(Context context)
    {
        _ghosts.Owner.Happened(Sometimes.CpuLeft);
        Responder.Drain(context, this);
        Array.Clear(_generations);
        Array.Clear(_mayWrite);
        _isAway = true;
        SendToAll(DriverMessage.Leave, context);
        return true;
    }

    private bool Join(Context context)
    {
        _joinsMissing = _shape.Vms;
        SendToAll(DriverMessage.Join, context);
        return false;
    }

    private void ReceiveJoined(Context context)
    {
        Invariant.Holds(_isAway && _joinsMissing > 0);
        if (--_joinsMissing > 0)
        {
            return;
        }
        _ghosts.Owner.Happened(Sometimes.CpuCameBack);
        _isAway = false;
        Ops.Next++;
        context.After(1, StepMessage);
    }

    private void SendToAll(ushort kind, Context context)
    {
        for (int vm = 0; vm < _shape.Vms; vm++)
        {
            _fabric.Send(context, Address, new Address(Role.Vm, (ushort)vm), 0, new Message { Kind = kind });
        }
    }

    private Address VmOf(int index) => new(Role.Vm, (ushort)(index / _shape.Pages));

    private void AskFill(Context context)
    {
        Message fill = new() { Kind = DriverMessage.Fill, A = (ulong)(_filling % _shape.Pages) };
        _fabric.Send(context, Address, VmOf(_filling), 0, fill);
    }

    private void ReceiveFill(in Message filled, Context context)
    {
        Invariant.Holds(_filling >= 0);
        if (filled.B < _usefulFrom)
        {
            _ghosts.Owner.Happened(Sometimes.FillOvertaken);
            AskFill(context);
            return;
        }
        _asids[_filling] = _asid;
        _generations[_filling] = filled.B + 1;
        _mayWrite[_filling] = filled.C != 0;
        _filling = -1;
        _usefulFrom = 0;
        // The access is tried again in a step of its own, and may find the translation gone.
        context.After(1, StepMessage);
    }
}
