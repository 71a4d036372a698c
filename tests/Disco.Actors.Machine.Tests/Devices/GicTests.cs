using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Gic;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The Global Interrupt Controller, register by register (MIPS GIC manual).</summary>
public sealed class GicTests
{
    private const uint Config = 0x000;
    private const uint CounterLow = 0x010;
    private const uint CounterHigh = 0x014;
    private const uint Polarity = 0x100;
    private const uint Trigger = 0x180;
    private const uint Wedge = 0x280;
    private const uint ResetMask = 0x300;
    private const uint SetMask = 0x380;
    private const uint Mask = 0x400;
    private const uint Pending = 0x480;
    private const uint MapPin = 0x500;
    private const uint MapVp = 0x2000;
    private const uint Local = 0x8000;
    private const uint Other = 0xc000;
    private const uint User = 0x10000;

    private readonly DeviceBench _bench = new(cpus: 4);

    public GicTests() =>
        _bench.Attach(new GicActor(
            new Address(Role.Interrupts, 0), 0, _bench.Wiring, 64, counterHz: 100_000_000, clockHz: 400_000_000));

    [Fact]
    public void Config_shows_vps_interrupts_and_a_64_bit_counter() =>
        Assert.Equal(0x0807_0003UL, _bench.Read(Config));

    [Fact]
    public void Counter_runs_at_its_rate()
    {
        _bench.PassTime(4000);

        Assert.Equal(1000UL, _bench.Read(CounterLow));
        Assert.Equal(1000UL, _bench.Read(User, sizeBytes: 8));
    }

    [Fact]
    public void Counter_stops_can_be_set_and_goes_on()
    {
        _bench.Write(Config, 1u << 28);
        _bench.Write(CounterHigh, 7);
        _bench.Write(CounterLow, 9);
        _bench.PassTime(400);
        ulong stopped = _bench.Read(CounterLow, sizeBytes: 8);
        _bench.Write(Config, 0);
        _bench.PassTime(400);

        Assert.Equal((7UL << 32) | 9, stopped);
        Assert.Equal(9UL + 100, _bench.Read(CounterLow));
        Assert.Equal(7UL, _bench.Read(CounterHigh));
    }

    [Fact]
    public void Mask_bits_are_set_and_cleared_by_ones()
    {
        _bench.Write(SetMask + 4, 0b1110);
        _bench.Write(ResetMask + 4, 0b0100);

        Assert.Equal(0b1010UL, _bench.Read(Mask + 4));
    }

    [Fact]
    public void Level_interrupt_is_pending_while_its_line_is_at_its_polarity()
    {
        _bench.Write(Polarity, 1u << 5);

        ulong before = _bench.Read(Pending) & (1 << 5);
        _bench.Deliver(InterruptMessage.LineLevel(5, true));

        Assert.Equal(0UL, before);
        Assert.Equal(1UL << 5, _bench.Read(Pending) & (1 << 5));
    }

    [Fact]
    public void Line_reaches_the_mapped_pin_of_the_mapped_cpu_only()
    {
        Route(5, pin: 3, cpu: 2);

        _bench.Deliver(InterruptMessage.LineLevel(5, true));
        _bench.Deliver(InterruptMessage.LineLevel(5, false));

        Assert.Equal([(8UL, 0UL), (0UL, 0UL)], Pins(2));
        Assert.Empty(Pins(0));
    }

    [Fact]
    public void Masked_interrupt_is_pending_but_moves_no_pin()
    {
        Route(5, pin: 0, cpu: 1);
        _bench.Write(ResetMask, 1u << 5);

        _bench.Deliver(InterruptMessage.LineLevel(5, true));

        Assert.NotEqual(0UL, _bench.Read(Pending) & (1 << 5));
        Assert.Empty(Pins(1));
    }

    [Fact]
    public void Two_interrupts_on_one_pin_hold_it_until_both_are_gone()
    {
        Route(5, pin: 0, cpu: 0);
        Route(6, pin: 0, cpu: 0);

        _bench.Deliver(InterruptMessage.LineLevel(5, true));
        _bench.Deliver(InterruptMessage.LineLevel(6, true));
        _bench.Deliver(InterruptMessage.LineLevel(5, false));
        (ulong A, ulong B)[] during = Pins(0);
        _bench.Deliver(InterruptMessage.LineLevel(6, false));

        Assert.Equal([(1UL, 0UL)], during);
        Assert.Equal([(0UL, 0UL)], Pins(0));
    }

    /// <summary>WEDGE with bit 31 raises an edge interrupt, without it acknowledges.</summary>
    [Fact]
    public void Wedge_interrupts_another_cpu_until_it_is_cleared()
    {
        Route(60, pin: 0, cpu: 3);
        _bench.Write(Trigger + 4, 1u << 28);

        _bench.Write(Wedge, 0x8000_0000 | 60, cpu: 0);
        (ulong A, ulong B)[] raised = Pins(3);
        _bench.Write(Wedge, 60, cpu: 3);

        Assert.Equal([(1UL, 0UL)], raised);
        Assert.Equal([(0UL, 0UL)], Pins(3));
    }

