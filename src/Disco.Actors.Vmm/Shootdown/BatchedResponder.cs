using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>Removes a batch's ranges, or everything when it has missed a round before. For batched.</summary>
internal sealed class BatchedResponder(ShootdownConfig config, Fabric fabric, int cpu)
    : ShootdownResponder(config, fabric, cpu)
{
    private const int VmsMax = 256;

    // State: by virtual machine, the last round done.
    private readonly uint[] _doneEpochs = new uint[VmsMax];

    public override void Receive(in Envelope envelope, Context context, IResponderCpu cpu)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        if (message.Kind != ShootdownMessageKind.Batch)
        {
            Refuse(message);
        }
        TakeIn(context, cpu);
        ref uint done = ref _doneEpochs[message.What.Vm];
        BatchEvent e = message.What.Pages.IsAll ? BatchEvent.All : BatchEvent.Ranges;
        BatchState state = BatchProtocol.StateOf(done, message.Epoch);
        BatchDo step = BatchProtocol.Decide(state, e);
        ShootdownTrace.Step(ShootdownTrace.BatchStep, (ulong)state, (ulong)e, context);
        ShootdownMutants.Change(state, e, ref step);
        switch (step)
        {
            case BatchDo.RemoveRanges:
                ReadOnlySpan<byte> ranges = ((ReadOnlySpan<byte>)envelope.Payload)[..envelope.Message.PayloadBytes];
                RemoveRanges(ranges, message.What.Generation, context, cpu);
                break;
            case BatchDo.Flush:
                Invalidation everything =
                    message.What with { Pages = PageRange.All, Kind = InvalidationKind.Invalidate };
                Remove(everything, context, cpu);
                break;
            case BatchDo.Nothing:
                break;
        }
        uint latest = Math.Max(done, message.Epoch);
        Mutants.Set(Mutant.BatchTakesAnyEpoch, ref latest, message.Epoch);
        done = latest;
        Acknowledge(Fabric.SenderOf(envelope.Message), message, context, cpu);
    }

    private protected override string FirstField => "vm";

    private protected override void SaveState(StateWriter writer)
    {
        for (int vm = 0; vm < VmsMax; vm++)
        {
            if (_doneEpochs[vm] != 0)
            {
                writer.Write("vm", (ulong)vm);
                writer.Write("doneEpoch", (ulong)_doneEpochs[vm]);
            }
        }
        writer.Write("vm", VmsMax);
    }

    private protected override void LoadState(StateReader reader)
    {
        Array.Clear(_doneEpochs);
        for (int vm = reader.ReadInt32("vm"); vm != VmsMax; vm = reader.ReadInt32("vm"))
        {
            _doneEpochs[vm] = (uint)reader.ReadUInt64("doneEpoch");
        }
    }

    private void RemoveRanges(ReadOnlySpan<byte> ranges, ulong generation, Context context, IResponderCpu cpu)
    {
        for (int at = 0; at < ranges.Length; at += sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(ranges[at..]);
            Remove(ShootdownMessage.UnpackWhat(word, generation), context, cpu);
        }
    }
}
