using Disco.Actors.Core;
using Disco.Actors.Engines;
using Xunit;

namespace Disco.Actors.Simulation.Tests;

/// <summary>The state of caches, directories, memories and networks is complete: a run goes on from it.</summary>
public sealed class SnapshotTests
{
    [Theory]
    [InlineData(3UL, 700)]
    [InlineData(4UL, 2500)]
    [InlineData(5UL, 5000)]
    [InlineData(6UL, 9000)]
    public void Run_saved_in_the_middle_of_transactions_ends_as_the_whole_run(ulong seed, long cycle)
    {
        ulong whole = new Traffic(seed).Run((world, options) => new DeterministicEngine(world, options));
        Snapshot snapshot = new();
        new Traffic(seed).Run((world, options) =>
        {
            DeterministicEngine first = new(world, options);
            first.Run(new Cycle(cycle));
            first.Save(snapshot);
            return first;
        });

        ulong resumed = new Traffic(seed).Run((world, options) =>
        {
            DeterministicEngine second = new(world, options);
            second.Load(snapshot.Read());
            return second;
        });

        Assert.Equal(whole, resumed);
    }
}
