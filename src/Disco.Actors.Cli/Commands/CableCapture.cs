using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Exports;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Captures what goes over the cable between the network interfaces of a bare machine: at the sender's end when the
/// frame's first piece leaves, at the receiver's when its last one is there.
/// </summary>
internal sealed class CableCapture : IObserver
{
    private readonly PcapNg _to;
    private readonly Address[] _ends;
    private readonly (long From, long Until) _cycles;
    private readonly double _nanosecondsPerCycle;

    // By interface: what it handled that made it send, not yet arrived; and the frame that comes.
    private readonly Queue<(long NextSent, Cycle At)>[] _handled;
    private readonly NetFrame?[] _coming;
    private readonly Cycle[] _sent;

    /// <param name="ends">The interfaces.</param>
    /// <param name="clockHz">Cycles of the machine in a second.</param>
    /// <param name="to">Stays open.</param>
    /// <param name="cycles">What is wanted.</param>
    public CableCapture(IEnumerable<Address> ends, long clockHz, Stream to, (long From, long Until) cycles)
    {
        _ends = [.. ends];
        _cycles = cycles;
        _nanosecondsPerCycle = 1e9 / clockHz;
        _handled = [.. _ends.Select(_ => new Queue<(long, Cycle)>())];
        _coming = new NetFrame?[_ends.Length];
        _sent = new Cycle[_ends.Length];
        _to = new PcapNg(to, _ends.Select(end => new PcapInterface($"{end}", NetworkDevice.MacOf(end.Index))));
    }

    public long Packets => _to.Packets;

    public bool WantsTrace => false;

    public void Delivered(in Envelope envelope, Actor actor) =>
        Invariant.Broken("when a frame left is known by the receiver's sequence numbers");

    public void Delivered(in Envelope envelope, Actor actor, long firstSequence, long nextSequence)
    {
        int end = Array.IndexOf(_ends, actor.Address);
        if (end < 0)
        {
            return;
        }
        if (nextSequence != firstSequence)
        {
            _handled[end].Enqueue((nextSequence, envelope.Arrival));
        }
        if (envelope.Message.Kind == (ushort)UncachedKind.FramePiece)
        {
            Take(in envelope, end);
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }

    private void Take(in Envelope piece, int end)
    {
        int from = Array.IndexOf(_ends, piece.Source);
        if (piece.Message.B == 0)
        {
            _sent[end] = SentAt(from, piece.Sequence);
        }
        NetFrame coming = _coming[end] = NetFrame.Take(_coming[end], piece, out bool isWhole);
        if (!isWhole)
        {
            return;
        }
        byte[] frame = coming.Bytes;
        string id = new TransactionId(piece.Source, piece.Sequence).ToString();
        Write(from, FrameDirection.Outbound, _sent[end], frame, id);
        Write(end, FrameDirection.Inbound, piece.Arrival, frame, id);
    }

    /// <summary>A device sends only while it handles something, and then at once.</summary>
    private Cycle SentAt(int end, long sequence)
    {
        Queue<(long NextSent, Cycle At)> handled = _handled[end];
        while (handled.Peek().NextSent <= sequence)
        {
            handled.Dequeue();
        }
        return handled.Peek().At;
    }

    private void Write(int end, FrameDirection direction, Cycle at, byte[] frame, string id)
    {
        if (at.Value >= _cycles.From && at.Value < _cycles.Until)
        {
            _to.Write(
                end, (ulong)Math.Round(at.Value * _nanosecondsPerCycle), direction, frame, $"message {id}, {at}");
        }
    }
}
