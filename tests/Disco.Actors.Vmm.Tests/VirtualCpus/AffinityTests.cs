using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Xunit;

namespace Disco.Actors.Vmm.Tests.VirtualCpus;

/// <summary>Virtual machines that stay on nodes of their own, as the cells of Hive. [Chapin et al., SOSP'95]</summary>
public sealed class AffinityTests
{
    /// <summary>One with more virtual CPUs than its nodes have CPUs, beside idle nodes: nobody may steal.</summary>
    [Fact]
    public void Virtual_machine_stays_on_its_nodes()
    {
        DiscoConfig config = Machines.On(
            Machines.Board(8),
            Machines.Vm("radix", "keys=4096 radix=64", vcpus: 4) with { Nodes = new NodeSet(0b000110) },
            Machines.Vm("hello") with { Nodes = new NodeSet(0b001000) },
            Machines.Vm("hello") with { Nodes = new NodeSet(0b110000) });
        DiscoMachine machine = DiscoBuilder.Build(config);
        Engine engine = Machines.EngineOf(machine, new EngineOptions(), 0);
        for (int part = 1; part <= 40; part++)
        {
            RunResult result = engine.Run(new Cycle(part * 25_000L));
            Assert.Null(FirstStray(machine));
            if (result.Outcome == Outcome.Stopped)
            {
                break;
            }
        }
        VmsEnd end = Machines.Run(machine, engine);
        Assert.Equal((Outcome.Stopped, 0), (end.Run.Outcome, end.Run.ExitCode));
        Assert.Null(FirstStray(machine));
    }

    [Fact]
    public void Nodes_that_the_board_has_not_are_refused()
    {
        DiscoConfig config = Machines.On(
            Machines.Board(2), Machines.Vm("hello") with { Nodes = new NodeSet(0b110) });
        BoardException refused = Assert.Throws<BoardException>(() => DiscoBuilder.Build(config));
        Assert.Contains("no node 2", refused.Message, StringComparison.Ordinal);
    }

    private static string? FirstStray(DiscoMachine machine)
    {
        foreach (VirtualMachine vm in machine.Vms)
        {
            NodeSet nodes = machine.Config.NodesOf(vm.Number);
            for (int cpu = 0; cpu < machine.Monitors.Count; cpu++)
            {
                bool holds = machine.Monitors[cpu].Held.Any(vcpu => vcpu.Machine.Id == vm.Number);
                if (holds && !nodes.Contains(machine.Config.Board.NodeOf(cpu)))
                {
                    return $"cpu/{cpu} holds a virtual CPU of vm/{vm.Number}";
                }
            }
            for (uint page = 0; page < (uint)vm.Monitor.Pages; page++)
            {
                PageView view = vm.Monitor.ViewOf(new PhysicalPage(page));
                // The code of an image is where the first that boots from it is.
                if (view.Frame.Exists && !view.IsShared
                    && !nodes.Contains(machine.Hardware.Fabric.Homes.HomeOf(view.Frame.Address).Value))
                {
                    return $"page {page} of vm/{vm.Number} is elsewhere";
                }
            }
        }
        return null;
    }
}
