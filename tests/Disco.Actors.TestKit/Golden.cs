using System.Runtime.CompilerServices;
using Xunit;

namespace Disco.Actors.TestKit;

/// <summary>
/// Compares text with a committed <c>NAME.golden.txt</c> beside the test that asks. Reviewers read the file's diff;
/// <c>DISCO_REWRITE=1</c> rewrites it. Only commit a rewritten file if you understand what changed it.
/// </summary>
public static class Golden
{
    public static void Matches(string name, string actual, [CallerFilePath] string testFile = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(testFile)!, name + ".golden.txt");
        string text = actual.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("DISCO_REWRITE") == "1")
        {
            File.WriteAllText(path, text);
            return;
        }
        Assert.True(File.Exists(path), $"{path} does not exist; run once with DISCO_REWRITE=1 and read it.");
        Assert.Equal(File.ReadAllText(path), text);
    }
}
