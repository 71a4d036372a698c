using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// Removes and acknowledges, or does so for its node: passes the order on first, then removes its own, and answers
/// when all others have. For both multicasts.
/// </summary>
internal sealed class GatheringResponder(ShootdownConfig config, Fabric fabric, int cpu)
    : ShootdownResponder(config, fabric, cpu)
{
    // State: rounds being gathered, in the order they came.
    private readonly List<Gathering> _gatherings = [];

    public override void Receive(in Envelope envelope, Context context, IResponderCpu cpu)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        // An initiator has one epoch for a round, a virtual machine one initiator.
        int open = _gatherings.FindIndex(
            open => open.Order.Epoch == message.Epoch && open.Order.What.Vm == message.What.Vm);
        Gathering gathering = open < 0
            ? new Gathering(Fabric.SenderOf(envelope.Message), message, OthersOf(envelope))
            : _gatherings[open];
        GatheringEvent e = EventOf(message, open < 0 ? CpuSet.None : gathering.Missing);
        GatheringState state = open < 0 ? GatheringState.None : GatheringState.Gathering;
        GatheringStep step = GatheringProtocol.Next(state, e);
        ShootdownTrace.Step(ShootdownTrace.GatheringStep, (ulong)state, (ulong)e, context);
        ShootdownMutants.Change(e, ref step);
        if (step.Do == GatheringDo.Impossible)
        {
            Invariant.Broken($"cpu/{Cpu} cannot handle {message} while {state}");
        }
        TakeIn(context, cpu);
        if ((step.Do & GatheringDo.PassOn) != 0)
        {
            foreach (int other in gathering.Missing)
            {
                Send(Address.Cpu(other), message with { Kind = ShootdownMessageKind.Remove }, context, cpu);
            }
            _gatherings.Add(gathering);
        }
        if ((step.Do & GatheringDo.Remove) != 0)
        {
            Remove(message.What, context, cpu);
        }
        if ((step.Do & GatheringDo.CountAck) != 0)
        {
            _gatherings[open] = gathering with { Missing = gathering.Missing.Without(message.Cpu) };
        }
        if ((step.Do & GatheringDo.Acknowledge) != 0)
        {
            Acknowledge(gathering.From, gathering.Order, context, cpu);
            if (open >= 0)
            {
                _gatherings.RemoveAt(open);
            }
        }
    }

    private protected override string FirstField => "gatherings";

    internal override void Lose(Loss loss) =>
        _gatherings.RemoveAll(gathering => loss.Gone.Contains(gathering.Order.What.Vm));

    private protected override void SaveState(StateWriter writer)
    {
        writer.Write("gatherings", (ulong)_gatherings.Count);
        foreach (Gathering gathering in _gatherings)
        {
            writer.Write("from", (ulong)gathering.From.Packed);
            writer.Write("what", ShootdownMessage.PackWhat(gathering.Order.What));
            writer.Write("generation", gathering.Order.What.Generation);
            writer.Write("epoch", (ulong)gathering.Order.Epoch);
            writer.Write("missing", gathering.Missing.Bits);
        }
    }

    private protected override void LoadState(StateReader reader)
    {
        _gatherings.Clear();
        int count = reader.ReadInt32("gatherings");
        for (int i = 0; i < count; i++)
        {
            Address from = Address.FromPacked((uint)reader.ReadUInt64("from"));
            ulong what = reader.ReadUInt64("what");
            Invalidation invalidation = ShootdownMessage.UnpackWhat(what, reader.ReadUInt64("generation"));
            uint epoch = (uint)reader.ReadUInt64("epoch");
            ShootdownMessage order = new(ShootdownMessageKind.Multicast, invalidation, epoch);
            _gatherings.Add(new Gathering(from, order, new CpuSet(reader.ReadUInt64("missing"))));
        }
    }

    private static CpuSet OthersOf(in Envelope envelope) => envelope.Message.PayloadBytes == 0
        ? CpuSet.None
        : new CpuSet(BinaryPrimitives.ReadUInt64LittleEndian(envelope.Payload));

    private GatheringEvent EventOf(in ShootdownMessage message, CpuSet missing)
    {
        switch (message.Kind)
        {
            case ShootdownMessageKind.Remove:
                return GatheringEvent.Remove;
            case ShootdownMessageKind.Multicast:
                return GatheringEvent.Multicast;
            case ShootdownMessageKind.Ack when !missing.Contains(message.Cpu):
                return GatheringEvent.StrangeAck;
            case ShootdownMessageKind.Ack:
                return missing.Count == 1 ? GatheringEvent.LastAck : GatheringEvent.Ack;
            default:
                Refuse(message);
                return default;
        }
    }

    private readonly record struct Gathering(Address From, ShootdownMessage Order, CpuSet Missing);
}
