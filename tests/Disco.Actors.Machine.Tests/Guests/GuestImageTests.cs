using Disco.Actors.TestKit;
using Xunit;
using Xunit.Abstractions;
using Folder = System.IO.Directory;

namespace Disco.Actors.Machine.Tests.Guests;

/// <summary>The committed images are what the committed sources give.</summary>
public sealed class GuestImageTests(ITestOutputHelper output)
{
    // Another compiler gives other bytes; guests/README.md names this one.
    private const string CompilerVersion = "12.2.0";

    [Fact]
    public void Images_rebuild_to_the_committed_bytes()
    {
        if (!IsThere("mips64el-linux-gnuabi64-gcc") || !IsThere("mips64-linux-gnuabi64-gcc"))
        {
            output.WriteLine("not rebuilt: gcc 12.2.0 for mips64el and mips64 is not installed "
                + "(packages gcc-mips64el-linux-gnuabi64, gcc-mips64-linux-gnuabi64)");
            return;
        }
        DirectoryInfo copy = Folder.CreateTempSubdirectory("guests");
        try
        {
            CopySources(Repository.PathOf("guests"), copy.FullName);
            Folder.CreateDirectory(Path.Combine(copy.FullName, "images"));

            string log = Tool.Text("make", "-s", "-C", copy.FullName);

            string[] images = Folder.GetFiles(Repository.PathOf("guests", "images"));
            Assert.NotEmpty(images);
            foreach (string image in images)
            {
                string rebuilt = Path.Combine(copy.FullName, "images", Path.GetFileName(image));
                Assert.True(File.Exists(rebuilt), log);
                Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(rebuilt));
            }
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static void CopySources(string from, string to)
    {
        Folder.CreateDirectory(to);
        foreach (string file in Folder.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        foreach (string folder in Folder.GetDirectories(from).Where(folder => !IsBuilt(folder)))
        {
            CopySources(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    private static bool IsBuilt(string folder) => Path.GetFileName(folder) is "build" or "images";

    private static bool IsThere(string compiler) =>
        Tool.IsInstalled(compiler) && Tool.Text(compiler, "-dumpfullversion").Trim() == CompilerVersion;
}
