using System.Diagnostics;
using System.Text;

namespace Disco.Actors.TestKit;

/// <summary>How a run of the built program ended, and what it wrote.</summary>
public sealed record DiscoEnd(int ExitCode, string Output, string Error);

/// <summary>
/// Runs the built <c>disco</c> as a user's shell would, in a process of its own with both outputs piped. The program
/// stands beside the tests of every project that references it.
/// </summary>
public static class DiscoProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static DiscoEnd Run(params string[] arguments) => Run(new Dictionary<string, string>(), arguments);

    /// <param name="environment">Variables set for this run alone.</param>
    /// <param name="arguments">Of the command line.</param>
    public static DiscoEnd Run(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments, ["dotnet"]);
        return Finish(process);
    }

    /// <summary>
    /// Runs until the program has put out <paramref name="awaited"/>, then sends it SIGINT as Ctrl-C does.
    /// </summary>
    public static DiscoEnd Interrupt(string awaited, params string[] arguments)
    {
        // A shell's background job starts with SIGINT ignored, and that is inherited.
        using Process process = Start(
            new Dictionary<string, string>(), arguments, ["env", "--default-signal=INT", "dotnet"]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        StringBuilder output = new();
        while (!output.ToString().Contains(awaited, StringComparison.Ordinal))
        {
            int next = process.StandardOutput.Read();
            if (next < 0)
            {
                break;
            }
            output.Append((char)next);
        }
        using (Process kill = Process.Start("kill", $"-INT {process.Id}"))
        {
            kill.WaitForExit();
        }
        output.Append(process.StandardOutput.ReadToEnd());
        Await(process);
        return new DiscoEnd(process.ExitCode, output.ToString(), error.Result);
    }

    private static Process Start(
        IReadOnlyDictionary<string, string> environment, string[] arguments, string[] starter)
    {
        ProcessStartInfo start = new(starter[0], starter[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "disco.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private static DiscoEnd Finish(Process process)
    {
        // Both pipes are read at once: a full one would stop the program.
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Await(process);
        return new DiscoEnd(process.ExitCode, output, error.Result);
    }

    private static void Await(Process process)
    {
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException($"disco did not end within {Patience}");
        }
    }
}
