using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Exploration;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Simulation.Tests;

/// <summary>
/// Small models of the coherence protocol, explored completely: in every state a line has one writer or many readers,
/// every load returns the latest store, nothing deadlocks, and the machine can always come to rest, where directory,
/// caches and memory agree.
/// </summary>
public sealed class ExplorationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2, 1, 1, true, 0, 68192)]
    [InlineData(2, 2, 1, false, 2, 165193)]
    [InlineData(3, 1, 1, false, 1, 13267)]
    public void Every_state_of_a_small_model_is_coherent(
        int caches, int lines, int cacheLines, bool evictions, int accesses, int states)
    {
        ModelShape shape = new(caches, lines, cacheLines) { Evictions = evictions, AccessesMax = accesses };
        Explorer<Move> explorer = new(new ProtocolModel(shape));

        Exploration found = explorer.Run();

        output.WriteLine($"{found.States} states, {found.Steps} steps, depth {found.Depth}");
        Assert.True(found.Violation is null, found.Violation);
        Assert.Equal(states, found.States);
    }

    /// <summary>MSI: no line is granted exclusively for reading.</summary>
    [Fact]
    public void Every_state_of_a_small_model_under_msi_is_coherent()
    {
        ModelShape shape = new(2, 1, 1) { Evictions = true, Protocol = CoherenceProtocol.Msi };

        Exploration found = new Explorer<Move>(new ProtocolModel(shape)).Run();

        output.WriteLine($"{found.States} states, {found.Steps} steps, depth {found.Depth}");
        Assert.True(found.Violation is null, found.Violation);
        Assert.Equal(56473, found.States);
    }
}
