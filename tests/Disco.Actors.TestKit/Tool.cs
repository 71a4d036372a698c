using System.Diagnostics;
using System.Text;
using Xunit;

namespace Disco.Actors.TestKit;

/// <summary>An optional program that tests compare with: a compiler, another MIPS, a device-tree compiler.</summary>
public static class Tool
{
    public static bool IsInstalled(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, tool)));

    /// <summary>Runs it to its end, which must be a success, and gives the text it put out.</summary>
    public static string Text(string tool, params string[] arguments) =>
        Encoding.UTF8.GetString(Bytes(tool, [], arguments));

    /// <param name="tool">Its name; it must be installed.</param>
    /// <param name="input">For its standard input.</param>
    /// <param name="arguments">Of its command line.</param>
    public static byte[] Bytes(string tool, byte[] input, params string[] arguments)
    {
        ProcessStartInfo start = new(tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        // All pipes move at once: a full one would stop the program.
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using MemoryStream bytes = new();
        Task output = process.StandardOutput.BaseStream.CopyToAsync(bytes);
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        output.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{tool} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
        return bytes.ToArray();
    }
}
