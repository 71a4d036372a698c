namespace Disco.Actors.Hocon;

// What the parser builds and the resolver consumes. A field keeps every assignment made to its key, in order,
// because `a = ${a} [x]` and `a += x` look back at the assignments before them (HOCON, self-referential
// substitutions).

internal abstract record Node(HoconOrigin Origin);

internal sealed record TextNode(HoconOrigin Origin, string Text) : Node(Origin);

internal sealed record ListNode(HoconOrigin Origin, List<Node> Items) : Node(Origin);

/// <summary>`${path}`; Prefix is where the including file put the text that holds it.</summary>
internal sealed record SubstitutionNode(HoconOrigin Origin, string[] Path, bool Optional, string[] Prefix)
    : Node(Origin);

/// <summary>Values side by side; Space is the white space before the part, kept between texts.</summary>
internal sealed record JoinNode(HoconOrigin Origin, List<(string Space, Node Part)> Parts) : Node(Origin);

/// <summary>`path += item`; Path is null inside a list, where no path leads.</summary>
internal sealed record AppendNode(HoconOrigin Origin, Node Item, string[]? Path) : Node(Origin);

internal sealed record ObjectNode(HoconOrigin Origin) : Node(Origin)
{
    private readonly Dictionary<string, Field> _fieldOfKey = new(StringComparer.Ordinal);

    public List<Field> Fields { get; } = [];

    public Field? Find(string key) => _fieldOfKey.GetValueOrDefault(key);

    /// <summary>Assigns below a dotted path; the objects on the way are made or joined.</summary>
    public void Assign(ReadOnlySpan<string> path, HoconOrigin keyOrigin, Node node)
    {
        var target = this;
        foreach (var key in path[..^1])
        {
            var field = target.FieldFor(key, keyOrigin);
            if (field.Assignments.Count == 0 || field.Assignments[^1] is not ObjectNode inner)
            {
                inner = new ObjectNode(keyOrigin);
                field.Assignments.Add(inner);
            }

            target = inner;
        }

        target.FieldFor(path[^1], keyOrigin).Assign(node);
    }

    public void MergeFrom(ObjectNode other)
    {
        foreach (var field in other.Fields)
        {
            var mine = FieldFor(field.Key, field.KeyOrigin);
            foreach (var assignment in field.Assignments)
            {
                mine.Assign(assignment);
            }
        }
    }

    private Field FieldFor(string key, HoconOrigin keyOrigin)
    {
        if (!_fieldOfKey.TryGetValue(key, out var field))
        {
            field = new Field(key);
            _fieldOfKey.Add(key, field);
            Fields.Add(field);
        }

        field.KeyOrigin = keyOrigin;
        return field;
    }
}

internal sealed class Field(string key)
{
    public string Key { get; } = key;

    public HoconOrigin KeyOrigin { get; set; }

    public List<Node> Assignments { get; } = [];

    // Owned by the resolver.
    public bool IsResolving { get; set; }

    public bool IsResolved { get; set; }

    /// <summary>The value of the assignments folded so far; final once resolved.</summary>
    public HoconValue? Value { get; set; }

    public void Assign(Node node)
    {
        if (node is ObjectNode added && Assignments.Count > 0 && Assignments[^1] is ObjectNode last)
        {
            last.MergeFrom(added);
            return;
        }

        // Plain text hides whatever was there: a hidden substitution is never looked at.
        if (node is TextNode)
        {
            Assignments.Clear();
        }

        Assignments.Add(node);
    }
}
