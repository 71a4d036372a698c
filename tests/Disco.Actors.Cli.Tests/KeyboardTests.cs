using System.Diagnostics;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Core;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>A test that needs a terminal of its own, which script of util-linux makes.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script"))
        {
            Skip = "there is no /usr/bin/script: it is in the package bsdutils or util-linux";
        }
    }
}

/// <summary>The terminal as a guest's console.</summary>
public sealed class KeyboardTests : IDisposable
{
    private const long ClockHz = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-keyboard").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The setting before the run is the setting after it, however the run ends.</summary>
    [TerminalFact]
    public void Terminal_is_left_as_it_was_when_a_key_ends_the_run()
    {
        (string before, string after, string shown) = OnTerminal("torture", "rounds=1000000", "\u001d");

        Assert.Contains("Ctrl-] ends the run", shown, StringComparison.Ordinal);
        Assert.Contains("interrupted", shown, StringComparison.Ordinal);
        Assert.Equal(before, after);
    }

    [TerminalFact]
    public void Terminal_is_left_as_it_was_when_the_guest_ends()
    {
        (string before, string after, string shown) = OnTerminal("hello", "", "");

        Assert.Contains("hello: ok", shown, StringComparison.Ordinal);
        Assert.Equal(before, after);
    }

    /// <summary>What a guest sleeps is slept; what it was slower than the user is not made up for.</summary>
    [Fact]
    public void Time_of_a_guest_that_waits_is_the_time_of_the_user()
    {
        Pace pace = new(ClockHz);
        pace.Begin(new Cycle(500), Seconds(3));

        Assert.Equal(Seconds(2), pace.LeadAt(new Cycle(500 + (3 * ClockHz)), Seconds(4)));
        Assert.Equal(Seconds(0), pace.LeadAt(new Cycle(500 + (3 * ClockHz)), Seconds(10)));
        Assert.Equal(Seconds(1), pace.LeadAt(new Cycle(500 + (4 * ClockHz)), Seconds(10)));
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private (string Before, string After, string Shown) OnTerminal(string guest, string words, string typed)
    {
        // A guest with an initial RAM disk is taken for one with a shell.
        File.WriteAllBytes(Path.Combine(_folder, "guest.elf"), Embedded.Bytes($"guests/{guest}.elf")!);
        File.WriteAllText(Path.Combine(_folder, "disk.cpio"), "070701");
        string conf = Path.Combine(_folder, "guest.conf");
        File.WriteAllText(conf, "guest { kernel = \"guest.elf\", initrd = \"disk.cpio\", memory = 256 MiB }\n");
        string program = Path.Combine(AppContext.BaseDirectory, "disco.dll");
        string command = "stty -g; "
            + $"dotnet '{program}' run --guest '{conf}' --bootargs '{words}' --cpus 1 --fidelity fast; stty -g";
        ProcessStartInfo start = new("/usr/bin/script", ["-q", "-c", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(typed);
        process.StandardInput.Flush();
        string shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string[] lines = [.. shown.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        // The key may be there before the run, and is echoed then.
        return (lines[0][(lines[0].IndexOf(']') + 1)..], lines[^1], shown);
    }
}