    [Fact]
    public void Edge_interrupt_stays_pending_after_its_line_falls()
    {
        Route(5, pin: 0, cpu: 0);
        _bench.Write(Trigger, 1u << 5);

        _bench.Deliver(InterruptMessage.LineLevel(5, true));
        _bench.Deliver(InterruptMessage.LineLevel(5, false));

        Assert.Equal([(1UL, 0UL)], Pins(0));
    }

    /// <summary>Every local source is mapped to pin 0 from reset; started CPUs rely on it.</summary>
    [Fact]
    public void Local_maps_lead_to_pin_0_from_reset() => Assert.Equal(0x8000_0000UL, _bench.Read(Local + 0x44, cpu: 3));

    [Fact]
    public void Compare_interrupts_its_own_cpu_when_the_counter_reaches_it()
    {
        _bench.Write(Local + 0x10, 2, cpu: 1);
        SetCompare(1, 100);

        _bench.PassTime(399);
        (ulong A, ulong B)[] early = Pins(1);
        _bench.PassTime(1);

        Assert.Empty(early);
        Assert.Equal([(1UL, 0UL)], Pins(1));
        Assert.Equal(2UL, _bench.Read(Local + 0x04, cpu: 1));
    }

    [Fact]
    public void Compare_in_the_past_does_not_fire()
    {
        _bench.PassTime(4000);
        _bench.Write(Local + 0x10, 2, cpu: 1);
        SetCompare(1, 1000);

        _bench.PassTime(40000);

        Assert.Empty(Pins(1));
    }

    [Fact]
    public void Compare_written_again_acknowledges_and_forgets_the_earlier_time()
    {
        _bench.Write(Local + 0x10, 2, cpu: 0);
        SetCompare(0, 100);
        SetCompare(0, 200);

        _bench.PassTime(600);
        (ulong A, ulong B)[] early = Pins(0);
        _bench.PassTime(400);
        SetCompare(0, 200);

        Assert.Empty(early);
        Assert.Equal([(1UL, 0UL), (0UL, 0UL)], Pins(0));
    }

    [Fact]
    public void Other_section_shows_the_registers_of_the_named_vp()
    {
        _bench.Write(Local + 0x80, 2, cpu: 0);
        _bench.Write(Other + 0x10, 2, cpu: 0);

        Assert.Equal(2UL, _bench.Read(Local + 0x08, cpu: 2));
        Assert.Equal(0UL, _bench.Read(Local + 0x08, cpu: 0));
        Assert.Equal(2UL, _bench.Read(Other + 0x88, cpu: 0));
    }

    [Fact]
    public void Undeclared_register_reads_zero() => Assert.Equal(0UL, _bench.Read(0x7000));

    [Fact]
    public void Machines_above_16_cpus_have_256_interrupts_and_64_vp_bits()
    {
        DeviceBench large = new(cpus: 64);
        large.Attach(new GicActor(new Address(Role.Interrupts, 0), 0, large.Wiring, GicActor.InterruptsFor(64), 1, 1));
        large.Write(MapPin + (4 * 255), 0x8000_0000);
        large.Write(MapVp + (0x20 * 255) + 4, 1u << 31);
        large.Write(Polarity + 28, 1u << 31);
        large.Write(Trigger + 28, 1u << 31);
        large.Write(SetMask + 28, 1u << 31);

        large.Write(Wedge, 0x8000_00ff);

        Assert.Equal(0x081f_003fUL, large.Read(Config));
        Assert.Equal([(1UL, 0UL)], large.Take(InterruptKind.InterruptLevel, Address.Cpu(63)));
    }

    [Fact]
    public void State_saved_and_loaded_is_the_same()
    {
        Route(40, pin: 1, cpu: 1);
        SetCompare(2, 1234);
        GicActor copy = new(new Address(Role.Interrupts, 0), 0, _bench.Wiring, 64, 1, 4);
        GicActor original = _bench.Attach(copy);
        Snapshot saved = Snapshot.Of(original);

        copy.Load(saved.Read());

        Assert.Empty(saved.Differences(Snapshot.Of(copy)));
    }

    private void Route(int interrupt, uint pin, int cpu)
    {
        uint word = (uint)(interrupt / 32) * 4;
        uint bit = 1u << (interrupt % 32);
        _bench.Write(Polarity + word, _bench.Read(Polarity + word) | bit);
        _bench.Write(MapPin + (4 * (uint)interrupt), 0x8000_0000 | pin);
        _bench.Write(MapVp + (0x20 * (uint)interrupt), 1u << cpu);
        _bench.Write(SetMask + word, bit);
    }

    private void SetCompare(int cpu, ulong value)
    {
        _bench.Write(Local + 0xa4, value >> 32, cpu);
        _bench.Write(Local + 0xa0, value & 0xffff_ffff, cpu);
    }

    private (ulong A, ulong B)[] Pins(int cpu) => _bench.Take(InterruptKind.InterruptLevel, Address.Cpu(cpu));
}
