using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Simulation.Tests;

/// <summary>
/// The classic litmus programs (SB, MP, LB, IRIW, CoRR) on caches and directories: 10,000 runs over all topologies,
/// placements, warm copies and jitters. The machine is sequentially consistent: one access outstanding, stores wait
/// for ownership.
/// </summary>
public sealed class LitmusTests
{
    private const int Runs = 2000;

    private static readonly (string Name, string Program)[] Programs =
    [
        ("SB", "x=1 y | y=1 x"),
        ("MP", "x=1 y=1 | y x"),
        ("LB", "x y=1 | y x=1"),
        ("IRIW", "x=1 | y=1 | x y | y x"),
        ("CoRR", "x=1 | x x"),
    ];

    [Fact]
    public void Litmus_programs_are_sequentially_consistent()
    {
        List<string> lines = [];
        foreach ((string name, string program) in Programs)
        {
            Litmus litmus = new(program);
            HashSet<string> legal = litmus.SequentialOutcomes();
            HashSet<string> seen = [];

            for (ulong seed = 1; seed <= Runs; seed++)
            {
                string outcome = litmus.Run(seed);
                Assert.True(legal.Contains(outcome), $"{name} gave {outcome} with seed {seed}");
                seen.Add(outcome);
            }

            lines.Add($"{name,-5} {program}");
            lines.Add($"      seen  {string.Join(", ", seen.Order(StringComparer.Ordinal))}");
            lines.Add($"      legal {string.Join(", ", legal.Order(StringComparer.Ordinal))}");
        }
        Golden.Matches("Litmus", string.Join('\n', lines));
    }
}
