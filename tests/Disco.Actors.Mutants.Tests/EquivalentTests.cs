using Disco.Actors.Core;
using Disco.Actors.TestKit;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Mutation;
using Disco.Actors.Verification.Stress.Shrinking;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Mutants.Tests;

/// <summary>Mutants that are said to be equivalent break nothing in any order of small programs.</summary>
public sealed class EquivalentTests(ITestOutputHelper output)
{
    public static TheoryData<Mutant, Shape, StressOp[]> Small() => new()
    {
        {
            Mutant.HomeWritesLatePut,
            new Shape { Subject = SubjectKind.Coherence, Lines = 1 },
            [
                new(0, OpKind.Store), new(0, OpKind.Evict), new(1, OpKind.Store), new(1, OpKind.Evict),
                new(0, OpKind.Load),
            ]
        },
        { Mutant.BatchRemovesRangesBehind, Batched, Uses },
        { Mutant.BatchTakesAnyEpoch, Batched, Uses },
        {
            Mutant.PageReplicaLeavesOldFrame,
            new Shape { Subject = SubjectKind.Placement, Nodes = 2, CpusPerNode = 1 },
            [new(0, OpKind.Read), new(1, OpKind.Write), new(0, OpKind.Replicate, 0, 1)]
        },
    };

    private static Shape Batched => new()
    {
        Subject = SubjectKind.Shootdown, Protocol = ShootdownProtocol.Batched, OpenMax = 2,
    };

    private static StressOp[] Uses =>
        [new(0, OpKind.Write), new(1, OpKind.Read), new(0, OpKind.Downgrade, 0, 1), new(0, OpKind.Invalidate, 0, 1)];

    [Theory]
    [MemberData(nameof(Small))]
    public void An_equivalent_mutant_breaks_nothing_in_any_order(Mutant mutant, Shape shape, StressOp[] ops)
    {
        using ActiveMutant _ = new(mutant);

        ExhaustiveResult result = new Exhaustive(SubjectFactory.Create(shape), statesMax: 60_000).Run(ops);

        output.WriteLine($"{result.States} states, {result.Steps} steps");
        Assert.True(result.Violation is null, result.Violation?.What);
        Assert.True(result.IsComplete, $"more than {result.States} states");
    }

    /// <summary>Files of runs that broke a mutant break it still.</summary>
    [Fact]
    public void What_killed_a_mutant_once_kills_it_still()
    {
        string folder = Repository.PathOf("tests", "Disco.Actors.Stress.Tests", "Regressions");
        foreach (string file in Directory.EnumerateFiles(folder, "*.json"))
        {
            string text = File.ReadAllText(file);
            Repro repro = Repro.FromJson(text);
            if (repro.Mutant != nameof(Mutant.None))
            {
                Assert.Equal(repro.Violation, StressPort.Repeat(text, withMutant: true));
            }
        }
    }
}
