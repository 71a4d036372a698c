using Disco.Actors.TestKit;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Shrinking;
using Xunit;

namespace Disco.Actors.Stress.Tests;

/// <summary>
/// Every file in Regressions is a run that broke once, in our code or in a mutant of it. The code that ships survives
/// it. A new file, as <c>disco stress --shrink</c> writes it, is a new test.
/// </summary>
public sealed class RegressionTests
{
    public static TheoryData<string> Files()
    {
        string folder = Path.Combine(Repository.Root, "tests", "Disco.Actors.Stress.Tests", "Regressions");
        return [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)
            .Select(file => Path.GetFileName(file))];
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_shipping_code_survives_what_broke_once(string file)
    {
        string folder = Path.Combine(Repository.Root, "tests", "Disco.Actors.Stress.Tests", "Regressions");
        string text = File.ReadAllText(Path.Combine(folder, file));
        Repro repro = Repro.FromJson(text);
        Assert.Null(StressPort.Repeat(text, withMutant: false));
        if (repro.Machine is not null)
        {
            return;
        }

        ReplayResult run = TraceText.Run(repro);

        Assert.True(run.Violation is null, run.Violation?.What);
        // A run that no step of can be taken tests nothing any more.
        Assert.NotEmpty(run.Taken);
    }
}
