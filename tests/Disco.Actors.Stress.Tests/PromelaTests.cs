using System.Globalization;
using System.Text.RegularExpressions;
using Disco.Actors.TestKit;
using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Vmm.Shootdown;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Stress.Tests;

/// <summary>
/// Small models of shipping protocols beside models of the same in Promela, written apart. That both have the same
/// number of states and of steps between them says that neither lets happen what the other does not. [Holzmann, The
/// SPIN Model Checker, 2003]
/// </summary>
public sealed partial class PromelaTests(ITestOutputHelper output)
{
    [ToolFact("spin", "spin")]
    public void Spin_finds_as_many_states_of_shootdowns_as_the_explorer()
    {
        if (!Tool.IsInstalled("gcc"))
        {
            output.WriteLine("gcc, which compiles what spin writes, is not installed; nothing is compared");
            return;
        }
        const InvalidationKind Down = InvalidationKind.Downgrade;
        const InvalidationKind All = InvalidationKind.Invalidate;
        foreach (ShootdownProtocol protocol in (ShootdownProtocol[])
            [ShootdownProtocol.Targeted, ShootdownProtocol.Broadcast])
        {
            Compare(new ShootdownShape(protocol, 2, Down, All));
            Compare(new ShootdownShape(protocol, 2, All, All) { Duplicates = 1 });
            Compare(new ShootdownShape(protocol, 3, All));
        }
    }

    private void Compare(ShootdownShape shape)
    {
        InvalidationKind[] kinds = [.. shape.Shootdowns, InvalidationKind.Invalidate];
        (int States, int Steps) other = Spin(
            "shootdown.pml",
            $"-DCPUS={shape.Cpus} -DSHOTS={shape.Shootdowns.Length} "
            + $"-DKIND1={kinds[0]} -DKIND2={kinds[1]} ".ToUpperInvariant()
            + $"-DBROADCAST={(shape.Protocol == ShootdownProtocol.Broadcast ? 1 : 0)} -DDUPLICATES={shape.Duplicates}");

        Exploration ours = new Explorer<ShootdownMove>(new ShootdownModel(shape)).Run();

        output.WriteLine($"{shape.Protocol}, {shape.Cpus} CPUs: {other.States} states, {other.Steps} steps");
        Assert.Null(ours.Violation);
        Assert.Equal((ours.States, ours.Steps), other);
    }

    /// <summary>States, and steps between them, of a model without partial-order reduction.</summary>
    private static (int States, int Steps) Spin(string file, string defines)
    {
        string model = Repository.PathOf("tests", "Disco.Actors.Stress.Tests", "Promela", file);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("disco-spin-");
        try
        {
            string report = Tool.Text(
                "sh", "-c",
                $"cd '{folder.FullName}' && spin -a {defines} '{model}' >spin.log "
                + "&& gcc -O1 -w -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m100000");
            Assert.Contains("errors: 0", report);
            int matched = Number(MatchedPattern(), report);
            int stored = Number(StoredPattern(), report);
            // The first state is stored without a step to it.
            return (stored, stored - 1 + matched);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Number(Regex pattern, string report) =>
        int.Parse(pattern.Match(report).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) states, stored")]
    private static partial Regex StoredPattern();

    [GeneratedRegex(@"(\d+) states, matched")]
    private static partial Regex MatchedPattern();
}
