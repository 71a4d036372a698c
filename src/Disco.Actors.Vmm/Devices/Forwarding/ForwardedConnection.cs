using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices.Forwarding;

/// <summary>What a connection needs of the gateway.</summary>
internal interface IForwardLink
{
    /// <summary>Sends a segment; addresses and ports are the link's to fill in.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="segment">The rest of it.</param>
    /// <param name="cutBytes">The largest that the guest takes: more is cut on the way.</param>
    void Transmit(ForwardedConnection connection, in Segment segment, ushort cutBytes);

    /// <summary>Asks the subnet who has the guest's address.</summary>
    void Ask(uint address);

    void Tell(byte[] output);

    /// <summary>Has <see cref="ForwardedConnection.Due"/> called.</summary>
    void After(long cycles, ForwardedConnection connection, ulong generation);
}

/// <summary>
/// The side of a TCP connection to a guest that stands for a program of the host. [RFC 9293] Segments come in order or
/// again; what is lost is sent again from there on.
/// </summary>
/// <param name="number">The host's.</param>
/// <param name="address">Of the guest.</param>
/// <param name="port">Of the guest.</param>
internal sealed class ForwardedConnection(uint number, uint address, ushort port)
{
    private const int WindowMax = ushort.MaxValue;
    private const ushort OwnSegmentMax = 1460;
    private const ushort SegmentBytesDefault = 536;
    private const int BurstBytes = 1 << 15;

    // 200 ms at 400 MHz; twice that after each time in vain. Who has an address is asked each second.
    private const long RetryCycles = 80_000_000;
    private const long AskCycles = 400_000_000;
    private const int TriesMax = 8;
    private const int AsksMax = 60;
    private const ushort FirstPort = 49_152;

    // State. Of what goes: numbers of the first byte not acknowledged, of the next to be sent, and of the furthest
    // ever; what comes from the first on. Of what comes: the number expected, and how much the host still has.
    private readonly List<byte> _going = [];
    private Phase _phase;
    private uint _first = number << 16;
    private uint _next = number << 16;
    private uint _furthest = number << 16;
    private int _window;
    private ushort _segmentBytes = SegmentBytesDefault;
    private bool _hostEnded;
    private bool _endSent;
    private bool _endTaken;
    private uint _expected;
    private int _held;
    private bool _guestEnded;
    private bool _isArmed;
    private ulong _generation;
    private int _tries;

    private enum Phase : byte
    {
        /// <summary>Nobody knows who has the guest's address.</summary>
        Resolving,

        /// <summary>A SYN was sent.</summary>
        Asked,
        Open,
        Over,
    }

    public uint Number => number;

    public uint Address => address;

    public ushort Port => port;

    /// <summary>The gateway's.</summary>
    public ushort OwnPort => (ushort)(FirstPort + (number % (1 << 14)));

    public bool IsOver => _phase == Phase.Over;

    public bool IsResolving => _phase == Phase.Resolving;

    private int Flight => (int)(_next - _first);

    private int Unsent => Math.Max(0, _going.Count - Flight);

    /// <summary>Begins, and again when an address has become known.</summary>
    public void Open(bool isKnown, IForwardLink link)
    {
        if (!isKnown)
        {
            link.Ask(address);
            Arm(AskCycles, link);
            return;
        }
        Disarm();
        _tries = 0;
        _phase = Phase.Asked;
        Ask(link);
    }

    /// <summary>The host has sent.</summary>
    public void Send(ReadOnlySpan<byte> bytes, IForwardLink link)
    {
        _going.AddRange(bytes);
        Push(link);
    }

    /// <summary>The host has disposed of bytes.</summary>
    public void Took(int bytes, IForwardLink link)
    {
        bool wasShort = WindowMax - _held < 2 * OwnSegmentMax;
        _held = Math.Max(0, _held - bytes);
        if (wasShort && _phase == Phase.Open)
        {
            Acknowledge(link);
        }
    }

    /// <summary>The host sends no more, or has left.</summary>
    public void End(bool isBroken, IForwardLink link)
    {
        if (!isBroken)
        {
            _hostEnded = true;
            Push(link);
            return;
        }
        if (_phase is Phase.Asked or Phase.Open)
        {
            Transmit(TcpFlags.Reset | TcpFlags.Ack, _next, default, link);
        }
        _phase = Phase.Over;
    }

