using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Mappings;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>
/// Small models of how pages change their frames, explored completely. In every state every translation that a CPU may
/// use leads to a frame of its page with the page's value, and one that may write to a frame nobody else reads; every
/// transaction ends; at rest pmaps and memmaps agree and replicas are equal. The numbers of states are pinned.
/// </summary>
public sealed class MappingModelTests(ITestOutputHelper output)
{
    private static readonly PhysicalPage Page0 = new(0);
    private static readonly PhysicalPage Page1 = new(1);

    private static readonly Disturbance Migrate = new(DisturbanceKind.Migrate, 1, Page0);
    private static readonly Disturbance Replicate = new(DisturbanceKind.Replicate, 1, Page0);
    private static readonly Disturbance Free = new(DisturbanceKind.Free, 0, Page0);

    /// <summary>Fills race with a page that moves to another node and is given back.</summary>
    [Fact]
    public void Migration_and_free_with_two_cpus() => Explore(new(2, 1, 2, Migrate, Free), 17086);

    /// <summary>Writes race with replication; the second replication finds whatever the first left.</summary>
    [Fact]
    public void Replication_and_migration_with_two_cpus() => Explore(new(2, 1, 2, Replicate, Migrate), 18993);

    [Fact]
    public void Replication_with_three_cpus() => Explore(new(3, 1, 2, Replicate) { Writers = 2 }, 64313);

    /// <summary>One report, a replica on each of two nodes, all of which fault on the page. Writes between the two are
    /// too many states; random orders have them.</summary>
    [Fact]
    public void Replication_on_all_nodes() =>
        Explore(new(3, 1, 2, Replicate) { Nodes = 3, Writers = 0, IsHotOnAll = true }, 2468);

    /// <summary>A page becomes a share of another of the same virtual machine while both are used.</summary>
    [Fact]
    public void Remap_within_a_machine() =>
        Explore(
            new(2, 2, 3, new Disturbance(DisturbanceKind.Remap, 0, Page1, 0, Page0)) { Nodes = 1, Writers = 1 },
            66316);

    /// <summary>Two virtual machines make their pages shares of each other.</summary>
    [Fact]
    public void Remaps_across_two_machines() => Explore(
        new(
            2, 1, 2, new Disturbance(DisturbanceKind.Remap, 0, Page0, 1, Page0),
            new Disturbance(DisturbanceKind.Remap, 1, Page0, 0, Page0)) { Vms = 2, Writers = 1 },
        23274);

    /// <summary>A virtual CPU is parked while its page moves, and is repaired when it comes back.</summary>
    [Fact]
    public void Parked_vcpu_and_migration() =>
        Explore(new(2, 1, 2, new Disturbance(DisturbanceKind.Leave, 0), Migrate), 10294);

    /// <summary>A device holds the page while the monitor and the guest want to take it.</summary>
    [Fact]
    public void Pinned_page_with_migration_and_free() => Explore(
        new(
            2, 1, 2, new Disturbance(DisturbanceKind.Pin, 0, Page0), Migrate, Free,
            new Disturbance(DisturbanceKind.Unpin, 0, Page0)) { Writers = 1 },
        31647);

    /// <summary>A virtual machine ends while a page of it moves and another machine shares one.</summary>
    [Fact]
    public void Teardown_during_a_share() => Explore(
        new(
            2, 1, 2, new Disturbance(DisturbanceKind.Remap, 1, Page0, 0, Page0),
            new Disturbance(DisturbanceKind.Teardown, 0)) { Vms = 2, Writers = 1 },
        35171);

    /// <summary>A page takes on the frame of another machine's while both are used and may be written.</summary>
    [Fact]
    public void Merge_across_two_machines() => Explore(
        new(2, 1, 2, new Disturbance(DisturbanceKind.Merge, 1, Page0, 0, Page0)) { Vms = 2 }, 19482);

    /// <summary>The page that is merged moves, and its source is given back.</summary>
    [Fact]
    public void Merge_with_migration_and_free() => Explore(
        new(2, 1, 2, Migrate, new Disturbance(DisturbanceKind.Merge, 0, Page0, 1, Page0), Free)
        {
            Vms = 2, Writers = 1,
        },
        7206);

    /// <summary>With one frame on each node a replica stands in the way of another machine's page.</summary>
    [Fact]
    public void Replica_in_the_way_of_a_fill() =>
        Explore(new(3, 1, 1, Replicate) { Vms = 2, Writers = 2 }, 92633);

    /// <summary>The model is able to find what it looks for.</summary>
    [Theory]
    [InlineData(MappingFault.KeepOldFill)]
    [InlineData(MappingFault.ForgetRemoval)]
    [InlineData(MappingFault.SkipRepair)]
    public void A_faulty_cpu_is_found(MappingFault fault)
    {
        MappingShape shape = new(2, 1, 2, new Disturbance(DisturbanceKind.Leave, 0), Migrate) { Fault = fault };

        Exploration found = new Explorer<MappingMove>(new MappingModel(shape)).Run();

        output.WriteLine(found.Violation);
        Assert.NotNull(found.Violation);
    }

    private void Explore(MappingShape shape, int states)
    {
        Exploration found = new Explorer<MappingMove>(new MappingModel(shape), 400_000).Run();

        output.WriteLine($"{found.States} states, {found.Steps} steps, depth {found.Depth}");
        Assert.True(found.Violation is null, found.Violation);
        Assert.Equal(states, found.States);
    }
}
