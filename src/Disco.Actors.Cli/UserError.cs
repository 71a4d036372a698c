using Disco.Actors.Hocon;

namespace Disco.Actors.Cli;

/// <summary>
/// Something the user can put right: a missing file, a wrong flag, a bad key. Shown as one sentence that says what is
/// wrong, where, and what to do; exit code 2.
/// </summary>
public sealed class UserError(string sentence) : Exception(sentence)
{
    /// <summary>A problem as the machine's builders word it, without capital and full stop.</summary>
    public static UserError Sentence(string problem) => new(
        $"{char.ToUpperInvariant(problem[0])}{problem[1..].TrimEnd('.')}{(HasEnd(problem) ? "" : ".")}");

    /// <summary>A question ends as one; what is quoted at the end may be a sentence.</summary>
    private static bool HasEnd(string problem) => problem.TrimEnd('"', '\'')[^1] is '?' or '!'
        || (problem[^1] is '"' or '\'' && problem.TrimEnd('"', '\'').EndsWith('.'));

    /// <summary>" Did you mean X?" for the nearest known word, empty when none is near.</summary>
    public static string DidYouMean(string unknown, IEnumerable<string> known) =>
        HoconKeys.Suggest(unknown, known) is { } near ? $" Did you mean {near}?" : "";
}

/// <summary>What <c>disco</c> returns to the shell.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>The guest failed, or the run found a violation.</summary>
    public const int RunFailed = 1;

    public const int BadInput = 2;

    /// <summary>The run went on without nodes that were lost, and ended; virtual machines were lost with them.
    /// </summary>
    public const int Lost = 3;

    /// <summary>Ended by Ctrl-C, as shells have it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}
