using System.Globalization;
using System.Runtime.CompilerServices;
using Disco.Actors.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>
/// The arithmetic against what another implementation of MIPS64 Release 2 answered: fpu-vectors.c run by
/// qemu-mips64el. The golden file is always checked; a fresh and larger run only where the tools are installed.
/// </summary>
public sealed class FpuVectorTests(ITestOutputHelper output)
{
    private const string Compiler = "mips64el-linux-gnuabi64-gcc";
    private const string Emulator = "qemu-mips64el";

    [Fact]
    public void Arithmetic_on_the_golden_vectors_answers_as_the_reference()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder(), "fpu-vectors.golden.txt"));
        Assert.True(lines.Length > 3000, "the golden file is complete");
        Assert.Empty(FpuVectors.Differences(lines));
    }

    [Fact]
    public void Golden_vectors_are_what_the_reference_prints()
    {
        if (Run("40", "1", "1") is { } lines)
        {
            Golden.Matches("fpu-vectors", string.Join('\n', lines));
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(1998)]
    public void Arithmetic_on_fresh_random_vectors_answers_as_the_reference(int seed)
    {
        if (Run("1500", seed.ToString(CultureInfo.InvariantCulture), "0") is { } lines)
        {
            Assert.Empty(FpuVectors.Differences(lines));
        }
    }

    /// <summary>Compiles and runs the program; null, with a message, when a tool is missing.</summary>
    private string[]? Run(params string[] arguments)
    {
        if (!Tool.IsInstalled(Compiler) || !Tool.IsInstalled(Emulator))
        {
            output.WriteLine($"Skipped: {Compiler} and {Emulator} are not both installed.");
            return null;
        }

        string folder = System.IO.Directory.CreateTempSubdirectory("fpu-vectors").FullName;
        try
        {
            string program = Path.Combine(folder, "fpu-vectors");
            string source = Path.Combine(Folder(), "fpu-vectors.c");
            Tool.Text(Compiler, "-O1", "-march=mips64r2", "-static", "-o", program, source);
            string text = Tool.Text(Emulator, ["-cpu", "MIPS64R2-generic", program, .. arguments]);
            return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
