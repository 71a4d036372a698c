using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The wall clock follows virtual time.</summary>
public sealed class RealTimeClockTests
{
    [Fact]
    public void Low_half_keeps_the_high_half_of_its_moment()
    {
        DeviceBench bench = new();
        bench.Attach(new RealTimeClock(new Address(Role.Power, 0), 0, bench.Wiring, 400_000_000, 0xffff_fff0));

        ulong low = bench.Read(0);
        bench.PassTime(400);
        ulong high = bench.Read(4);
        ulong later = bench.Read(0);

        Assert.Equal((0xffff_fff0UL, 0UL), (low, high));
        Assert.Equal((1000UL - 16, 1UL), (later, bench.Read(4)));
    }
}
