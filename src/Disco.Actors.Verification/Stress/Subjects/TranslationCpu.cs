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

    // State. By page of all virtual machines: the generation of the translation plus 1, 0 for none; the right to write.
    private readonly ulong[] _generations;
    private readonly bool[] _mayWrite;
    private bool _isStopped;

    // A step came while the CPU was stopped.
    private bool _owesStep;

    // The fill under way: which, -1 for none; and the generation below which the answer is of no use.
    private int _filling = -1;
    private ulong _usefulFrom;

    public TranslationCpu(int cpu, Shape shape, ShootdownConfig config, Fabric fabric, TranslationGhosts ghosts)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _shape = shape;
        _fabric = fabric;
        _ghosts = ghosts;
        Responder = ShootdownResponder.Create(config, fabric, cpu);
        _generations = new ulong[shape.Vms * shape.Pages];
        _mayWrite = new bool[_generations.Length];
    }

    public ShootdownResponder Responder { get; }

    public DriverOps Ops { get; } = new();

    public bool IsIdle { get; private set; }

    public bool IsStopped => _isStopped;

    public bool IsFinished => Ops.IsDone && !IsIdle && !_isStopped && _filling < 0;

    /// <summary>Its guests may use any of its translations at any moment.</summary>
    public bool Executes => !IsIdle && !_isStopped;

    public override WaitsFor? Waiting =>
        _isStopped ? new WaitsFor(new Address(Role.Vm, 0), "a release")
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
        else if (_isStopped)
        {
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
            if (_generations[index] != 0)
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
        }
        writer.Write("next", Ops.Next);
        writer.Write("isStopped", _isStopped);
        writer.Write("isIdle", IsIdle);
        writer.Write("owesStep", _owesStep);
        writer.Write("filling", _filling);
        writer.Write("usefulFrom", _usefulFrom);
    }

    public override void Load(StateReader reader)
    {
        Responder.Load(reader);
        for (int index = 0; index < _generations.Length; index++)
        {
            _generations[index] = reader.ReadUInt64("generation");
            _mayWrite[index] = reader.ReadBool("mayWrite");
        }
        Ops.Next = reader.ReadInt32("next");
        _isStopped = reader.ReadBool("isStopped");
        IsIdle = reader.ReadBool("isIdle");
        _owesStep = reader.ReadBool("owesStep");
        _filling = reader.ReadInt32("filling");
        _usefulFrom = reader.ReadUInt64("usefulFrom");
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
            case OpKind.Read or OpKind.Write when _generations[op.A] == 0:
                _filling = op.A;
                AskFill(context);
                return false;
            case OpKind.Read or OpKind.Write:
                bool writes = op.Kind == OpKind.Write && _mayWrite[op.A];
                _ghosts.Check(Address, op.A, _generations[op.A] - 1, writes);
                break;
            default:
                Invariant.Broken($"a CPU does no {op.Kind}");
                break;
        }
        Ops.Next++;
        return !Ops.IsDone;
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
            AskFill(context);
            return;
        }
        _generations[_filling] = filled.B + 1;
        _mayWrite[_filling] = filled.C != 0;
        _filling = -1;
        _usefulFrom = 0;
        // The access is tried again in a step of its own, and may find the translation gone.
        context.After(1, StepMessage);
    }
}
