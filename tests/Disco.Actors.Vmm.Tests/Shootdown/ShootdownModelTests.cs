using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Vmm.Tests.Shootdown;

/// <summary>
/// Small models of every protocol, explored completely: no CPU uses a translation older than a complete shootdown,
/// nothing deadlocks, and everything can always come to rest. The number of states is pinned, so that a change of a
/// protocol shows.
/// </summary>
public sealed class ShootdownModelTests(ITestOutputHelper output)
{
    /// <summary>A downgrade and an invalidation overlap, fills race with both.</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Targeted, 1851)]
    [InlineData(ShootdownProtocol.Broadcast, 5041)]
    [InlineData(ShootdownProtocol.Mach, 7287)]
    [InlineData(ShootdownProtocol.Multicast, 1305)]
    [InlineData(ShootdownProtocol.NumaMulticast, 1851)]
    [InlineData(ShootdownProtocol.Lazy, 4280)]
    [InlineData(ShootdownProtocol.Batched, 3718)]
    public void Two_cpus_and_two_overlapping_shootdowns_are_safe(ShootdownProtocol protocol, int states) =>
        Explore(new(protocol, 2, InvalidationKind.Downgrade, InvalidationKind.Invalidate), states);

    /// <summary>Idle CPUs are not interrupted; they do what is queued before they go on (Black et al. 1989).</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Mach, 5261)]
    [InlineData(ShootdownProtocol.Lazy, 2964)]
    public void Idle_cpus_are_safe(ShootdownProtocol protocol, int states) =>
        Explore(new(protocol, 2, InvalidationKind.Invalidate) { Idles = true }, states);

    /// <summary>An acknowledgement that comes twice, perhaps in the next shootdown, counts once.</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Targeted, 5439)]
    [InlineData(ShootdownProtocol.Broadcast, 16379)]
    [InlineData(ShootdownProtocol.Mach, 27575)]
    [InlineData(ShootdownProtocol.Multicast, 4160)]
    [InlineData(ShootdownProtocol.NumaMulticast, 5439)]
    [InlineData(ShootdownProtocol.Lazy, 12239)]
    [InlineData(ShootdownProtocol.Batched, 13076)]
    public void A_duplicate_acknowledgement_is_safe(ShootdownProtocol protocol, int states) =>
        Explore(
            new(protocol, 2, InvalidationKind.Invalidate, InvalidationKind.Invalidate)
            {
                Duplicates = 1,
            },
            states);

    /// <summary>Three CPUs on two nodes: the multicasts pass orders on.</summary>
    [Theory]
    [InlineData(ShootdownProtocol.Targeted, 2810)]
    [InlineData(ShootdownProtocol.Broadcast, 12743)]
    [InlineData(ShootdownProtocol.Mach, 5167)]
    [InlineData(ShootdownProtocol.Multicast, 2290)]
    [InlineData(ShootdownProtocol.NumaMulticast, 2290)]
    [InlineData(ShootdownProtocol.Lazy, 4168)]
    [InlineData(ShootdownProtocol.Batched, 12743)]
    public void Three_cpus_on_two_nodes_are_safe(ShootdownProtocol protocol, int states) =>
        Explore(new(protocol, 3, InvalidationKind.Invalidate) { Nodes = 2 }, states);

    /// <summary>
    /// The model is able to find what it looks for. (In mach no old fill survives: it travels ahead of the release, on
    /// the same lane.)
    /// </summary>
    [Theory]
    [InlineData(ShootdownProtocol.Targeted, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.Broadcast, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.Multicast, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.NumaMulticast, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.Lazy, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.Batched, ModelFault.KeepOldFill)]
    [InlineData(ShootdownProtocol.Targeted, ModelFault.ForgetRemoval)]
    [InlineData(ShootdownProtocol.Batched, ModelFault.ForgetRemoval)]
    [InlineData(ShootdownProtocol.Mach, ModelFault.IgnoreStop)]
    [InlineData(ShootdownProtocol.Mach, ModelFault.SkipDrain)]
    public void A_faulty_cpu_is_found(ShootdownProtocol protocol, ModelFault fault)
    {
        ShootdownShape shape = new(protocol, 2, InvalidationKind.Invalidate)
        {
            Fault = fault, Idles = fault == ModelFault.SkipDrain,
        };

        Exploration found = new Explorer<ShootdownMove>(new ShootdownModel(shape)).Run();

        output.WriteLine(found.Violation);
        Assert.NotNull(found.Violation);
    }

    private void Explore(ShootdownShape shape, int states)
    {
        Explorer<ShootdownMove> explorer = new(new ShootdownModel(shape));

        Exploration found = explorer.Run();

        output.WriteLine($"{found.States} states, {found.Steps} steps, depth {found.Depth}");
        Assert.True(found.Violation is null, found.Violation);
        Assert.Equal(states, found.States);
    }
}
