using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The coherence manager's registers (MIPS Coherence Manager, GCR).</summary>
public sealed class CoherenceManagerTests
{
    private readonly DeviceBench _bench = new(cpus: 4);

    public CoherenceManagerTests() =>
        _bench.Attach(new CoherenceManager(new Address(Role.Power, 0), 0, _bench.Wiring));

    [Theory]
    [InlineData("config: cores - 1", 0x000, 3UL)]
    [InlineData("base", 0x008, DeviceBench.Base)]
    [InlineData("revision", 0x030, 0x600UL)]
    [InlineData("the interrupt controller exists", 0x0d0, 1UL)]
    [InlineData("a power controller does not", 0x0f0, 0UL)]
    [InlineData("reset base", 0x2020, 0xbfc00000UL)]
    [InlineData("coherence", 0x2008, 0UL)]
    [InlineData("error cause, known only", 0x048, 0UL)]
    public void Register_has_its_reset_value(string title, uint offset, ulong value)
    {
        Assert.NotEmpty(title);
        Assert.Equal(value, _bench.Read(offset));
    }

    [Fact]
    public void Gic_base_keeps_address_and_enable()
    {
        _bench.Write(0x080, 0xE002_0001);

        Assert.Equal(0xE002_0001UL, _bench.Read(0x080));
    }

    [Fact]
    public void Local_registers_are_those_of_the_core_that_asks()
    {
        _bench.Write(0x2008, 0xff, cpu: 2);

        Assert.Equal(0xffUL, _bench.Read(0x2008, cpu: 2));
        Assert.Equal(0UL, _bench.Read(0x2008, cpu: 1));
        Assert.Equal(2UL, _bench.Read(0x2028, cpu: 2));
    }

    [Fact]
    public void Other_window_follows_the_asking_cores_own_selection()
    {
        _bench.Write(0x2018, 1 << 16, cpu: 0);
        _bench.Write(0x2018, 3 << 16, cpu: 1);

        Assert.Equal(1UL, _bench.Read(0x4028, cpu: 0));
        Assert.Equal(3UL, _bench.Read(0x4028, cpu: 1));
    }

    [Fact]
    public void Core_that_does_not_exist_reads_zero()
    {
        _bench.Write(0x2018, 9 << 16);

        Assert.Equal(0UL, _bench.Read(0x4020));
    }

    [Fact]
    public void Release_starts_a_core_once_at_its_reset_base()
    {
        _bench.Write(0x2018, 2 << 16);
        _bench.Write(0x4020, 0xa010_0fff);
        _bench.Write(0x4000, 0);
        _bench.Write(0x4000, 0);

        Assert.Equal(
            [(0xffff_ffff_a010_0000UL, 0UL)], _bench.Take(InterruptKind.CoreStart, Address.Cpu(2)));
    }
}
