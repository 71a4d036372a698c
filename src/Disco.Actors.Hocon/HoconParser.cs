namespace Disco.Actors.Hocon;

/// <summary>
/// Recursive descent over one text. Grammar:
///   document = '{' fields '}' | fields
///   field    = 'include' quoted | path ('=' | ':' | '+=') value | path object
///   value    = part+ on one line; part = object | list | quoted | unquoted | '${' '?'? path '}'
/// Fields and items are separated by a newline or one comma; a trailing comma is allowed.
/// </summary>
internal sealed class HoconParser
{
    /// <summary>Nesting, path length and include depth have a bound so that no text can overflow the stack.</summary>
    public const int DepthMax = 100;

    private const int IncludeDepthMax = 16;

    private readonly HoconCursor _cursor;
    private readonly string _name;
    private readonly HoconIncludeResolver? _include;
    private readonly int _includeDepth;
    private readonly string[] _prefix;

    /// <summary>Keys from the root to the object being read; meaningless inside a list.</summary>
    private readonly List<string> _path;
    private int _depth;
    private int _listDepth;
    private bool _lastWasQuoted;

    private HoconParser(
        string text, string name, HoconIncludeResolver? include, int includeDepth, int depth, string[] prefix)
    {
        _cursor = new HoconCursor(text, name);
        _name = name;
        _include = include;
        _includeDepth = includeDepth;
        _depth = depth;
        _prefix = prefix;
        _path = [.. prefix];
    }

    public static ObjectNode Parse(string text, string name, HoconIncludeResolver? include) =>
        new HoconParser(text, name, include, 0, 0, []).Document();

    private ObjectNode Document()
    {
        var root = new ObjectNode(_cursor.Origin);
        _cursor.SkipLines();
        if (_cursor.Current == '[')
        {
            throw _cursor.Error("the root must be an object of keys, not a list.");
        }

        if (_cursor.Current == '{')
        {
            root = Object();
            _cursor.SkipLines();
        }
        else
        {
            Fields(root);
        }

        return _cursor.AtEnd ? root : throw _cursor.Error($"{_cursor.Shown} closes or continues nothing.");
    }

    private ObjectNode Object()
    {
        var node = new ObjectNode(_cursor.Origin);
        Enter(1);
        _cursor.Advance();
        Fields(node);
        if (_cursor.Current != '}')
        {
            throw _cursor.AtEnd
                ? new HoconException(node.Origin, "this '{' has no closing '}'.")
                : _cursor.Error($"{_cursor.Shown} stands where a key or '}}' is expected.");
        }

        _cursor.Advance();
        _depth--;
        return node;
    }

    private void Fields(ObjectNode target)
    {
        _cursor.SkipLines();
        while (!_cursor.AtEnd && _cursor.Current is not ('}' or ']'))
        {
            if (AtInclude())
            {
                Include(target);
            }
            else
            {
                FieldOf(target);
            }

            Separator('}');
        }
    }

    private void FieldOf(ObjectNode target)
    {
        var keyOrigin = _cursor.Origin;
        var path = HoconStrings.ReadPath(_cursor);
        Enter(path.Length);
        _path.AddRange(path);
        _cursor.SkipSpaces();
        target.Assign(path, keyOrigin, Assigned(HoconStrings.Show(path), keyOrigin));
        _path.RemoveRange(_path.Count - path.Length, path.Length);
        _depth -= path.Length;
    }

    private Node Assigned(string key, HoconOrigin keyOrigin)
    {
        if (_cursor.Current == '{')
        {
            return Value(key);
        }

        if (_cursor.StartsWith("+="))
        {
            _cursor.Advance(2);
            SkipToValue(key);
            return new AppendNode(keyOrigin, Value(key), _listDepth == 0 ? [.. _path] : null);
        }

        if (_cursor.Current is not ('=' or ':'))
        {
            throw _cursor.Error($"'=', ':', '+=' or '{{' is expected after the key {key}, not {_cursor.Shown}.");
        }

        _cursor.Advance();
        SkipToValue(key);
        return Value(key);
    }

    // A value begins on its key's line; only an opening bracket may stand on a later one, so that a forgotten
    // value is an error here and not a puzzle on the next line.
    private void SkipToValue(string key)
    {
        _cursor.SkipSpaces();
        if (!_cursor.AtLineEnd)
        {
            return;
        }

        var lineEnd = _cursor.Origin;
        _cursor.SkipLines();
        if (_cursor.Current is not ('{' or '['))
        {
            throw new HoconException(lineEnd, $"the key {key} has no value; write \"\" for empty text.");
        }
    }

