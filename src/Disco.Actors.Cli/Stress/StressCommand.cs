using System.CommandLine;
using Disco.Actors.Verification.Stress;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// <c>disco stress</c>: runs the shipping protocols under chosen orders of messages and under faults, and says what
/// broke, how to see it again, and how little of it is needed.
/// </summary>
internal static class StressCommand
{
    public static Command Create() => new("stress", "attack the shipping protocols and watch what they guarantee")
    {
        StressRunCommand.Create(SubjectKind.Coherence, "caches, directories and memories"),
        StressRunCommand.Create(SubjectKind.Shootdown, "shootdowns of translations"),
        StressRunCommand.Create(SubjectKind.Placement, "the monitor's pages: fills, moves, replicas, shares"),
        StressRunCommand.Create(
            SubjectKind.Machine, "whole machines: random programs of several CPUs, on the board and under the monitor"),
        StressReproCommand.Create(),
        StressMutantsCommand.Create(),
        StressCompareCommand.Create(),
        StressLitmusCommand.Create(),
        StressRatesCommand.Create(),
        StressOptimumCommand.Create(),
    };
}
