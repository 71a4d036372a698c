namespace Disco.Actors.Hocon;

/// <summary>A position in a text: characters, line and column, white space and comments.</summary>
internal sealed class HoconCursor(string text, string name)
{
    public const char End = '\0';

    private int _index;
    private int _line = 1;
    private int _lineStart;

    public HoconOrigin Origin => new(name, _line, _index - _lineStart + 1);

    public bool AtEnd => _index >= text.Length;

    public char Current => Peek(0);

    public char Peek(int ahead) => _index + ahead < text.Length ? text[_index + ahead] : End;

    public bool StartsWith(string expected) =>
        string.CompareOrdinal(text, _index, expected, 0, expected.Length) == 0;

    public void Advance(int count = 1)
    {
        for (; count > 0 && !AtEnd; count--)
        {
            if (text[_index++] == '\n')
            {
                _line++;
                _lineStart = _index;
            }
        }
    }

    public bool AtComment => Current == '#' || (Current == '/' && Peek(1) == '/');

    /// <summary>The end of the text, of the line, or the start of a comment.</summary>
    public bool AtLineEnd => AtEnd || Current == '\n' || AtComment;

    public static bool IsSpace(char c) => c != '\n' && (char.IsWhiteSpace(c) || c == '\uFEFF');

    /// <summary>White space of this line; returns it, for text joins.</summary>
    public string SkipSpaces()
    {
        var start = _index;
        while (!AtEnd && IsSpace(Current))
        {
            _index++;
        }

        return text[start.._index];
    }

    /// <summary>White space, comments and newlines; returns whether a newline was passed.</summary>
    public bool SkipLines()
    {
        var line = _line;
        while (true)
        {
            SkipSpaces();
            if (AtEnd || (Current != '\n' && !AtComment))
            {
                return _line != line;
            }

            while (!AtEnd && Current != '\n')
            {
                Advance();
            }

            Advance();
        }
    }

    /// <summary>How an error names the character here.</summary>
    public string Shown => AtEnd ? "the end of the text"
        : Current == '\n' ? "the end of the line"
        : char.IsControl(Current) || char.IsSurrogate(Current) ? $"the character U+{(int)Current:X4}"
        : $"'{Current}'";

    public HoconException Error(string sentence) => new(Origin, sentence);
}
