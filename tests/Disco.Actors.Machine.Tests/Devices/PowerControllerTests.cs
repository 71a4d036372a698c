using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>The system controller that ends a run.</summary>
public sealed class PowerControllerTests
{
    private readonly DeviceBench _bench = new();

    public PowerControllerTests() =>
        _bench.Attach(new PowerController(new Address(Role.Power, 0), 0, _bench.Wiring));

    [Theory]
    [InlineData("power off", 0x0000_5555U, 0, "power off")]
    [InlineData("power off with exit code", 0x0003_5555U, 3, "power off")]
    [InlineData("reset", 0x0000_7777U, 0, "reset")]
    public void Command_stops_the_run(string title, uint value, int code, string reason)
    {
        Assert.NotEmpty(title);
        _bench.Write(0, value);

        Assert.Equal((code, reason), _bench.Stopped);
    }

    [Fact]
    public void Other_values_do_nothing_and_it_reads_zero()
    {
        _bench.Write(0, 0x1234);

        Assert.Null(_bench.Stopped);
        Assert.Equal(0UL, _bench.Read(0));
    }
}
