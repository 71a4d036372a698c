using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The console's registers (NS16550A data sheet).</summary>
public sealed class UartTests
{
    private const uint Data = 0x00;
    private const uint Enable = 0x04;
    private const uint Identity = 0x08;
    private const uint LineControl = 0x0c;
    private const uint LineStatus = 0x14;
    private const uint ModemStatus = 0x18;
    private const uint Scratch = 0x1c;

    private readonly DeviceBench _bench = new();

    public UartTests() => _bench.Attach(new Uart(new Address(Role.Console, 0), 0, _bench.Wiring));

    [Fact]
    public void Written_characters_come_out()
    {
        _bench.Write(Data, 'o');
        _bench.Write(Data, 'k', sizeBytes: 1);

        Assert.Equal("ok", _bench.Printed);
    }

    [Fact]
    public void Transmitter_is_always_empty() => Assert.Equal(0x60UL, _bench.Read(LineStatus));

    [Fact]
    public void Modem_is_ready() => Assert.Equal(0xb0UL, _bench.Read(ModemStatus));

    [Fact]
    public void Divisor_is_written_behind_the_latch_bit_and_prints_nothing()
    {
        _bench.Write(LineControl, 0x83);
        _bench.Write(Data, 0x0c);
        _bench.Write(Enable, 0x01);

        Assert.Equal(0x0cUL, _bench.Read(Data));
        Assert.Equal(0x01UL, _bench.Read(Enable));
        Assert.Empty(_bench.Printed);
    }

    [Fact]
    public void Scratch_keeps_a_byte()
    {
        _bench.Write(Scratch, 0x1a5);

        Assert.Equal(0xa5UL, _bench.Read(Scratch));
    }

    [Fact]
    public void Typed_characters_are_ready_and_read_in_order()
    {
        _bench.Deliver(Uart.Input("hi"u8));

        Assert.Equal(0x61UL, _bench.Read(LineStatus));
        Assert.Equal((ulong)'h', _bench.Read(Data));
        Assert.Equal((ulong)'i', _bench.Read(Data));
        Assert.Equal(0x60UL, _bench.Read(LineStatus));
    }

    [Fact]
    public void Received_character_interrupts_until_it_is_read()
    {
        _bench.Write(Enable, 1);
        _bench.Deliver(Uart.Input("x"u8));

        ulong identity = _bench.Read(Identity);
        _bench.Read(Data);

        Assert.Equal(0x04UL, identity);
        Assert.Equal([(5UL, 1UL), (5UL, 0UL)], _bench.Take(InterruptKind.LineLevel, new Address(Role.Interrupts, 0)));
    }

    /// <summary>Enabling the transmit interrupt raises it at once; reading IIR takes it away.</summary>
    [Fact]
    public void Transmit_interrupt_comes_on_enabling_and_goes_on_identification()
    {
        _bench.Write(Enable, 2);

        ulong first = _bench.Read(Identity);
        ulong second = _bench.Read(Identity);

        Assert.Equal(0x02UL, first);
        Assert.Equal(0x01UL, second);
    }

    [Fact]
    public void Fifos_show_in_the_identity_once_they_are_on()
    {
        _bench.Write(Identity, 1);

        Assert.Equal(0xc1UL, _bench.Read(Identity));
    }
}
