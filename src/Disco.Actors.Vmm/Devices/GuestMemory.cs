using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// A device's way to the memory of virtual machines: moves pieces of pages between frames and buffers of its own, by
/// coherent DMA. A page of a guest is pinned by its VM's monitor for as long as the piece takes, so that it can neither
/// move nor be given to somebody else meanwhile.
/// </summary>
/// <remarks>
/// A device has a slot for each request it works on; a slot moves one piece at a time. Pins of several slots are
/// under way together, the moves themselves go through one cache and are made in order.
/// </remarks>
internal sealed partial class GuestMemory
{
    private const long RetryCycles = 2000;

    private readonly Address _owner;
    private readonly Fabric _fabric;
    private readonly DmaPort _dma;
    private readonly Piece[] _pieces;
    private readonly byte[][] _buffers;
    private readonly List<int> _moving = [];
    private readonly List<(int Slot, Refusal Reason)> _done = [];

    /// <param name="owner">The device's actor.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="dma">The device's own.</param>
    /// <param name="slots">How many requests it works on at a time.</param>
    public GuestMemory(Address owner, Fabric fabric, DmaPort dma, int slots)
    {
        _owner = owner;
        _fabric = fabric;
        _dma = dma;
        _pieces = new Piece[slots];
        _buffers = [.. Enumerable.Range(0, slots).Select(_ => new byte[Page.Bytes])];
    }

    private enum Phase : byte
    {
        Free,
        Pinning,
        Moving,
    }

    /// <summary>Bytes moved so far, by kind of move: what was not remapped.</summary>
    public long BytesMoved { get; private set; }

    public WaitsFor? WaitingFor => _dma.WaitingFor;

    /// <summary>A slot's own bytes; they belong to the move while one is under way.</summary>
    public Span<byte> Buffer(int slot) => _buffers[slot];

    /// <summary>Begins to move a piece of a guest's page from or to the start of the slot's buffer.</summary>
    /// <param name="slot">The request's.</param>
    /// <param name="vm">Whose memory.</param>
    /// <param name="physical">The guest's physical address; the piece does not cross a page.</param>
    /// <param name="bytes">1 to a page.</param>
    /// <param name="toGuest">From the buffer to the page, which is made writable for it.</param>
    /// <param name="context">The device's.</param>
    public void Begin(int slot, int vm, ulong physical, int bytes, bool toGuest, Context context)
    {
        ref Piece piece = ref _pieces[slot];
        Invariant.Holds(piece.Phase == Phase.Free);
        Invariant.Holds(bytes >= 1);
        Invariant.Holds((int)(physical % Page.Bytes) + bytes <= Page.Bytes);
        piece = new Piece
        {
            Phase = Phase.Pinning,
            Vm = vm,
            Page = PhysicalPage.Of(physical),
            Transfer = new DmaTransfer(physical % Page.Bytes, bytes, toGuest),
        };
        SendPin(slot, context);
    }

    /// <summary>Begins to move the start of a frame that is the device's own from or to the slot's buffer.</summary>
    public void BeginFrame(int slot, Frame frame, int bytes, bool toFrame, Context context)
    {
        ref Piece piece = ref _pieces[slot];
        Invariant.Holds(piece.Phase == Phase.Free);
        piece = new Piece
        {
            Phase = Phase.Moving,
            Vm = -1,
            Transfer = new DmaTransfer(frame.Address.Value, bytes, toFrame),
        };
        _moving.Add(slot);
        Pump(context);
    }

