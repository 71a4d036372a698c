using System.Globalization;
using System.Text;

namespace Disco.Actors.Hocon;

/// <summary>Quoted, triple-quoted and unquoted text, and keys made of them.</summary>
internal static class HoconStrings
{
    // HOCON, "Unquoted strings": these may not stand in one. '.' separates keys.
    private const string Reserved = "$\"{}[]:=,+#`^?!@*&\\";

    public static bool IsUnquoted(HoconCursor cursor) =>
        !cursor.AtEnd && cursor.Current != '\n' && cursor.Current != '\0' && !HoconCursor.IsSpace(cursor.Current)
        && !Reserved.Contains(cursor.Current, StringComparison.Ordinal) && !cursor.AtComment;

    /// <summary>Whether text may be written without quotes and read back as the same text.</summary>
    public static bool IsPlain(string text) =>
        text.Length > 0 && text != "null" && text != "include"
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    public static string ReadUnquoted(HoconCursor cursor, bool stopAtDot)
    {
        var text = new StringBuilder();
        while (IsUnquoted(cursor) && !(stopAtDot && cursor.Current == '.'))
        {
            text.Append(cursor.Current);
            cursor.Advance();
        }

        return text.ToString();
    }

    public static string ReadQuoted(HoconCursor cursor)
    {
        if (cursor.StartsWith("\"\"\""))
        {
            return ReadTriple(cursor);
        }

        var open = cursor.Origin;
        var text = new StringBuilder();
        cursor.Advance();
        while (cursor.Current != '"' || cursor.AtEnd)
        {
            if (cursor.AtEnd || cursor.Current == '\n')
            {
                throw new HoconException(open, "this quoted text has no closing '\"' on its line.");
            }

            if (cursor.Current == '\\')
            {
                text.Append(ReadEscape(cursor));
                continue;
            }

            if (char.IsControl(cursor.Current) && cursor.Current is not ('\t' or '\r'))
            {
                throw cursor.Error($"{cursor.Shown} must be written as an escape.");
            }

            text.Append(cursor.Current);
            cursor.Advance();
        }

        cursor.Advance();
        return text.ToString();
    }

    /// <summary>Keys separated by dots. Errors: HoconException on an empty key.</summary>
    public static string[] ReadPath(HoconCursor cursor)
    {
        var keys = new List<string>();
        while (true)
        {
            if (cursor.Current == '"')
            {
                keys.Add(ReadQuoted(cursor));
            }
            else
            {
                var key = ReadUnquoted(cursor, stopAtDot: true);
                keys.Add(key.Length > 0 ? key
                    : throw cursor.Error($"a key is expected here, not {cursor.Shown}; quote a key of other signs."));
            }

            if (cursor.Current != '.')
            {
                return [.. keys];
            }

            cursor.Advance();
        }
    }

    public static string[] ParsePath(string path)
    {
        var cursor = new HoconCursor(path, "path");
        var keys = ReadPath(cursor);
        return cursor.AtEnd ? keys : throw cursor.Error($"{cursor.Shown} is not allowed in a path.");
    }

    public static string Show(ReadOnlySpan<string> path)
    {
        var shown = new StringBuilder();
        foreach (var key in path)
        {
            shown.Append(shown.Length > 0 ? "." : "").Append(ShowKey(key));
        }

        return shown.ToString();
    }

    public static string ShowKey(string key) => IsPlain(key) ? key : Quote(key);

    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                _ when char.IsControl(c) || char.IsSurrogate(c) =>
                    quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    // Raw: no escapes, newlines kept; quotes beyond the closing three belong to the text.
    private static string ReadTriple(HoconCursor cursor)
    {
        var open = cursor.Origin;
        var text = new StringBuilder();
        cursor.Advance(3);
        while (!cursor.StartsWith("\"\"\"") || cursor.Peek(3) == '"')
        {
            if (cursor.AtEnd)
            {
                throw new HoconException(open, "this text has no closing '\"\"\"'.");
            }

            text.Append(cursor.Current);
            cursor.Advance();
        }

        cursor.Advance(3);
        return text.ToString();
    }

    private static char ReadEscape(HoconCursor cursor)
    {
        var escape = cursor.Peek(1);
        if (escape == 'u')
        {
            return ReadUnicode(cursor);
        }

        var read = escape switch
        {
            '"' or '\\' or '/' => escape,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw cursor.Error("this escape is unknown; use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX."),
        };
        cursor.Advance(2);
        return read;
    }

    private static char ReadUnicode(HoconCursor cursor)
    {
        var code = 0;
        for (var digit = 2; digit < 6; digit++)
        {
            if (!char.IsAsciiHexDigit(cursor.Peek(digit)))
            {
                throw cursor.Error("\\u must be followed by four hexadecimal digits.");
            }

            code = (code * 16) + Convert.ToInt32(cursor.Peek(digit).ToString(), 16);
        }

        cursor.Advance(6);
        return (char)code;
    }
}
