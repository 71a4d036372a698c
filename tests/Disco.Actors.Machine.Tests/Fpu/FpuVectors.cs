using System.Globalization;
using Disco.Actors.Machine.Fpu;

namespace Disco.Actors.Machine.Tests.Fpu;

/// <summary>Reads lines of fpu-vectors.c and holds both implementations against them.</summary>
internal static class FpuVectors
{
    /// <summary>The differences found, each as one sentence, at most twenty.</summary>
    public static List<string> Differences(IEnumerable<string> lines)
    {
        List<string> differences = [];
        var operations = FpuOperation.All.ToDictionary(o => o.Name);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            FpuOperation operation = operations[words[0]];
            ulong[] operands = [.. words[1].Split(',').Select(Hex)];
            string answer = "";
            for (int setting = 0; setting < 8; setting++)
            {
                string word = words[2 + setting];
                answer = word == "=" ? answer : word;
                string expected = Expected(operation, operands, answer);
                Check(operation, operation.Facade, "facade", operands, setting, expected, differences);
                Check(operation, operation.Software, "software", operands, setting, expected, differences);
                if (differences.Count >= 20)
                {
                    return differences;
                }
            }
        }

        return differences;
    }

    /// <summary>The environment of answer number 0 to 7: RM is the number modulo 4, FS is set from 4 on.</summary>
    public static FpEnvironment Setting(int number) =>
        new() { Rounding = (Rounding)(number & 3), FlushToZero = number >= 4 };

    private static void Check(
        FpuOperation operation,
        FpuFunction function,
        string which,
        ulong[] operands,
        int setting,
        string expected,
        List<string> differences)
    {
        FpEnvironment env = Setting(setting);
        ulong result = function(operands, ref env);
        string actual = $"{result:x}:{(int)env.Raised:x}";
        if (actual != expected)
        {
            string list = string.Join(',', operands.Select(o => o.ToString("x", CultureInfo.InvariantCulture)));
            differences.Add($"{which} {operation.Name} {list} RM={setting & 3} FS={setting >> 2}: "
                + $"{actual}, expected {expected}");
        }
    }

    /// <summary>
    /// The answer that must be given: the printed one, except that a comparison here reports the flags of a signaling
    /// condition alone, and that ABS and NEG of a signaling NaN follow the manual (Fpu/README.md).
    /// </summary>
    private static string Expected(FpuOperation operation, ulong[] operands, string answer)
    {
        if (operation.Name.StartsWith("c.", StringComparison.Ordinal))
        {
            string[] parts = answer.Split(':');
            return $"{parts[0]}:{Hex(parts[1]) & 0xFF:x}";
        }

        if (operation.Name.StartsWith("abs.", StringComparison.Ordinal)
            || operation.Name.StartsWith("neg.", StringComparison.Ordinal))
        {
            ulong magnitude = operands[0] & (operation.Kind == 's' ? 0x7FFF_FFFFUL : 0x7FFF_FFFF_FFFF_FFFFUL);
            bool signaling = magnitude >= (operation.Kind == 's' ? 0x7FC0_0000UL : 0x7FF8_0000_0000_0000UL);
            return !signaling ? answer : operation.Kind == 's' ? "7fbfffff:10" : "7ff7ffffffffffff:10";
        }

        return answer;
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
