using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>A CPU with one translation, and a responder; it does what the explorer tells it.</summary>
internal sealed class ModelCpu : Actor, IResponderCpu
{
    private readonly Fabric _fabric;
    private readonly Address _vm;
    private readonly ModelFault _fault;
    private readonly ShootdownResponder _responder;

    // State. The generation below which an answer to the fill under way is of no use.
    private ulong _usefulFrom;
    private bool _isStopped;

    public ModelCpu(int cpu, ShootdownConfig config, Fabric fabric, Address vm, ModelFault fault)
        : base(Address.Cpu(cpu), fabric.NodeOf(Address.Cpu(cpu)))
    {
        _fabric = fabric;
        _vm = vm;
        _fault = fault;
        _responder = ShootdownResponder.Create(config, fabric, cpu);
    }

    public bool IsIdle { get; private set; }

    /// <summary>It may use the translation it has, at any moment.</summary>
    public bool Executes => !IsIdle && (!_isStopped || _fault == ModelFault.IgnoreStop);

    public bool HasTranslation { get; private set; }

    public bool MayWrite { get; private set; }

    public ulong Generation { get; private set; }

    public bool IsFilling { get; private set; }

    public int Fills { get; private set; }

    public bool IsStopped => _isStopped;

    public override void Receive(in Envelope envelope, Context context)
    {
        if (ShootdownMessage.IsOne(envelope.Message))
        {
            _responder.Receive(envelope, context, this);
            return;
        }
        Invariant.Holds(envelope.Message.Kind == DriverMessage.Filled);
        Invariant.Holds(IsFilling);
        if (envelope.Message.B < _usefulFrom)
        {
            Ask(context);
            return;
        }
        (IsFilling, HasTranslation, MayWrite) = (false, true, envelope.Message.C != 0);
        Generation = envelope.Message.B;
        _usefulFrom = 0;
    }

    public void Fill(Context context)
    {
        Fills++;
        IsFilling = true;
        Ask(context);
    }

    public void GoIdle() => IsIdle = true;

    public void GoOn(Context context)
    {
        if (_fault != ModelFault.SkipDrain)
        {
            _responder.Drain(context, this);
        }
        IsIdle = false;
    }

    public void Remove(in Invalidation what)
    {
        if (_fault == ModelFault.ForgetRemoval)
        {
            return;
        }
        if (what.Kind == InvalidationKind.Invalidate)
        {
            HasTranslation = false;
            Generation = 0;
        }
        MayWrite = false;
        if (IsFilling && _fault != ModelFault.KeepOldFill)
        {
            _usefulFrom = Math.Max(_usefulFrom, what.Generation);
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

    public override void Save(StateWriter writer)
    {
        _responder.Save(writer);
        ulong flags = (HasTranslation ? 1UL : 0) | (MayWrite ? 2UL : 0) | (IsFilling ? 4UL : 0)
            | (IsIdle ? 8UL : 0) | (_isStopped ? 16UL : 0) | ((ulong)Fills << 8);
        writer.Write("flags", flags);
        writer.Write("generation", Generation);
        writer.Write("usefulFrom", _usefulFrom);
    }

    public override void Load(StateReader reader)
    {
        _responder.Load(reader);
        ulong flags = reader.ReadUInt64("flags");
        HasTranslation = (flags & 1) != 0;
        MayWrite = (flags & 2) != 0;
        IsFilling = (flags & 4) != 0;
        IsIdle = (flags & 8) != 0;
        _isStopped = (flags & 16) != 0;
        Fills = (int)(flags >> 8);
        Generation = reader.ReadUInt64("generation");
        _usefulFrom = reader.ReadUInt64("usefulFrom");
    }

    private void Ask(Context context)
    {
        Message fill = new() { Kind = DriverMessage.Fill };
        _fabric.Send(context, Address, _vm, 0, fill);
    }
}
