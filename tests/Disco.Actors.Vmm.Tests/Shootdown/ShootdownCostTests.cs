using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>
/// What a shootdown takes, from the interconnect's latencies and the occupancy of senders and handlers alone. The order
/// is that of Baumann et al. 2009, 5.1 (8 sockets of 4 cores); they measured 3.1, 4.8, 12.7 and 13.8 thousand cycles.
/// </summary>
public sealed class ShootdownCostTests(ITestOutputHelper output)
{
    [Theory]
    // On 16 x 2 the initiator never waits, and asking its node directly gives it one message more.
    [InlineData(8, 4)]
    [InlineData(4, 8)]
    public void At_32_cpus_the_protocols_come_in_the_order_barrelfish_found(int nodes, int cpusPerNode)
    {
        double numa = Mean(ShootdownProtocol.NumaMulticast, nodes, cpusPerNode);
        double multicast = Mean(ShootdownProtocol.Multicast, nodes, cpusPerNode);
        double unicast = Mean(ShootdownProtocol.Targeted, nodes, cpusPerNode);
        double broadcast = Mean(ShootdownProtocol.Broadcast, nodes, cpusPerNode);
        output.WriteLine($"numa {numa:F0}, multicast {multicast:F0}, unicast {unicast:F0}, broadcast {broadcast:F0}");

        Assert.True(numa < multicast);
        Assert.True(multicast < unicast);
        Assert.True(unicast <= broadcast);
    }

    /// <summary>With one CPU a node there is nobody to pass an order on to.</summary>
    [Fact]
    public void With_one_cpu_a_node_multicast_is_unicast() =>
        Assert.Equal(Mean(ShootdownProtocol.Targeted, 32, 1), Mean(ShootdownProtocol.Multicast, 32, 1));

    private static double Mean(ShootdownProtocol protocol, int nodes, int cpusPerNode) =>
        ShootdownMeasurement.Run(protocol, nodes, cpusPerNode, holders: 32, shootdowns: 20, seed: 1)
            .Latency.MeanCycles;

    [Fact]
    public void Costs_that_make_no_sense_are_named_with_what_to_do()
    {
        ShootdownConfig config = new() { SendCycles = -1, TickCycles = 0 };

        Assert.Equal(
            [
                "shootdown has -1 as cycles to send a message; make it 0 or more",
                "shootdown has 0 as cycles of a tick; make it 1 or more",
            ],
            config.Problems());
        Assert.Empty(new ShootdownConfig().Problems());
    }
}
