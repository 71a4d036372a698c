using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Disco.Actors.Verification.Stress.WholeMachines;

namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>
/// A violation as a file: the scenario and every step, by the names of actors, so that it stays good when the code
/// around it changes. JSON.
/// </summary>
public sealed record Repro
{
    public const int FormatVersion = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
        IgnoreReadOnlyProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public int Format { get; init; } = FormatVersion;

    /// <summary>The mistake in the code under test; None for the code that ships.</summary>
    public string Mutant { get; init; } = "None";

    public ulong Seed { get; init; }

    public string Strategy { get; init; } = "";

    /// <summary>What broke, the actor and the number of the delivery that showed it.</summary>
    public string Violation { get; init; } = "";
    public string Actor { get; init; } = "";
    public int Delivery { get; init; }

    /// <summary>What had to happen did not: after the steps, the rest arrives in the order it was sent.</summary>
    public bool IsLiveness { get; init; }

    public required Shape Shape { get; init; }

    /// <summary>As <see cref="StressOp.ToString"/> writes them.</summary>
    public required string[] Ops { get; init; }

    /// <summary>As <see cref="StepText"/> writes them.</summary>
    public required string[] Steps { get; init; }

    /// <summary>Of a whole machine, which has neither; null for the others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public MachineScenario? Machine { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Reads a file back; throws FormatException with one sentence when it is none.</summary>
    public static Repro FromJson(string json)
    {
        try
        {
            Repro repro = JsonSerializer.Deserialize<Repro>(json, Options)
                ?? throw new FormatException("the file is empty");
            return repro.Format == FormatVersion
                ? repro
                : throw new FormatException($"the file has format {repro.Format}; this program reads {FormatVersion}");
        }
        catch (JsonException broken)
        {
            throw new FormatException($"the file is no stress trace: {broken.Message}");
        }
    }

    public StressOp[] ReadOps() => [.. Ops.Select(ReadOp)];

    private static StressOp ReadOp(string text)
    {
        string[] parts = text.Split(' ');
        return parts.Length == 4 && int.TryParse(parts[0], out int actor) && Enum.TryParse(parts[1], out OpKind kind)
            && int.TryParse(parts[2], out int a) && int.TryParse(parts[3], out int b)
            ? new StressOp(actor, kind, a, b)
            : throw new FormatException($"'{text}' is no operation; write ACTOR KIND A B");
    }
}
