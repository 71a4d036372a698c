using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Machine.Tests.Protocol;

/// <summary>Where addresses live and how far nodes are apart.</summary>
public sealed class InterconnectTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Homes_and_offsets_are_a_bijection(int nodes)
    {
        foreach (IHomeMap map in (IHomeMap[])
            [new RoundRobinPages(nodes, 4 * Page.Bytes), new ContiguousPerNode(nodes, 4 * Page.Bytes)])
        {
            HashSet<(NodeId, ulong)> places = [];
            for (ulong address = 0; address < map.MemoryBytes; address += 512)
            {
                NodeId home = map.HomeOf(new MachineAddress(address));
                ulong offset = map.OffsetOf(new MachineAddress(address));

                Assert.True(offset < map.NodeBytes);
                Assert.True(places.Add((home, offset)));
                Assert.Equal(new MachineAddress(address), map.AddressOf(home, offset));
            }
        }
    }

    /// <summary>Each hop by the port the routing names brings a message one hop nearer.</summary>
    [Theory]
    [InlineData(TopologyKind.Ring, 2)]
    [InlineData(TopologyKind.Ring, 7)]
    [InlineData(TopologyKind.Mesh, 12)]
    [InlineData(TopologyKind.Mesh, 16)]
    [InlineData(TopologyKind.Hypercube, 16)]
    public void Topologies_are_symmetric_and_neighbours_use_every_port_once(TopologyKind kind, int nodes)
    {
        Topology topology = new(kind, nodes);
        for (int from = 0; from < nodes; from++)
        {
            List<int> ports = [];
            for (int to = 0; to < nodes; to++)
            {
                Assert.Equal(topology.Hops(from, to), topology.Hops(to, from));
                Assert.Equal(from == to, topology.Hops(from, to) == 0);
                if (topology.Hops(from, to) == 1)
                {
                    ports.Add(topology.PortTowards(from, to));
                }
            }
            Assert.Equal(ports.Count, ports.Distinct().Count());
        }
    }

    [Fact]
    public void Hypercube_distance_is_the_number_of_different_bits() =>
        Assert.Equal(3, new Topology(TopologyKind.Hypercube, 16).Hops(0b0010, 0b1001));

    [Fact]
    public void Coherence_message_survives_packing()
    {
        CoherenceMessage message = new(CoherenceKind.FwdGetX, new LineAddress(0x1F80), 127, 3, 200);

        Assert.Equal(message, CoherenceMessage.From(message.Pack()));
        Assert.Equal(Lane.Request, message.Pack().Lane);
    }

    /// <summary>Between nodes a message goes by the network, which is told both ends.</summary>
    [Fact]
    public void Message_to_another_node_goes_to_the_senders_network_actor()
    {
        Fabric fabric = new(new InterconnectConfig(), new RoundRobinPages(2, Page.Bytes));
        fabric.PlaceAgent(0, Address.Cpu(0), 0);
        RecordingContext context = new();

        fabric.Send(context, Address.Cpu(0), Address.Directory(1), 0, new Message { Kind = 0x0101 });

        (Address target, long latency, Message message) = Assert.Single(context.TakeSent());
        Assert.Equal((Address.Network(0), 30L), (target, latency));
        Assert.Equal(Address.Cpu(0), Fabric.SenderOf(message));
        Assert.Equal(Address.Directory(1), Fabric.TargetOf(message));
    }

    /// <summary>A device's answer comes back by the network to it and to nobody else.</summary>
    [Fact]
    public void Both_ends_of_a_route_are_kept_for_every_role()
    {
        foreach (Role role in Enum.GetValues<Role>())
        {
            Fabric fabric = new(new InterconnectConfig(), new RoundRobinPages(2, Page.Bytes));
            Address one = new(role, 63);
            Address other = new(role, 0x100);
            fabric.Place(one, 0);
            fabric.Place(other, 1);
            RecordingContext context = new();

            fabric.Send(context, one, other, 0, new Message { Kind = 0x0101 });

            (_, _, Message message) = Assert.Single(context.TakeSent());
            Assert.Equal((one, other), (Fabric.SenderOf(message), Fabric.TargetOf(message)));
        }
    }
}
