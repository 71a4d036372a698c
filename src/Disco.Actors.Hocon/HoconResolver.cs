using System.Text;

namespace Disco.Actors.Hocon;

/// <summary>
/// Turns the syntax tree into values: folds assignments, joins parts, follows substitutions. A substitution is
/// looked up below its include's place, then from the root, then in the fallback. A field that refers to itself
/// sees the assignments before the one being folded (HOCON, "Self-Referential Substitutions").
/// </summary>
internal sealed class HoconResolver(ObjectNode root, HoconObject? fallback)
{
    // Chains of substitutions, and what joins may grow to: bounds against texts made to explode.
    private const int ChainMax = 300;
    private const int JoinMax = 1 << 20;

    private int _chain;

    public HoconObject Resolve() => Object(root);

    private HoconValue? Value(Node node, HoconValue? before) => node switch
    {
        TextNode text => new HoconText(text.Origin, text.Text),
        ListNode list => List(list),
        ObjectNode map => Object(map),
        SubstitutionNode substitution => Substitution(substitution),
        AppendNode append => Append(append, before),
        JoinNode join => Join(join),
        _ => throw new InvalidOperationException($"no rule for {node.GetType().Name}"),
    };

    private HoconObject Object(ObjectNode node)
    {
        var members = new List<HoconMember>();
        foreach (var field in node.Fields)
        {
            // A field whose value comes back to itself has no value yet inside itself.
            var value = field.IsResolving ? field.Value : Whole(field);
            if (value is not null)
            {
                members.Add(new HoconMember(field.Key, field.KeyOrigin, value));
            }
        }

        return new HoconObject(node.Origin, members);
    }

    private HoconList List(ListNode node)
    {
        var items = new List<HoconValue>();
        foreach (var item in node.Items)
        {
            if (Value(item, null) is { } value)
            {
                items.Add(value);
            }
        }

        return new HoconList(node.Origin, items);
    }

    private HoconValue? Whole(Field field)
    {
        if (field.IsResolved)
        {
            return field.Value;
        }

        if (++_chain > ChainMax)
        {
            throw new HoconException(field.KeyOrigin, $"substitutions are chained deeper than {ChainMax}.");
        }

        field.IsResolving = true;
        foreach (var assignment in field.Assignments)
        {
            var value = Value(assignment, field.Value);
            field.Value = value is null ? field.Value : HoconObject.Merge(field.Value, value);
        }

        field.IsResolving = false;
        field.IsResolved = true;
        _chain--;
        return field.Value;
    }

    private HoconValue? Substitution(SubstitutionNode node)
    {
        var circular = false;
        HoconValue? found = null;
        if (node.Prefix.Length > 0)
        {
            found = Find(root, [.. node.Prefix, .. node.Path], ref circular);
        }

        found ??= Find(root, node.Path, ref circular) ?? HoconObject.Find(fallback, node.Path);
        if (found is null && !node.Optional)
        {
            var path = HoconStrings.Show(node.Path);
            throw new HoconException(node.Origin, circular
                ? $"${{{path}}} refers to itself."
                : $"${{{path}}} has no value; define {path}, or write ${{?{path}}} if it may be absent.");
        }

        return found;
    }

    private HoconValue? Find(ObjectNode node, ReadOnlySpan<string> path, ref bool circular)
    {
        if (node.Find(path[0]) is not { } field)
        {
            return null;
        }

        var rest = path[1..];
        if (rest.IsEmpty)
        {
            circular |= field.IsResolving;
            return field.IsResolving ? field.Value : Whole(field);
        }

        // Plain objects are entered without resolving them whole: `a { x = 1, y = ${a.x} }` is no circle.
        HoconValue? found = null;
        var index = field.Assignments.Count - 1;
        for (; index >= 0 && field.Assignments[index] is ObjectNode inner; index--)
        {
            if (Find(inner, rest, ref circular) is { } lower)
            {
                found = found is null ? lower : HoconObject.Merge(lower, found);
                if (found is not HoconObject)
                {
                    return found;
                }
            }
        }

        if (index < 0)
        {
            return found;
        }

        var below = HoconObject.Find(field.IsResolving ? field.Value : Whole(field), rest);
        return found is null ? below : HoconObject.Merge(below, found);
    }

    private HoconList Append(AppendNode node, HoconValue? before)
    {
        before ??= node.Path is null ? null : HoconObject.Find(fallback, node.Path);
        var items = before switch
        {
            null => [],
            HoconList list => list.Items,
            _ => throw new HoconException(
                node.Origin, $"'+=' appends to a list, and {before.Origin} is {before.Noun}."),
        };
        return Value(node.Item, null) is { } item
            ? new HoconList(node.Origin, [.. items, item])
            : new HoconList(node.Origin, items);
    }

    private HoconValue? Join(JoinNode node)
    {
        HoconValue? joined = null;
        var text = new StringBuilder();
        foreach (var (space, part) in node.Parts)
        {
            var value = Value(part, null);
            if (joined is null or HoconText && value is null or HoconText)
            {
                text.Append(space).Append((value as HoconText)?.Text);
                joined = joined is null && value is null ? null : new HoconText(node.Origin, text.ToString());
            }
            else if (value is not null)
            {
                joined = JoinTwo(node, joined, value);
            }

            if (text.Length > JoinMax || joined is HoconList { Items.Count: > JoinMax })
            {
                throw new HoconException(node.Origin, "this value grows beyond all use; do substitutions double it?");
            }
        }

        return joined;
    }

    private static HoconValue JoinTwo(JoinNode node, HoconValue? left, HoconValue right) => (left, right) switch
    {
        (null, _) => right,
        (HoconObject, HoconObject) => HoconObject.Merge(left, right),
        (HoconList a, HoconList b) => new HoconList(node.Origin, [.. a.Items, .. b.Items]),
        _ => throw new HoconException(
            right.Origin, $"{left.Noun} and {right.Noun} cannot stand side by side; is a ',' or a quote missing?"),
    };
}
