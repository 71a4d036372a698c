namespace Disco.Actors.Verification.Stress;

/// <summary>
/// The steps of the tables that can be taken, as the file beside this one lists them: by complete exploration of small
/// models, or by runs that took them. A test compares the file with both.
/// </summary>
public static class ReachableSteps
{
    private const string File = "reachable-steps.txt";

    private static readonly Lazy<string[]> Steps = new(Read);

    /// <summary>All of them: role, state, event.</summary>
    public static IReadOnlyList<string> All => Steps.Value;

    /// <summary>Those that a subject's runs should take.</summary>
    public static IReadOnlyList<string> Of(SubjectKind subject)
    {
        HashSet<string> roles =
            [.. ProtocolTables.All.Where(table => table.Subject == subject).Select(table => table.Role)];
        return [.. All.Where(step => roles.Contains(step.Split(' ')[0]))];
    }

    private static string[] Read()
    {
        using Stream stream = typeof(ReachableSteps).Assembly.GetManifestResourceStream(File)!;
        using StreamReader reader = new(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))];
    }
}