    /// <summary>A segment of the guest.</summary>
    public void Receive(in Segment segment, IForwardLink link)
    {
        bool isAcknowledged = segment.Flags.HasFlag(TcpFlags.Ack);
        if (_phase == Phase.Asked && isAcknowledged && segment.Acknowledged == _next)
        {
            if (segment.Flags.HasFlag(TcpFlags.Reset))
            {
                Break(link);
            }
            else if (segment.Flags.HasFlag(TcpFlags.Syn))
            {
                Opened(segment, link);
            }
        }
        else if (_phase == Phase.Open && segment.Flags.HasFlag(TcpFlags.Reset))
        {
            if (segment.Number == _expected)
            {
                Break(link);
            }
        }
        else if (_phase == Phase.Open && segment.Flags.HasFlag(TcpFlags.Syn))
        {
            Acknowledge(link);
        }
        else if (_phase == Phase.Open && isAcknowledged)
        {
            Acknowledged(segment, link);
            TakeData(segment, link);
            Push(link);
            if (_endTaken && _guestEnded)
            {
                _phase = Phase.Over;
                link.Tell(OutsideOutput.Of(OutsideKind.Closed, number));
            }
        }
    }

    /// <summary>A timer is due.</summary>
    public void Due(ulong generation, IForwardLink link)
    {
        if (!_isArmed || generation != _generation)
        {
            return;
        }
        _isArmed = false;
        if (++_tries > (IsResolving ? AsksMax : TriesMax))
        {
            End(isBroken: true, link);
            link.Tell(OutsideOutput.Of(OutsideKind.Broken, number));
        }
        else if (IsResolving)
        {
            Open(isKnown: false, link);
        }
        else if (_phase == Phase.Asked)
        {
            _next = _first;
            Ask(link);
        }
        else if (_phase == Phase.Open)
        {
            _next = _first;
            _endSent = false;
            // Into a window that is closed goes a byte, to hear whether it still is. [RFC 9293, 3.8.6.1]
            _window = Math.Max(_window, 1);
            Push(link);
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("number", (ulong)number);
        writer.Write("address", (ulong)address);
        writer.Write("port", (ulong)port);
        writer.Write("goingBytes", _going.Count);
        writer.Write("going", _going.ToArray());
        writer.Write("phase", (ulong)_phase);
        writer.Write("first", (ulong)_first);
        writer.Write("next", (ulong)_next);
        writer.Write("furthest", (ulong)_furthest);
        writer.Write("window", _window);
        writer.Write("segmentBytes", (ulong)_segmentBytes);
        writer.Write("hostEnded", _hostEnded);
        writer.Write("endSent", _endSent);
        writer.Write("endTaken", _endTaken);
        writer.Write("expected", (ulong)_expected);
        writer.Write("held", _held);
        writer.Write("guestEnded", _guestEnded);
        writer.Write("armed", _isArmed);
        writer.Write("generation", _generation);
        writer.Write("tries", _tries);
    }

    public static ForwardedConnection Load(StateReader reader)
    {
        uint number = (uint)reader.ReadUInt64("number");
        uint address = (uint)reader.ReadUInt64("address");
        ForwardedConnection loaded = new(number, address, (ushort)reader.ReadUInt64("port"));
        byte[] going = new byte[reader.ReadInt32("goingBytes")];
        reader.ReadBytes("going", going);
        loaded._going.AddRange(going);
        loaded._phase = (Phase)reader.ReadUInt64("phase");
        loaded._first = (uint)reader.ReadUInt64("first");
        loaded._next = (uint)reader.ReadUInt64("next");
        loaded._furthest = (uint)reader.ReadUInt64("furthest");
        loaded._window = reader.ReadInt32("window");
        loaded._segmentBytes = (ushort)reader.ReadUInt64("segmentBytes");
        loaded._hostEnded = reader.ReadBool("hostEnded");
        loaded._endSent = reader.ReadBool("endSent");
        loaded._endTaken = reader.ReadBool("endTaken");
        loaded._expected = (uint)reader.ReadUInt64("expected");
        loaded._held = reader.ReadInt32("held");
        loaded._guestEnded = reader.ReadBool("guestEnded");
        loaded._isArmed = reader.ReadBool("armed");
        loaded._generation = reader.ReadUInt64("generation");
        loaded._tries = reader.ReadInt32("tries");
        return loaded;
    }

    private void Ask(IForwardLink link)
    {
        Transmit(TcpFlags.Syn, _next++, default, link);
        _furthest = _next;
        Arm(RetryCycles << _tries, link);
    }

    private void Opened(in Segment segment, IForwardLink link)
    {
        Disarm();
        _tries = 0;
        _first = _next;
        _expected = segment.Number + 1;
        _window = segment.Window;
        _segmentBytes = segment.SegmentMax > 0 ? segment.SegmentMax : SegmentBytesDefault;
        _phase = Phase.Open;
        Acknowledge(link);
        Push(link);
    }

    private void Acknowledged(in Segment segment, IForwardLink link)
    {
        uint count = segment.Acknowledged - _first;
        if (count > _furthest - _first)
        {
            return;
        }
        _window = segment.Window;
        if (count == 0)
        {
            return;
        }
        int bytes = (int)Math.Min(count, (uint)_going.Count);
        _endTaken = count > bytes;
        _going.RemoveRange(0, bytes);
        _first = segment.Acknowledged;
        // What was sent before it was begun again from an earlier place has come after all.
        _next = (int)(_next - _first) < 0 ? _first : _next;
        Disarm();
        _tries = 0;
        if (bytes > 0)
        {
            link.Tell(OutsideOutput.Of(OutsideKind.Taken, number, bytes));
        }
    }

    private void TakeData(in Segment segment, IForwardLink link)
    {
        bool isLast = segment.Flags.HasFlag(TcpFlags.Fin);
        if (segment.Data.Length == 0 && !isLast)
        {
            return;
        }
        int known = (int)(_expected - segment.Number);
        if (known >= 0 && known <= segment.Data.Length)
        {
            int taken = Math.Min(segment.Data.Length - known, WindowMax - _held);
            if (taken > 0)
            {
                link.Tell(OutsideOutput.Of(OutsideKind.Bytes, number, segment.Data.Span.Slice(known, taken)));
                _expected += (uint)taken;
                _held += taken;
            }
            if (isLast && !_guestEnded && known + taken == segment.Data.Length)
            {
                _guestEnded = true;
                _expected++;
                link.Tell(OutsideOutput.Of(OutsideKind.End, number));
            }
        }
        Acknowledge(link);
    }

    /// <summary>Sends what there is room for, and the end behind it.</summary>
    private void Push(IForwardLink link)
    {
        if (_phase != Phase.Open)
        {
            return;
        }
        while (Math.Min(Unsent, _window - Flight) is > 0 and int room)
        {
            byte[] bytes = [.. _going.Slice(Flight, Math.Min(room, BurstBytes))];
            Transmit(TcpFlags.Ack | TcpFlags.Push, _next, bytes, link);
            _next += (uint)bytes.Length;
        }
        if (_hostEnded && !_endSent && !_endTaken && Unsent == 0)
        {
            _endSent = true;
            Transmit(TcpFlags.Fin | TcpFlags.Ack, _next++, default, link);
        }
        _furthest = (int)(_next - _furthest) > 0 ? _next : _furthest;
        if (Flight > 0 || Unsent > 0)
        {
            Arm(RetryCycles << _tries, link);
        }
    }

    private void Break(IForwardLink link)
    {
        _phase = Phase.Over;
        link.Tell(OutsideOutput.Of(OutsideKind.Broken, number));
    }

    private void Acknowledge(IForwardLink link) => Transmit(TcpFlags.Ack, _next, default, link);

    private void Transmit(TcpFlags flags, uint at, ReadOnlyMemory<byte> data, IForwardLink link)
    {
        ushort segmentMax = flags.HasFlag(TcpFlags.Syn) ? OwnSegmentMax : (ushort)0;
        Segment segment = new(
            0, 0, 0, 0, at, _expected, flags, (ushort)(WindowMax - _held), segmentMax, data);
        link.Transmit(this, segment, _segmentBytes);
    }

    private void Arm(long cycles, IForwardLink link)
    {
        if (!_isArmed)
        {
            _isArmed = true;
            link.After(cycles, this, ++_generation);
        }
    }

    private void Disarm() => _isArmed = false;
}
