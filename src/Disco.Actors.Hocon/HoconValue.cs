using System.Diagnostics.CodeAnalysis;

namespace Disco.Actors.Hocon;

/// <summary>A resolved value: text, list or object. Immutable; remembers where it was written.</summary>
public abstract class HoconValue(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>"text", "a list" or "an object", for sentences.</summary>
    internal abstract string Noun { get; }

    /// <summary>Levels below this value.</summary>
    internal int Height { get; private set; }

    // Substitutions can stack objects higher than any text nests them; walks over values recurse.
    private protected void Holds(HoconValue child)
    {
        Height = Math.Max(Height, child.Height + 1);
        if (Height > HeightMax)
        {
            throw new HoconException(Origin, $"substitutions stack this value higher than {HeightMax} levels.");
        }
    }

    private const int HeightMax = 500;
}

/// <summary>Text. Numbers, booleans, durations and sizes are text until somebody asks for them.</summary>
public sealed class HoconText(HoconOrigin origin, string text) : HoconValue(origin)
{
    public string Text { get; } = text;

    internal override string Noun => "text";
}

public sealed class HoconList : HoconValue
{
    public HoconList(HoconOrigin origin, IReadOnlyList<HoconValue> items)
        : base(origin)
    {
        ArgumentNullException.ThrowIfNull(items);
        Items = items;
        foreach (var item in items)
        {
            Holds(item);
        }
    }

    public IReadOnlyList<HoconValue> Items { get; }

    internal override string Noun => "a list";
}

/// <summary>A key with its value; the key's own origin serves 'unknown key' errors.</summary>
public sealed record HoconMember(string Key, HoconOrigin KeyOrigin, HoconValue Value);

/// <summary>Members in the order in which their keys were first written.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly Dictionary<string, int> _indexOfKey = new(StringComparer.Ordinal);
    private readonly List<HoconMember> _members = [];

    public HoconObject(HoconOrigin origin, IEnumerable<HoconMember> members)
        : base(origin)
    {
        ArgumentNullException.ThrowIfNull(members);
        foreach (var member in members)
        {
            Put(member);
        }
    }

    public IReadOnlyList<HoconMember> Members => _members;

    internal override string Noun => "an object";

    public bool TryGet(string key, [NotNullWhen(true)] out HoconValue? value)
    {
        value = _indexOfKey.TryGetValue(key, out var index) ? _members[index].Value : null;
        return value is not null;
    }

    /// <summary>Two objects merge key by key; anything else is replaced by the upper value.</summary>
    internal static HoconValue Merge(HoconValue? lower, HoconValue upper)
    {
        if (lower is not HoconObject below || upper is not HoconObject above)
        {
            return upper;
        }

        var merged = new HoconObject(above.Origin, below._members);
        foreach (var member in above._members)
        {
            merged.TryGet(member.Key, out var old);
            merged.Put(member with { Value = Merge(old, member.Value) });
        }

        return merged;
    }

    internal static HoconValue? Find(HoconValue? value, ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (value is not HoconObject node || !node.TryGet(key, out value))
            {
                return null;
            }
        }

        return value;
    }

    private void Put(HoconMember member)
    {
        Holds(member.Value);
        if (_indexOfKey.TryGetValue(member.Key, out var index))
        {
            _members[index] = member;
            return;
        }

        _indexOfKey.Add(member.Key, _members.Count);
        _members.Add(member);
    }
}
