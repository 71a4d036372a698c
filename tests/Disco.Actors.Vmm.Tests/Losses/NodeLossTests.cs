using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Disco.Actors.Vmm.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Losses;

/// <summary>
/// A fault takes the virtual machines that use the failed part, and no other. [Hive, SOSP'95, 3.1; Cellular Disco,
/// SOSP'99, 5]
/// </summary>
public sealed class NodeLossTests
{
    private static readonly NodeSet First = new(0b000011);
    private static readonly NodeSet Second = new(0b001100);
    private static readonly NodeSet Third = new(0b110000);

    /// <summary>At how many cycles nodes are lost, in each test; more with DISCO_LOSSES.</summary>
    private static int Points =>
        int.TryParse(Environment.GetEnvironmentVariable("DISCO_LOSSES"), out int points) ? points : 10;

    /// <summary>Losses at many cycles of the run, of one group of nodes and the other.</summary>
    [Fact]
    public void Virtual_machines_that_use_other_nodes_end_as_without_the_loss() =>
        Sweep(ThreeGroups(), 4 * Points, i => i % 2 == 0 ? (Second, 1) : (Third, 2));

    /// <summary>Also what is sent while nodes are being removed depends on the protocol.</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Broadcast)]
    [InlineData(ShootdownProtocol.Mach)]
    [InlineData(ShootdownProtocol.Multicast)]
    [InlineData(ShootdownProtocol.NumaMulticast)]
    [InlineData(ShootdownProtocol.Lazy)]
    [InlineData(ShootdownProtocol.Batched)]
    public void Every_shootdown_protocol_survives_the_loss(ShootdownProtocol protocol)
    {
        DiscoConfig config = ThreeGroups() with
        {
            Monitor = new MonitorConfig { Shootdown = new ShootdownConfig { Protocol = protocol } },
        };
        Sweep(config, Math.Max(2, Points / 4), i => i % 2 == 0 ? (Third, 2) : (Second, 1));
    }

    /// <summary>The code of an image lies where the first that boots from it is; the others use it from there.
    /// </summary>
    [Fact]
    public void Shared_code_on_a_surviving_node_stays()
    {
        VmConfig radix = Machines.Vm("radix", "keys=4096 radix=32", vcpus: 2);
        DiscoConfig config = Machines.On(
            Machines.Board(8), radix with { Nodes = First }, radix with { Nodes = Second },
            radix with { Nodes = Third });
        Sweep(config, Points, i => i % 2 == 0 ? (Second, 1) : (Third, 2));
    }

    [Fact]
    public void Shared_code_on_a_lost_node_takes_all_that_use_it()
    {
        VmConfig radix = Machines.Vm("radix", "keys=4096 radix=32", vcpus: 2);
        DiscoConfig config = Machines.On(
            Machines.Board(8), radix with { Nodes = Third }, radix with { Nodes = Second },
            Machines.Vm("raytrace", "size=32") with { Nodes = First });
        LossRun whole = LossRun.Of(config, NodeSet.None, 1);
        LossRun end = LossRun.Of(config, Third, whole.Run.Cycle.Value / 3);
        Assert.Equal((Outcome.Stopped, VmProcessors.LostExitCode), (end.Run.Outcome, end.Run.ExitCode));
        Assert.Equal([true, true, false], end.Lost);
        Assert.Equal(Machines.WithoutTimes(whole.Consoles[2]), Machines.WithoutTimes(end.Consoles[2]));
        Assert.Null(end.Broken);
    }

