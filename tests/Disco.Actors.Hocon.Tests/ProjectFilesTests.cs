using System.Runtime.CompilerServices;
using Xunit;

namespace Disco.Actors.Hocon.Tests;

/// <summary>The configuration files of this project, read as users' files are.</summary>
public sealed class ProjectFilesTests
{
    [Fact]
    public void Every_file_reads()
    {
        var folder = Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "hocon");
        var reference = HoconFiles.Load(Path.Combine(folder, "reference.conf"));

        foreach (var file in Directory.GetFiles(folder, "*.conf", SearchOption.AllDirectories))
        {
            HoconFiles.Load(file, reference);
        }
    }

    private static string Here([CallerFilePath] string file = "") => file;
}
