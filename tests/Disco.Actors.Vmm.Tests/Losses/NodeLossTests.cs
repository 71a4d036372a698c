using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Losses;

/// <summary>
/// A fault takes the virtual machines that use the failed part, and no other. [Hive, SOSP'95, 3.1; Cellular Disco,
/// SOSP'99, 5]
/// </summary>
public sealed class NodeLossTests
{
    private static readonly NodeSet Second = new(0b001100);
    private static readonly NodeSet Third = new(0b110000);

    /// <summary>Losses at many cycles of the run, from the first to behind the end of the shortest.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Virtual_machines_that_use_other_nodes_end_as_without_the_loss(int part)
    {
        DiscoConfig config = ThreeGroups();
        LossRun whole = LossRun.Of(config, NodeSet.None, 1);
        Assert.Equal((Outcome.Stopped, 0), (whole.Run.Outcome, whole.Run.ExitCode));
        for (int i = 0; i < 10; i++)
        {
            long at = 1 + (whole.Run.Cycle.Value * ((i * 4) + part) / 40);
            NodeSet nodes = i % 2 == 0 ? Second : Third;
            int victim = i % 2 == 0 ? 1 : 2;
            LossRun end = LossRun.Of(config, nodes, at);
            string context = $"nodes {nodes} lost at c{at}: {end.Run.Reason}\n{end.Run.Report}";
            Assert.True(end.Run.Outcome == Outcome.Stopped, context);
            Assert.True(end.Broken is null, $"{context}\n{end.Broken}");
            for (int vm = 0; vm < config.Vms.Count; vm++)
            {
                if (vm == victim && end.Lost[vm])
                {
                    Assert.Equal(VmProcessors.LostExitCode, end.Codes[vm]);
                    continue;
                }
                Assert.False(end.Lost[vm], context);
                Assert.Equal(0, end.Codes[vm]);
                Assert.Equal(
                    Machines.WithoutTimes(whole.Consoles[vm]), Machines.WithoutTimes(end.Consoles[vm]));
            }
            Assert.Equal(end.Lost[victim] ? VmProcessors.LostExitCode : 0, end.Run.ExitCode);
        }
    }

    private static DiscoConfig ThreeGroups() => Machines.On(
        Machines.Board(8),
        Machines.Vm("radix", "keys=2048 radix=32", vcpus: 2) with { Nodes = new NodeSet(0b000011) },
        Machines.Vm("kernel", "jobs=2 size=8 check=0 quantum=50", vcpus: 2) with
        {
            Nodes = Second, Disks = [0],
        },
        Machines.Vm("raytrace", "size=16", vcpus: 2) with { Nodes = Third }) with
    {
        Disks = [new("root", File.ReadAllBytes(Repository.PathOf("guests", "images", "kernel.disk")), false)],
    };
}
