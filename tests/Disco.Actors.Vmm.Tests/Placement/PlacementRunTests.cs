using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Placement;

/// <summary>A whole machine: caches miss, directories count, pages move, the guest does not notice. [Disco 4.2.3]
/// </summary>
public sealed class PlacementRunTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.Targeted)]
    [InlineData(PlacementPolicy.Ace, ShootdownProtocol.Mach)]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.NumaMulticast)]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.Batched)]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.Broadcast)]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.Multicast)]
    [InlineData(PlacementPolicy.Verghese, ShootdownProtocol.Lazy)]
    public void Radix_is_right_while_its_pages_move(PlacementPolicy policy, ShootdownProtocol protocol)
    {
        VmConfig vm = Machines.Vm("radix", "keys=16384 radix=256", vcpus: 4);
        DiscoConfig config = Machines.On(Machines.Board(4), vm) with
        {
            Placement = new PlacementConfig
            {
                Policy = policy, TriggerMisses = 24, SharingMisses = 16, ResetCycles = 400_000,
            },
        };
        config = config with
        {
            Monitor = config.Monitor with
            {
                Shootdown = config.Monitor.Shootdown with { Protocol = protocol, TickCycles = 40_000 },
            },
        };
        (long migrations, long replications) = RunMoving(config);

        Assert.True(migrations + replications > 0);
    }

    /// <summary>The scene is read by all; its pages get copies.</summary>
    [Fact]
    public void Raytrace_is_right_while_its_scene_is_replicated()
    {
        VmConfig vm = Machines.Vm("raytrace", "size=32", vcpus: 4);
        DiscoConfig config = Machines.On(Machines.Board(4), vm) with
        {
            Placement = new PlacementConfig
            {
                Policy = PlacementPolicy.Verghese, TriggerMisses = 8, SharingMisses = 4, ResetCycles = 400_000,
            },
        };

        (_, long replications) = RunMoving(config);

        Assert.True(replications > 0);
    }

    private (long Migrations, long Replications) RunMoving(DiscoConfig config)
    {
        DiscoMachine machine = DiscoBuilder.Build(config);

        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new(), 0));

        VmMonitor monitor = machine.Vms[0].Monitor;
        long migrations = monitor.Transactions.CountOf(TransactionKind.Migration);
        long replications = monitor.Transactions.CountOf(TransactionKind.Replication);
        output.WriteLine($"{config.Placement.Policy} {config.Monitor.Shootdown.Protocol}: {end.Cycles} cycles, "
            + $"{migrations} migrations, {replications} replications, "
            + $"{machine.Hardware.Directories.Sum(home => home.HotPages)} reports, "
            + $"{monitor.Shootdowns.Completed - monitor.Shootdowns.Alone} shootdowns");
        Assert.Equal(0, end.Run.ExitCode);
        Assert.Contains($"{config.Vms[0].Name}: ok", end.Console);
        return (migrations, replications);
    }
}
