using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Registers;

namespace Disco.Actors.Machine.Devices;

/// <summary>
/// The console: an NS16550A whose register r is the low byte of the word at 4r (board spec, Console).
/// Transmission takes no time, so the transmitter is always empty; received characters wait in a FIFO without bound.
/// </summary>
public sealed class Uart(Address address, int node, DeviceWiring wiring) : DeviceActor(address, node, wiring)
{
    // LSR: data ready, transmitter holding register empty, transmitter empty.
    private const byte DataReady = 0x01;
    private const byte TransmitterEmpty = 0x60;

    // IIR: the pending cause, and the bits that say the FIFOs are on.
    private const byte NoCause = 0x01;
    private const byte TransmitCause = 0x02;
    private const byte ReceiveCause = 0x04;
    private const byte FifosOn = 0xc0;

    private const byte DivisorLatch = 0x80;

    // MSR: clear to send, data set ready, carrier detect.
    private const byte LineReady = 0xb0;

    // 31     8 7                                  0
    // +-------+------------------------------------+
    // |   -   | RBR/THR, DLL when LCR.7            |  0x00
    // |   -   | IER (3:0), DLM when LCR.7          |  0x04
    // |   -   | read IIR, write FCR                |  0x08
    // |   -   | LCR                                |  0x0c
    // |   -   | MCR (4 loopback: known)            |  0x10
    // |   -   | LSR                                |  0x14
    // |   -   | MSR                                |  0x18
    // |   -   | SCR                                |  0x1c
    // +-------+------------------------------------+
    public static readonly RegisterMap Map = RegisterMap.Of(
        Register.Of(Offsets.Data, Field.ReadWrite("RBR_THR", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.InterruptEnable, Field.ReadWrite("IER", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.InterruptIdentity, Field.ReadWrite("IIR_FCR", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.LineControl, Field.ReadWrite("LCR", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.ModemControl,
            Field.ReadWrite("OUT", 3, 0), Field.Known("LOOP", 4, 4), Field.Reserved(31, 5)),
        Register.Of(Offsets.LineStatus, Field.ReadOnly("LSR", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.ModemStatus, Field.ReadOnly("MSR", 7, 0), Field.Reserved(31, 8)),
        Register.Of(Offsets.Scratch, Field.ReadWrite("SCR", 7, 0), Field.Reserved(31, 8)));

    private readonly Queue<byte> _received = new();
    private UartState _state;

    private enum Offsets : uint
    {
        Data = 0x00,
        InterruptEnable = 0x04,
        InterruptIdentity = 0x08,
        LineControl = 0x0c,
        ModemControl = 0x10,
        LineStatus = 0x14,
        ModemStatus = 0x18,
        Scratch = 0x1c,
    }

    /// <summary>Who reads what is printed besides the outside; null for nobody.</summary>
    public Address? Reader { get; init; }

    private bool DivisorSelected => (_state.LineControl & DivisorLatch) != 0;

    private bool ReceivePending => _received.Count > 0 && (_state.InterruptEnable & 1) != 0;

    private bool TransmitPending => _state.TransmitLatch && (_state.InterruptEnable & 2) != 0;

    /// <summary>A message that types one to eight characters: A = the first in the low byte, B = how many.</summary>
    public static Message Input(ReadOnlySpan<byte> characters)
    {
        Invariant.Holds(characters.Length is > 0 and <= sizeof(ulong));
        ulong packed = 0;
        for (int i = 0; i < characters.Length; i++)
        {
            packed |= (ulong)characters[i] << (8 * i);
        }
        return new Message
        {
            Kind = (ushort)UncachedKind.ConsoleInput,
            Lane = Lane.Request,
            A = packed,
            B = (ulong)characters.Length,
        };
    }

    private static Message Printed(byte character) => new()
    {
        Kind = (ushort)UncachedKind.ConsoleOutput,
        Lane = Lane.Request,
        A = character,
    };

    public override void Save(StateWriter writer)
    {
        base.Save(writer);
        writer.Write("enable", _state.InterruptEnable);
        writer.Write("fifos", _state.FifosOn);
        writer.Write("lineControl", _state.LineControl);
        writer.Write("modemControl", _state.ModemControl);
        writer.Write("scratch", _state.Scratch);
        writer.Write("divisor", _state.Divisor);
        writer.Write("transmitLatch", _state.TransmitLatch);
        writer.Write("received", _received.Count);
        writer.Write("characters", _received.ToArray());
    }

    public override void Load(StateReader reader)
    {
        base.Load(reader);
        _state.InterruptEnable = (byte)reader.ReadUInt64("enable");
        _state.FifosOn = reader.ReadBool("fifos");
        _state.LineControl = (byte)reader.ReadUInt64("lineControl");
        _state.ModemControl = (byte)reader.ReadUInt64("modemControl");
        _state.Scratch = (byte)reader.ReadUInt64("scratch");
        _state.Divisor = (ushort)reader.ReadUInt64("divisor");
        _state.TransmitLatch = reader.ReadBool("transmitLatch");
        byte[] characters = new byte[reader.ReadInt32("received")];
        reader.ReadBytes("characters", characters);
        _received.Clear();
        foreach (byte character in characters)
        {
            _received.Enqueue(character);
        }
    }

    protected override void ReceiveOther(in Envelope envelope, Context context)
    {
        Invariant.Holds(envelope.Message.Kind == (ushort)UncachedKind.ConsoleInput);
        for (int i = 0; i < (int)envelope.Message.B; i++)
        {
            _received.Enqueue((byte)(envelope.Message.A >> (8 * i)));
        }
        UpdateLine(context);
    }

    protected override uint ReadRegister(uint offset, int cpu, Context context)
    {
        if (Decode(Map, offset, 0, false, context) is not { } access)
        {
            return 0;
        }
        uint value = (Offsets)access.Register.Offset switch
        {
            Offsets.Data => DivisorSelected ? (byte)_state.Divisor : Take(),
            Offsets.InterruptEnable => DivisorSelected ? (byte)(_state.Divisor >> 8) : _state.InterruptEnable,
            Offsets.InterruptIdentity => Identify(),
            Offsets.LineControl => _state.LineControl,
            Offsets.ModemControl => _state.ModemControl,
            Offsets.LineStatus => (byte)(TransmitterEmpty | (_received.Count > 0 ? DataReady : 0)),
            Offsets.ModemStatus => LineReady,
            Offsets.Scratch => _state.Scratch,
        };
        UpdateLine(context);
        return value & access.Register.ReadMask;
    }

    protected override void WriteRegister(uint offset, uint value, int cpu, Context context)
    {
        if (Decode(Map, offset, value, true, context) is not { } access)
        {
            return;
        }
        byte written = (byte)(value & access.Register.WriteMask);
        switch ((Offsets)access.Register.Offset)
        {
            case Offsets.Data:
                WriteData(written, context);
                break;
            case Offsets.InterruptEnable:
                WriteEnable(written);
                break;
            case Offsets.InterruptIdentity:
                WriteFifoControl(written);
                break;
            case Offsets.LineControl:
                _state.LineControl = written;
                break;
            case Offsets.ModemControl:
                _state.ModemControl = written;
                break;
            case Offsets.Scratch:
                _state.Scratch = written;
                break;
            case Offsets.LineStatus:
            case Offsets.ModemStatus:
                break;
        }
        UpdateLine(context);
    }

    private byte Take() => _received.TryDequeue(out byte character) ? character : (byte)0;

    // Reading the identity while it reports "transmitter empty" takes that cause away (16550 data sheet, IIR).
    private byte Identify()
    {
        byte cause = NoCause;
        if (ReceivePending)
        {
            cause = ReceiveCause;
        }
        else if (TransmitPending)
        {
            cause = TransmitCause;
            _state.TransmitLatch = false;
        }
        return (byte)(cause | (_state.FifosOn ? FifosOn : 0));
    }

    private void WriteData(byte value, Context context)
    {
        if (DivisorSelected)
        {
            _state.Divisor = (ushort)((_state.Divisor & 0xff00) | value);
            return;
        }
        context.Output([value]);
        if (Reader is { } reader)
        {
            Send(reader, 0, Printed(value), context);
        }
        _state.TransmitLatch = true;
    }

    // Enabling the transmit interrupt while the transmitter is empty raises it at once; drivers probe for that.
    private void WriteEnable(byte value)
    {
        if (DivisorSelected)
        {
            _state.Divisor = (ushort)((_state.Divisor & 0x00ff) | (value << 8));
            return;
        }
        bool transmitTurnedOn = (value & 2) != 0 && (_state.InterruptEnable & 2) == 0;
        _state.InterruptEnable = (byte)(value & 0x0f);
        _state.TransmitLatch |= transmitTurnedOn;
    }

    private void WriteFifoControl(byte value)
    {
        _state.FifosOn = (value & 1) != 0;
        if ((value & 2) != 0)
        {
            _received.Clear();
        }
    }

    private void UpdateLine(Context context) => DriveLine(ReceivePending || TransmitPending, context);

    private record struct UartState
    {
        public byte InterruptEnable;
        public bool FifosOn;
        public byte LineControl;
        public byte ModemControl;
        public byte Scratch;
        public ushort Divisor;

        // The transmitter has become empty and nobody has been told since.
        public bool TransmitLatch;
    }
}
