using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// Keeps records, which cost the CPU nothing when they come, and sweeps them at its tick or when a vCPU enters or
/// leaves. Ticks of different CPUs are spread over the period.
/// </summary>
internal sealed class LazyResponder(ShootdownConfig config, Fabric fabric, int cpu)
    : ShootdownResponder(config, fabric, cpu)
{
    // State: records in the order they came, and which tick is set.
    private readonly List<(Address From, ShootdownMessage Record)> _records = [];
    private LazyState _state;
    private uint _tick;

    public override void Receive(in Envelope envelope, Context context, IResponderCpu cpu)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        switch (message.Kind)
        {
            case ShootdownMessageKind.Record:
                Step(LazyEvent.Record, message, Fabric.SenderOf(envelope.Message), context, cpu);
                break;
            case ShootdownMessageKind.Remove:
                Step(LazyEvent.Remove, message, Fabric.SenderOf(envelope.Message), context, cpu);
                break;
            case ShootdownMessageKind.Tick:
                LazyEvent e = message.Epoch == _tick ? LazyEvent.Tick : LazyEvent.StaleTick;
                Step(e, message, default, context, cpu);
                break;
            default:
                Refuse(message);
                break;
        }
    }

    public override void Drain(Context context, IResponderCpu cpu) =>
        Step(LazyEvent.Drain, default, default, context, cpu);

    private protected override string FirstField => "lazy";

    // An empty list may keep its tick: a sweep of nothing.
    internal override void Lose(Loss loss) =>
        _records.RemoveAll(kept => loss.Gone.Contains(kept.Record.What.Vm));

    private protected override void SaveState(StateWriter writer)
    {
        writer.Write("lazy", (ulong)_state);
        writer.Write("tick", (ulong)_tick);
        writer.Write("records", (ulong)_records.Count);
        foreach ((Address from, ShootdownMessage record) in _records)
        {
            writer.Write("from", (ulong)from.Packed);
            writer.Write("what", ShootdownMessage.PackWhat(record.What));
            writer.Write("generation", record.What.Generation);
            writer.Write("epoch", (ulong)record.Epoch);
        }
    }

    private protected override void LoadState(StateReader reader)
    {
        _state = (LazyState)reader.ReadUInt64("lazy");
        _tick = (uint)reader.ReadUInt64("tick");
        _records.Clear();
        int count = reader.ReadInt32("records");
        for (int i = 0; i < count; i++)
        {
            Address from = Address.FromPacked((uint)reader.ReadUInt64("from"));
            ulong what = reader.ReadUInt64("what");
            Invalidation invalidation = ShootdownMessage.UnpackWhat(what, reader.ReadUInt64("generation"));
            uint epoch = (uint)reader.ReadUInt64("epoch");
            _records.Add((from, new ShootdownMessage(ShootdownMessageKind.Record, invalidation, epoch)));
        }
    }

    /// <summary>The one place where the CPU's records change.</summary>
    private void Step(LazyEvent e, in ShootdownMessage message, Address from, Context context, IResponderCpu cpu)
    {
        LazyStep step = LazyProtocol.Next(_state, e);
        ShootdownTrace.Step(ShootdownTrace.LazyStep, (ulong)_state, (ulong)e, context);
        if (step.Do == LazyDo.Impossible)
        {
            Invariant.Broken($"cpu/{Cpu}: {e} in state {_state}: {message}");
        }
        _state = step.Next;
        if ((step.Do & LazyDo.Keep) != 0)
        {
            _records.Add((from, message));
            bool early = false;
            Mutants.Set(Mutant.LazyAcksAtRecord, ref early, true);
            if (early)
            {
                Acknowledge(from, message, context, cpu);
            }
        }
        if ((step.Do & LazyDo.SetTick) != 0)
        {
            ShootdownMessage tick = new(ShootdownMessageKind.Tick, default, ++_tick);
            context.After(CyclesToTick(context.Now), tick.Pack());
        }
        if ((step.Do & LazyDo.Remove) != 0)
        {
            TakeIn(context, cpu);
            Remove(message.What, context, cpu);
            Acknowledge(from, message, context, cpu);
        }
        if ((step.Do & LazyDo.Sweep) != 0)
        {
            Sweep(context, cpu);
        }
    }

    private long CyclesToTick(Cycle now)
    {
        long phase = Config.TickCycles * Cpu / CpuSet.CpusMax;
        return Config.TickCycles - ((now.Value + phase) % Config.TickCycles);
    }

    private void Sweep(Context context, IResponderCpu cpu)
    {
        // After this the tick that was set means nothing any more.
        _tick++;
        foreach ((Address from, ShootdownMessage record) in _records)
        {
            Occupy(Config.ReceiveCycles, context, cpu);
            Invalidation what = record.What;
            Mutants.Set(Mutant.LazySweepsOnlyFirst, ref what, _records[0].Record.What);
            Remove(what, context, cpu);
            Acknowledge(from, record, context, cpu);
        }
        _records.Clear();
    }
}
