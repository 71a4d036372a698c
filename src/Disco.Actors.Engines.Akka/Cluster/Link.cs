using System.Buffers.Binary;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// Payloads from one member to another and back, each once and in the order of its lane, over a transport that may
/// lose, repeat and reorder: Akka delivers at most once. Frames of each lane are numbered and kept until acknowledged;
/// what is missing is sent again; who is silent is asked, and given up when there is no answer.
/// <code>
/// 0         1        9        13     14      15         23
/// +---------+--------+--------+------+-------+----------+---------+
/// | version | session|  from  | lane | flags |  number  | payload |
/// +---------+--------+--------+------+-------+----------+---------+
/// </code>
/// Bit 0 of the flags: the payload goes on in the next frame. Lane 255: acknowledgement; the payload is the number
/// expected next on each lane, bit 1 asks for the frames from there on, bit 2 for an acknowledgement.
/// </summary>
/// <param name="session">Of the run; frames of another one are ignored.</param>
/// <param name="self">The number of the member at this end.</param>
/// <param name="transmit">Sends a frame, perhaps in vain.</param>
/// <param name="ticksToGiveUp">Ticks of silence after which the other end is given up.</param>
internal sealed class Link(ulong session, int self, Action<byte[]> transmit, int ticksToGiveUp)
{
    public const byte Version = 3;
    public const int HeaderBytes = 23;
    public const int Lanes = 3;

    /// <summary>Messages about the run itself; below are the lanes of envelopes.</summary>
    public const int Control = 2;

    /// <summary>No frame has more payload; transports have a limit.</summary>
    public const int PayloadBytesMax = 64 << 10;

    /// <summary>Ticks after which frames are sent again, or an answer is asked for.</summary>
    public const int TicksToResend = 5;

    private const byte Acknowledgement = 255;
    private const byte GoesOn = 1;
    private const byte ResendFlag = 2;
    private const byte AnswerFlag = 4;
    private const int FramesToAcknowledge = 32;

    private readonly Outgoing[] _out = [new(), new(), new()];
    private readonly Incoming[] _in = [new(), new(), new()];
    private int _unanswered;

    // Since a frame came; since one of those sent was acknowledged.
    private int _silentTicks;
    private int _unacknowledgedTicks;

    /// <summary>Frames that had to be sent again.</summary>
    public long Resent { get; private set; }

    /// <summary>Who sent a frame; -1 when it is none of this session.</summary>
    public static int SenderOf(ReadOnlySpan<byte> frame, ulong session) =>
        frame.Length >= HeaderBytes && frame[0] == Version
            && BinaryPrimitives.ReadUInt64LittleEndian(frame[1..]) == session
            ? BinaryPrimitives.ReadInt32LittleEndian(frame[9..])
            : -1;

    public void Send(int lane, ReadOnlySpan<byte> payload)
    {
        do
        {
            ReadOnlySpan<byte> piece = payload[..Math.Min(payload.Length, PayloadBytesMax)];
            payload = payload[piece.Length..];
            byte[] frame = Frame((byte)lane, payload.IsEmpty ? (byte)0 : GoesOn, _out[lane].Next++, piece);
            _out[lane].Unacknowledged.Enqueue(frame);
            transmit(frame);
        }
        while (!payload.IsEmpty);
    }

    /// <summary>Takes a frame from the other end.</summary>
    /// <param name="frame">Of this session, from that member.</param>
    /// <param name="deliver">Called with the lane and each payload that is whole now.</param>
    public void Receive(ReadOnlySpan<byte> frame, Action<int, byte[]> deliver)
    {
        _silentTicks = 0;
        int lane = frame[13];
        ReadOnlySpan<byte> payload = frame[HeaderBytes..];
        if (lane == Acknowledgement && payload.Length == Lanes * sizeof(long))
        {
            Acknowledged(payload, resend: (frame[14] & ResendFlag) != 0);
            if ((frame[14] & AnswerFlag) != 0)
            {
                Acknowledge(0);
            }
            return;
        }
        if (lane >= Lanes)
        {
            return;
        }
        Incoming from = _in[lane];
        long number = BinaryPrimitives.ReadInt64LittleEndian(frame[15..]);
        if (number != from.Next)
        {
            // A repetition is acknowledged again; a gap is asked for, once.
            if (number < from.Next || from.AskedFor != from.Next)
            {
                from.AskedFor = number > from.Next ? from.Next : from.AskedFor;
                Acknowledge(number > from.Next ? ResendFlag : (byte)0);
            }
            return;
        }
        from.Next++;
        from.Pieces.Write(payload);
        if ((frame[14] & GoesOn) == 0)
        {
            byte[] whole = from.Pieces.ToArray();
            from.Pieces.SetLength(0);
            deliver(lane, whole);
        }
        if (++_unanswered >= FramesToAcknowledge)
        {
            Acknowledge(0);
        }
    }

    /// <summary>To be called at regular times.</summary>
    /// <returns>False when the other end has been silent for too long.</returns>
    public bool Tick()
    {
        if (_unanswered > 0)
        {
            Acknowledge(0);
        }
        if (_out.All(lane => lane.Unacknowledged.Count == 0))
        {
            _unacknowledgedTicks = 0;
        }
        else if (++_unacknowledgedTicks % TicksToResend == 0)
        {
            foreach (Outgoing lane in _out)
            {
                Resend(lane);
            }
        }
        // Who has acknowledged everything may be gone as well.
        if (++_silentTicks % TicksToResend == 0)
        {
            Acknowledge(AnswerFlag);
        }
        return Math.Max(_silentTicks, _unacknowledgedTicks) < ticksToGiveUp;
    }

    private void Acknowledged(ReadOnlySpan<byte> expected, bool resend)
    {
        for (int lane = 0; lane < Lanes; lane++)
        {
            Outgoing to = _out[lane];
            long next = BinaryPrimitives.ReadInt64LittleEndian(expected[(lane * sizeof(long))..]);
            while (to.Unacknowledged.Count > 0 && to.Next - to.Unacknowledged.Count < next)
            {
                to.Unacknowledged.Dequeue();
                _unacknowledgedTicks = 0;
            }
            if (resend)
            {
                Resend(to);
            }
        }
    }

    private void Resend(Outgoing lane)
    {
        foreach (byte[] frame in lane.Unacknowledged)
        {
            Resent++;
            transmit(frame);
        }
    }

    private void Acknowledge(byte flags)
    {
        Span<byte> expected = stackalloc byte[Lanes * sizeof(long)];
        for (int lane = 0; lane < Lanes; lane++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(expected[(lane * sizeof(long))..], _in[lane].Next);
        }
        _unanswered = 0;
        transmit(Frame(Acknowledgement, flags, 0, expected));
    }

    private byte[] Frame(byte lane, byte flags, long number, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[HeaderBytes + payload.Length];
        frame[0] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(1), session);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(9), self);
        frame[13] = lane;
        frame[14] = flags;
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(15), number);
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    private sealed class Outgoing
    {
        /// <summary>In order; the last has the number before <see cref="Next"/>.</summary>
        public Queue<byte[]> Unacknowledged { get; } = [];

        public long Next { get; set; }
    }

    private sealed class Incoming
    {
        public long Next { get; set; }

        public long AskedFor { get; set; } = -1;

        public MemoryStream Pieces { get; } = new();
    }
}
