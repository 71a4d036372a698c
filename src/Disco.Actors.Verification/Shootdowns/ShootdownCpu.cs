using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>
/// A CPU that uses pages of all virtual machines in seeded random order, asks for what it lacks, idles and goes on. It
/// reports every use. A step of it stands for guest instructions: none while it is stopped or busy.
/// </summary>
public sealed class ShootdownCpu : Actor, IResponderCpu
{
    private static readonly Message StepMessage = new() { Kind = DriverMessage.Step };

    private readonly ShootdownPlan _plan;
    private readonly Fabric _fabric;

    // State. By vm and page: the generation of the translation plus 1, 0 for none; and its right to write.
    private readonly ulong[] _generations;
    private readonly bool[] _mayWrite;
    private SeededRandom _random;
    private int _stepsLeft;
    private long _busyUntil;
    private bool _isStopped;

    // A step came while the CPU was stopped.
    private bool _owesStep;

    // The fill under way: which, -1 for none; and the generation below which the answer is of no use.
    private int _filling = -1;
    private ulong _usefulFrom;

    public ShootdownCpu(int cpu, ShootdownPlan plan, Fabric fabric)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _plan = plan;
        _fabric = fabric;
        Responder = ShootdownResponder.Create(plan.Config, fabric, cpu);
        _generations = new ulong[plan.Vms * plan.Pages];
        _mayWrite = new bool[_generations.Length];
        _random = new SeededRandom(TotalOrder.Mix(plan.Seed ^ ((ulong)(cpu + 1) << 40)));
        _stepsLeft = plan.Steps;
    }

    public ShootdownResponder Responder { get; }

    public bool IsIdle { get; private set; }

    public bool IsFinished => _stepsLeft == 0 && !IsIdle && !_isStopped && _filling < 0;

    /// <summary>Uses of translations so far.</summary>
    public long Uses { get; private set; }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            Responder.Receive(envelope, context, this);
            if (_owesStep && !_isStopped)
            {
                _owesStep = false;
                ScheduleStep(0, context);
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
        else if (_busyUntil > context.Now.Value)
        {
            ScheduleStep(0, context);
        }
        else
        {
            Step(context);
        }
    }

    public void Remove(in Invalidation what)
    {
        for (int page = 0; page < _plan.Pages; page++)
        {
            int index = (what.Vm * _plan.Pages) + page;
            if (!what.Pages.Contains(new PhysicalPage((uint)page)))
            {
                continue;
            }
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

    public long Occupy(long cycles, Cycle now)
    {
        _busyUntil = Math.Max(_busyUntil, now.Value) + cycles;
        return _busyUntil - now.Value;
    }

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

    public override void Save(StateWriter writer)
    {
        Responder.Save(writer);
        for (int index = 0; index < _generations.Length; index++)
        {
            writer.Write("generation", _generations[index]);
            writer.Write("mayWrite", _mayWrite[index]);
        }
        writer.Write("random", _random.State);
        writer.Write("stepsLeft", _stepsLeft);
        writer.Write("busyUntil", _busyUntil);
        writer.Write("isStopped", _isStopped);
        writer.Write("isIdle", IsIdle);
        writer.Write("owesStep", _owesStep);
        writer.Write("filling", _filling);
        writer.Write("usefulFrom", _usefulFrom);
        writer.Write("uses", Uses);
    }

    public override void Load(StateReader reader)
    {
        Responder.Load(reader);
        for (int index = 0; index < _generations.Length; index++)
        {
            _generations[index] = reader.ReadUInt64("generation");
            _mayWrite[index] = reader.ReadBool("mayWrite");
        }
        _random.State = reader.ReadUInt64("random");
        _stepsLeft = reader.ReadInt32("stepsLeft");
        _busyUntil = reader.ReadInt64("busyUntil");
        _isStopped = reader.ReadBool("isStopped");
        IsIdle = reader.ReadBool("isIdle");
        _owesStep = reader.ReadBool("owesStep");
        _filling = reader.ReadInt32("filling");
        _usefulFrom = reader.ReadUInt64("usefulFrom");
        Uses = reader.ReadInt64("uses");
    }

    private void Step(Context context)
    {
        if (IsIdle)
        {
            // The last step ends the idling.
            if (_stepsLeft == 0 || _random.OneIn(2))
            {
                Responder.Drain(context, this);
                IsIdle = false;
            }
        }
        else if (_stepsLeft > 0)
        {
            Act(context);
        }
        _stepsLeft = Math.Max(0, _stepsLeft - 1);
        if (_stepsLeft > 0 || IsIdle)
        {
            ScheduleStep(1 + _random.Below(_plan.StepCyclesMax), context);
        }
    }

    private void Act(Context context)
    {
        int index = _random.Below(_generations.Length);
        int dice = _random.Below(16);
        if (dice == 0 && _filling < 0)
        {
            IsIdle = true;
        }
        else if (dice == 1)
        {
            // Another vCPU takes the CPU.
            Responder.Drain(context, this);
        }
        else if (_generations[index] != 0)
        {
            Use(index, context);
        }
        else if (_filling < 0)
        {
            _filling = index;
            AskFill(context);
        }
    }

    private void Use(int index, Context context)
    {
        Uses++;
        if (!context.Tracing)
        {
            return;
        }
        ulong which = ((ulong)(index / _plan.Pages) << 32) | (uint)(index % _plan.Pages);
        ulong how = Address.Index | (_mayWrite[index] ? ShootdownTrace.WriteBit : 0);
        context.Trace(new TraceEvent(ShootdownTrace.Used, which, _generations[index] - 1, how));
    }

    private void AskFill(Context context)
    {
        Message fill = new() { Kind = DriverMessage.Fill, A = (ulong)(_filling % _plan.Pages) };
        Address vm = new(Role.Vm, (ushort)(_filling / _plan.Pages));
        _fabric.Send(context, Address, vm, _fabric.Config.BusCycles, fill);
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
    }

    private void ScheduleStep(long cycles, Context context) =>
        context.After(Math.Max(1, Math.Max(cycles, _busyUntil - context.Now.Value)), StepMessage);
}
