using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>Stops until the mapping is changed, then does what is queued. For mach.</summary>
internal sealed class RendezvousResponder(ShootdownConfig config, Fabric fabric, int cpu)
    : ShootdownResponder(config, fabric, cpu)
{
    // State.
    private readonly List<Invalidation> _actions = [];
    private RendezvousState _state;
    private int _releasesMissing;
    private long _stoppedAt;

    public override bool IsStopped => _state == RendezvousState.Stopped;

    public override void Receive(in Envelope envelope, Context context, IResponderCpu cpu)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        Step(EventOf(message, cpu), message, Fabric.SenderOf(envelope.Message), context, cpu);
    }

    public override void Drain(Context context, IResponderCpu cpu) =>
        Step(RendezvousEvent.Drain, default, default, context, cpu);

    private protected override string FirstField => "rendezvous";

    /// <summary>The releases that nobody will send any more, in the name of whoever is lost.</summary>
    internal override void Lose(Loss loss)
    {
        _actions.RemoveAll(action => loss.Gone.Contains(action.Vm));
        if (_state != RendezvousState.Stopped)
        {
            return;
        }
        int coming = loss.ReleasesTo(Cpu);
        for (int missing = _releasesMissing - coming; missing > 0; missing--)
        {
            Invalidation nothing = new(loss.Gone.Min, PageRange.All, InvalidationKind.Invalidate, 0);
            loss.Post(
                Memory.VmMonitor.AddressOf(loss.Gone.Min), Address.Cpu(Cpu),
                new ShootdownMessage(ShootdownMessageKind.GoOn, nothing, 0).Pack());
        }
    }

    private protected override void SaveState(StateWriter writer)
    {
        writer.Write("rendezvous", (ulong)_state);
        writer.Write("releasesMissing", _releasesMissing);
        writer.Write("stat.stoppedAt", _stoppedAt);
        writer.Write("actions", (ulong)_actions.Count);
        foreach (Invalidation action in _actions)
        {
            writer.Write("what", ShootdownMessage.PackWhat(action));
            writer.Write("generation", action.Generation);
        }
    }

    private protected override void LoadState(StateReader reader)
    {
        _state = (RendezvousState)reader.ReadUInt64("rendezvous");
        _releasesMissing = reader.ReadInt32("releasesMissing");
        _stoppedAt = reader.ReadInt64("stat.stoppedAt");
        _actions.Clear();
        int count = reader.ReadInt32("actions");
        for (int i = 0; i < count; i++)
        {
            ulong what = reader.ReadUInt64("what");
            _actions.Add(ShootdownMessage.UnpackWhat(what, reader.ReadUInt64("generation")));
        }
    }

    private RendezvousEvent EventOf(in ShootdownMessage message, IResponderCpu cpu)
    {
        switch (message.Kind)
        {
            case ShootdownMessageKind.Rendezvous:
                return cpu.IsIdle ? RendezvousEvent.RendezvousIdle : RendezvousEvent.Rendezvous;
            case ShootdownMessageKind.GoOn:
                bool last = _releasesMissing == 1;
                Mutants.Set(Mutant.RendezvousResumesAtFirst, ref last, true);
                return last ? RendezvousEvent.LastRelease : RendezvousEvent.Release;
            default:
                Refuse(message);
                return default;
        }
    }

    /// <summary>The one place where the CPU's part in rendezvous changes.</summary>
    private void Step(
        RendezvousEvent e, in ShootdownMessage message, Address from, Context context, IResponderCpu cpu)
    {
        RendezvousStep step = RendezvousProtocol.Next(_state, e);
        ShootdownTrace.Step(ShootdownTrace.RendezvousStep, (ulong)_state, (ulong)e, context);
        ShootdownMutants.Change(e, ref step);
        if (step.Do == RendezvousDo.Impossible)
        {
            Invariant.Broken($"cpu/{Cpu}: {e} in state {_state}: {message}");
        }
        _state = step.Next;
        if (e is RendezvousEvent.Release or RendezvousEvent.LastRelease)
        {
            // It has waited for this and does not have to be interrupted.
            _releasesMissing--;
            Occupy(Config.ReceiveCycles, context, cpu);
        }
        if ((step.Do & RendezvousDo.Queue) != 0)
        {
            Queue(message.What);
        }
        if ((step.Do & RendezvousDo.Stop) != 0)
        {
            cpu.Stop();
            _stoppedAt = context.Now.Value;
            Statistics.Interrupts++;
            Occupy(Config.InterruptCycles, context, cpu);
        }
        if ((step.Do & RendezvousDo.AcknowledgeStopped) != 0)
        {
            _releasesMissing++;
            Occupy(Config.ReceiveCycles, context, cpu);
            Acknowledge(from, message, context, cpu, stopped: true);
        }
        if ((step.Do & RendezvousDo.Acknowledge) != 0)
        {
            Acknowledge(from, message, context, cpu);
        }
        if ((step.Do & RendezvousDo.DoActions) != 0)
        {
            DoActions(context, cpu);
        }
        if ((step.Do & RendezvousDo.Resume) != 0)
        {
            Statistics.StoppedCycles += context.Now.Value - _stoppedAt;
            cpu.Resume(context.Now);
        }
    }

    /// <summary>A full queue becomes one flush for each virtual machine in it.</summary>
    private void Queue(in Invalidation what)
    {
        _actions.Add(what);
        if (_actions.Count <= Config.QueueActions)
        {
            return;
        }
        Invalidation[] actions = [.. _actions];
        _actions.Clear();
        Mutants.Set(Mutant.RendezvousDropsOverrun, ref actions, []);
        foreach (Invalidation action in actions)
        {
            int index = _actions.FindIndex(flush => flush.Vm == action.Vm);
            ulong generation = index < 0 ? 0 : _actions[index].Generation;
            Invalidation flush = new(
                action.Vm, PageRange.All, InvalidationKind.Invalidate, Math.Max(generation, action.Generation));
            if (index < 0)
            {
                _actions.Add(flush);
            }
            else
            {
                _actions[index] = flush;
            }
        }
    }

    private void DoActions(Context context, IResponderCpu cpu)
    {
        foreach (Invalidation action in _actions)
        {
            Remove(action, context, cpu);
        }
        _actions.Clear();
    }
}