    /// <summary>Handles a message when it is about memory; what has ended is then to be taken.</summary>
    public bool Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        if (CoherenceMessage.IsOne(message))
        {
            if (_dma.Receive(envelope, context))
            {
                Pump(context);
                _dma.Settle(context);
            }
            return true;
        }
        switch ((MappingKind)message.Kind)
        {
            case MappingKind.Pinned:
                Pinned(PinMessage.From(message), context);
                return true;
            case MappingKind.PinRefused:
                PinRefused(PinMessage.From(message), context);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A pause after a refusal is over.</summary>
    public void RetryDue(int slot, Context context) => SendPin(slot, context);

    /// <summary>The next piece that has ended, and why it could not be moved.</summary>
    public bool TryTakeDone(out int slot, out Refusal reason)
    {
        (slot, reason) = (-1, Refusal.None);
        if (_done.Count == 0)
        {
            return false;
        }
        (slot, reason) = _done[0];
        _done.RemoveAt(0);
        return true;
    }

    public void Save(StateWriter writer)
    {
        for (int slot = 0; slot < _pieces.Length; slot++)
        {
            Piece piece = _pieces[slot];
            writer.Write("piece", (ulong)piece.Phase);
            if (piece.Phase != Phase.Free)
            {
                writer.Write("vm", piece.Vm);
                writer.Write("page", (ulong)piece.Page.Number);
                piece.Transfer.Save(writer);
            }
            writer.Write("buffer", _buffers[slot]);
        }
        writer.Write("moving", _moving.Count);
        _moving.ForEach(slot => writer.Write("slot", slot));
        // What has ended is taken before the actor returns.
        Invariant.Holds(_done.Count == 0);
        writer.Write("stat.bytesMoved", BytesMoved);
        _dma.Save(writer);
    }

    public void Load(StateReader reader)
    {
        for (int slot = 0; slot < _pieces.Length; slot++)
        {
            Piece piece = new() { Phase = (Phase)reader.ReadUInt64("piece") };
            if (piece.Phase != Phase.Free)
            {
                piece.Vm = reader.ReadInt32("vm");
                piece.Page = new PhysicalPage((uint)reader.ReadUInt64("page"));
                piece.Transfer.Load(reader);
            }
            _pieces[slot] = piece;
            reader.ReadBytes("buffer", _buffers[slot]);
        }
        _moving.Clear();
        for (int left = reader.ReadInt32("moving"); left > 0; left--)
        {
            _moving.Add(reader.ReadInt32("slot"));
        }
        _done.Clear();
        BytesMoved = reader.ReadInt64("stat.bytesMoved");
        _dma.Load(reader);
    }

    private void SendPin(int slot, Context context)
    {
        Piece piece = _pieces[slot];
        Invariant.Holds(piece.Phase == Phase.Pinning);
        PageAccess access = piece.Transfer.ToMemory ? PageAccess.Write : PageAccess.Read;
        Send(piece.Vm, PinMessage.Pin(piece.Page, access, (ulong)slot), context);
    }

    private void Pinned(in PinMessage pinned, Context context)
    {
        int slot = (int)pinned.Request;
        ref Piece piece = ref _pieces[slot];
        Invariant.Holds(piece.Phase == Phase.Pinning);
        Invariant.Holds(piece.Page == pinned.Page);
        piece.Phase = Phase.Moving;
        piece.Transfer.Address += pinned.Frame.Address.Value;
        _moving.Add(slot);
        Pump(context);
    }

    private void PinRefused(in PinMessage refused, Context context)
    {
        int slot = (int)refused.Request;
        Invariant.Holds(_pieces[slot].Phase == Phase.Pinning);
        if (refused.Reason is Refusal.Retry or Refusal.Short)
        {
            context.After(RetryCycles, new Message
            {
                Kind = (ushort)DeviceKind.RetryDue,
                Lane = Lane.Request,
                A = (ulong)slot,
            });
            return;
        }
        _pieces[slot] = default;
        _done.Add((slot, refused.Reason));
        // One that was given up in the middle has kept others waiting.
        Pump(context);
    }

    private void Pump(Context context)
    {
        while (_moving.Count > 0)
        {
            int slot = _moving[0];
            ref Piece piece = ref _pieces[slot];
            if (!_dma.Continue(ref piece.Transfer, _buffers[slot].AsSpan(0, piece.Transfer.Bytes), context))
            {
                return;
            }
            BytesMoved += piece.Transfer.Bytes;
            if (piece.Vm >= 0)
            {
                Send(piece.Vm, PinMessage.Unpin(piece.Page), context);
            }
            piece = default;
            _moving.RemoveAt(0);
            _done.Add((slot, Refusal.None));
        }
    }

    private void Send(int vm, in PinMessage message, Context context) =>
        _fabric.Send(context, _owner, new Address(Role.Vm, (ushort)vm), 0, message.Pack());

    private struct Piece
    {
        public Phase Phase;

        // -1 for a frame of the device's own, which needs no pin.
        public int Vm;
        public PhysicalPage Page;
        public DmaTransfer Transfer;
    }
}