    /// <summary>Nobody stays anywhere: virtual CPUs are stolen and pages move, and still each ends, lost or well.
    /// </summary>
    [Fact]
    public void Virtual_machines_that_go_anywhere_end_lost_or_well()
    {
        VmConfig radix = Machines.Vm("radix", "keys=4096 radix=32", vcpus: 3);
        DiscoConfig config = Machines.On(
            Machines.Board(4), radix, Kernel(), Machines.Vm("raytrace", "size=32", vcpus: 2),
            Machines.Vm("hello", vcpus: 2)) with
        {
            Disks = [Machines.RootDisk()],
        };
        LossRun whole = LossRun.Of(config, NodeSet.None, 1);
        for (int i = 0; i < Points; i++)
        {
            long at = 1 + (whole.Run.Cycle.Value * i / Points);
            NodeSet nodes = new(1UL << (1 + (i % 3)));
            LossRun end = LossRun.Of(config, nodes, at);
            string context = $"nodes {nodes} lost at c{at}: {end.Run.Reason}\n{end.Run.Report}\n{end.Broken}";
            Assert.True(end.Run.Outcome == Outcome.Stopped && end.Broken is null, context);
            AssertSurvivors(whole, end, context);
        }
    }

    /// <summary>One state at one cycle, whatever the engine, and twice.</summary>
    [Fact]
    public void Same_state_on_every_engine()
    {
        DiscoConfig config = ThreeGroups();
        LossRun expected = LossRun.Of(config, Second, 777_777);
        Assert.True(expected.Lost[1]);
        Assert.Equal(expected.Hash, LossRun.Of(config, Second, 777_777).Hash);
        Assert.Equal(expected.Hash, LossRun.Of(config, Second, 777_777, threads: 2).Hash);
    }

    /// <summary>The keeper of all virtual machines is on the first node.</summary>
    [Fact]
    public void Loss_of_the_first_node_ends_the_run_with_a_report()
    {
        LossRun end = LossRun.Of(ThreeGroups(), First, 100_000);
        Assert.Equal(Outcome.Faulted, end.Run.Outcome);
        Assert.Contains("the nodes 0-1 are lost", end.Run.Reason, StringComparison.Ordinal);
    }

    private static void Sweep(DiscoConfig config, int points, Func<int, (NodeSet Nodes, int Victim)> lose)
    {
        LossRun whole = LossRun.Of(config, NodeSet.None, 1);
        Assert.Equal((Outcome.Stopped, 0), (whole.Run.Outcome, whole.Run.ExitCode));
        int losses = 0;
        for (int i = 0; i < points; i++)
        {
            long at = 1 + (whole.Run.Cycle.Value * i / points);
            (NodeSet nodes, int victim) = lose(i);
            LossRun end = LossRun.Of(config, nodes, at);
            string context = $"nodes {nodes} lost at c{at}: {end.Run.Reason}\n{end.Run.Report}\n{end.Broken}";
            Assert.True(end.Run.Outcome == Outcome.Stopped && end.Broken is null, context);
            AssertSurvivors(whole, end, context);
            Assert.True(end.Lost.Index().All(vm => vm.Index == victim || !vm.Item), context);
            losses += end.Lost[victim] ? 1 : 0;
        }
        Assert.True(losses > points / 3);
    }

    private static void AssertSurvivors(LossRun whole, LossRun end, string context)
    {
        Assert.Equal(end.Lost.Contains(true) ? VmProcessors.LostExitCode : 0, end.Run.ExitCode);
        for (int vm = 0; vm < end.Lost.Length; vm++)
        {
            Assert.True(end.Codes[vm] == (end.Lost[vm] ? VmProcessors.LostExitCode : 0), context);
            if (!end.Lost[vm])
            {
                Assert.Equal(
                    Machines.WithoutTimes(whole.Consoles[vm]), Machines.WithoutTimes(end.Consoles[vm]));
            }
        }
    }

    private static VmConfig Kernel() =>
        Machines.Vm("kernel", "jobs=1 size=8 check=0 quantum=50", vcpus: 2) with { Disks = [0] };

    private static DiscoConfig ThreeGroups() => Machines.On(
        Machines.Board(8),
        Machines.Vm("radix", "keys=16384 radix=64", vcpus: 2) with { Nodes = First },
        Kernel() with { Nodes = Second },
        Machines.Vm("fft", "points=4096", vcpus: 2) with { Nodes = Third }) with
    {
        Disks = [Machines.RootDisk()],
    };
}
