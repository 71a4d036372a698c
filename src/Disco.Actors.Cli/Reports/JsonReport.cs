using System.Text.Encodings.Web;
using System.Text.Json;

namespace Disco.Actors.Cli.Reports;

/// <summary>How JSON is written everywhere: camelCase names, indented, text as it is.</summary>
internal static class JsonReport
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