    private Node Value(string what)
    {
        var origin = _cursor.Origin;
        var parts = new List<(string Space, Node Part)>();
        var space = "";
        while (!_cursor.AtLineEnd && _cursor.Current is not (',' or '}' or ']'))
        {
            parts.Add((space, Part(what)));
            space = _cursor.SkipSpaces();
        }

        return parts.Count switch
        {
            0 => throw _cursor.Error($"a value is expected for {what}, not {_cursor.Shown}."),
            1 when parts[0].Part is TextNode { Text: "null" } && !_lastWasQuoted =>
                throw new HoconException(origin, "null is not supported; leave the key out."),
            1 => parts[0].Part,
            _ when parts.TrueForAll(p => p.Part is TextNode) =>
                new TextNode(origin, string.Concat(parts.Select(p => p.Space + ((TextNode)p.Part).Text))),
            _ => new JoinNode(origin, parts),
        };
    }

    private Node Part(string what)
    {
        var origin = _cursor.Origin;
        _lastWasQuoted = _cursor.Current == '"';
        switch (_cursor.Current)
        {
            case '{':
                return Object();
            case '[':
                return List();
            case '"':
                return new TextNode(origin, HoconStrings.ReadQuoted(_cursor));
            case '$':
                return Substitution();
            default:
                var text = HoconStrings.ReadUnquoted(_cursor, stopAtDot: false);
                return text.Length > 0 ? new TextNode(origin, text)
                    : throw _cursor.Error($"{_cursor.Shown} must be quoted in the value of {what}.");
        }
    }

    private ListNode List()
    {
        var node = new ListNode(_cursor.Origin, []);
        Enter(1);
        _listDepth++;
        _cursor.Advance();
        _cursor.SkipLines();
        while (_cursor.Current != ']')
        {
            if (_cursor.AtEnd)
            {
                throw new HoconException(node.Origin, "this '[' has no closing ']'.");
            }

            node.Items.Add(Value("a list item"));
            Separator(']');
        }

        _cursor.Advance();
        _listDepth--;
        _depth--;
        return node;
    }

    private SubstitutionNode Substitution()
    {
        var origin = _cursor.Origin;
        if (_cursor.Peek(1) != '{')
        {
            throw _cursor.Error("'$' must be quoted, or begin a substitution such as ${path}.");
        }

        _cursor.Advance(2);
        var optional = _cursor.Current == '?';
        _cursor.Advance(optional ? 1 : 0);
        var path = HoconStrings.ReadPath(_cursor);
        if (_cursor.Current != '}')
        {
            throw _cursor.Error($"'}}' is expected after the path of a substitution, not {_cursor.Shown}.");
        }

        _cursor.Advance();
        return new SubstitutionNode(origin, path, optional, _prefix);
    }

    private bool AtInclude() =>
        _cursor.StartsWith("include") && (HoconCursor.IsSpace(_cursor.Peek(7)) || _cursor.Peek(7) is '"' or '(');

    private void Include(ObjectNode target)
    {
        var origin = _cursor.Origin;
        _cursor.Advance("include".Length);
        _cursor.SkipSpaces();
        if (_cursor.Current != '"')
        {
            throw _cursor.Error("write include \"file.conf\"; to use include as a key, quote it.");
        }

        var included = HoconStrings.ReadQuoted(_cursor);
        if (_includeDepth == IncludeDepthMax)
        {
            throw new HoconException(
                origin, $"includes are nested deeper than {IncludeDepthMax}; does a file include itself?");
        }

        var source = _include?.Invoke(included, _name)
            ?? throw new HoconException(origin, $"the included file \"{included}\" cannot be read.");
        string[] prefix = _listDepth == 0 ? [.. _path] : [];
        var inner = new HoconParser(source.Text, source.Name, _include, _includeDepth + 1, _depth, prefix);
        target.MergeFrom(inner.Document());
    }

    private void Separator(char closer)
    {
        var newline = _cursor.SkipLines();
        if (_cursor.Current == ',')
        {
            _cursor.Advance();
            _cursor.SkipLines();
            if (_cursor.Current == ',')
            {
                throw _cursor.Error("there is nothing between two commas.");
            }
        }
        else if (!newline && !_cursor.AtEnd && _cursor.Current != closer)
        {
            throw _cursor.Error($"a newline, ',' or '{closer}' is expected, not {_cursor.Shown}.");
        }
    }

    private void Enter(int levels)
    {
        _depth += levels;
        if (_depth > DepthMax)
        {
            throw _cursor.Error($"this is nested deeper than {DepthMax} levels.");
        }
    }
}
