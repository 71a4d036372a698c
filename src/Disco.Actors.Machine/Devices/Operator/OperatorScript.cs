using System.Globalization;
using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Operator;

/// <summary>What the operator does next.</summary>
public enum OperatorAct : byte
{
    /// <summary>Waits until the console has printed the text.</summary>
    Expect,

    /// <summary>Types the text.</summary>
    Send,

    /// <summary>Says how long to wait for a text, from here on.</summary>
    Within,

    /// <summary>Ends the run with an exit code.</summary>
    End,

    /// <summary>Does nothing more: the guest ends the machine.</summary>
    Wait,
}

/// <summary>One line of a script.</summary>
/// <param name="Act">What is done.</param>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Text">Of expect and send, as it appears at the console.</param>
/// <param name="Number">Virtual milliseconds of within, exit code of end.</param>
public sealed record OperatorStep(OperatorAct Act, int Line, ReadOnlyMemory<byte> Text, long Number);

/// <summary>
/// A script for the console, one step a line: <c>expect "TEXT"</c>, <c>send "TEXT"</c>, <c>within SECONDS</c>,
/// <c>end CODE</c>, <c>wait</c>; # begins a comment. In a text, \n, \r, \t, \", \\ and \xHH. Without end or wait the
/// run ends well behind the last line.
/// </summary>
public sealed class OperatorScript
{
    private const long MillisecondsMax = 1_000_000_000;

    private OperatorScript(IReadOnlyList<OperatorStep> steps, ulong mark)
    {
        Steps = steps;
        Mark = mark;
    }

    /// <summary>Of somebody who watches and does nothing.</summary>
    public static OperatorScript Idle { get; } = Parse("wait", "idle");

    public IReadOnlyList<OperatorStep> Steps { get; }

    /// <summary>Another script has another one.</summary>
    public ulong Mark { get; }

    /// <summary>Errors: FormatException with one sentence that begins with the name and the line.</summary>
    public static OperatorScript Parse(string script, string name)
    {
        List<OperatorStep> steps = [];
        string[] lines = script.Split('\n');
        for (int number = 1; number <= lines.Length; number++)
        {
            string line = lines[number - 1].Trim();
            if (line.Length > 0 && line[0] != '#')
            {
                steps.Add(StepOf(line, number)
                    ?? throw new FormatException($"{name}:{number}: '{line}' is not expect \"TEXT\", send \"TEXT\", "
                        + "within SECONDS, end CODE or wait"));
            }
        }
        ulong mark = Encoding.UTF8.GetBytes(script).Aggregate(0UL, (hash, next) => TotalOrder.Mix(hash ^ next));
        return new OperatorScript(steps, mark);
    }

    private static OperatorStep? StepOf(string line, int number)
    {
        string[] parts = line.Split((char[])[' ', '\t'], 2, StringSplitOptions.TrimEntries);
        string rest = parts.Length > 1 ? parts[1] : "";
        switch (parts[0])
        {
            case "expect" or "send":
                OperatorAct act = parts[0] == "send" ? OperatorAct.Send : OperatorAct.Expect;
                return TextOf(rest) is { Length: > 0 } text ? new OperatorStep(act, number, text, 0) : null;
            case "within":
                bool isTime = double.TryParse(
                    rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds);
                return isTime && seconds > 0 && seconds * 1000 < MillisecondsMax
                    ? new OperatorStep(OperatorAct.Within, number, default, Math.Max(1, (long)(seconds * 1000)))
                    : null;
            case "end":
                return byte.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out byte code)
                    ? new OperatorStep(OperatorAct.End, number, default, code)
                    : null;
            case "wait":
                return rest.Length == 0 ? new OperatorStep(OperatorAct.Wait, number, default, 0) : null;
            default:
                return null;
        }
    }

    // The bytes between the quotes; null when they are not closed or an escape is unknown.
    private static byte[]? TextOf(string quoted)
    {
        if (quoted.Length < 2 || quoted[0] != '"' || quoted[^1] != '"')
        {
            return null;
        }
        List<byte> bytes = [];
        for (int at = 1; at < quoted.Length - 1; at++)
        {
            if (quoted[at] == '"')
            {
                return null;
            }
            if (quoted[at] != '\\')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(quoted, at, 1));
            }
            else if (++at < quoted.Length - 1 && Escaped(quoted, ref at) is { } escaped)
            {
                bytes.Add(escaped);
            }
            else
            {
                return null;
            }
        }
        return [.. bytes];
    }

    private static byte? Escaped(string quoted, ref int at)
    {
        switch (quoted[at])
        {
            case 'n':
                return (byte)'\n';
            case 'r':
                return (byte)'\r';
            case 't':
                return (byte)'\t';
            case '"' or '\\':
                return (byte)quoted[at];
            case 'x' when at + 2 < quoted.Length - 1 && byte.TryParse(
                quoted.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value):
                at += 2;
                return value;
            default:
                return null;
        }
    }
}
