using System.Text;

namespace Disco.Actors.Hocon;

/// <summary>Writes values as canonical text: quotes only where needed, four spaces a level.</summary>
internal static class HoconRenderer
{
    public static string Render(HoconObject root)
    {
        var text = new StringBuilder();
        Members(text, root, "");
        return text.ToString();
    }

    private static void Members(StringBuilder text, HoconObject node, string indent)
    {
        foreach (var member in node.Members)
        {
            text.Append(indent).Append(HoconStrings.ShowKey(member.Key));
            text.Append(member.Value is HoconObject ? " " : " = ");
            Value(text, member.Value, indent);
            text.Append('\n');
        }
    }

    private static void Value(StringBuilder text, HoconValue value, string indent)
    {
        switch (value)
        {
            case HoconText leaf:
                text.Append(HoconStrings.IsPlain(leaf.Text) ? leaf.Text : HoconStrings.Quote(leaf.Text));
                break;
            case HoconList list:
                List(text, list, indent);
                break;
            case HoconObject { Members.Count: 0 }:
                text.Append("{}");
                break;
            case HoconObject node:
                text.Append("{\n");
                Members(text, node, indent + "    ");
                text.Append(indent).Append('}');
                break;
        }
    }

    private static void List(StringBuilder text, HoconList list, string indent)
    {
        text.Append('[');
        for (var index = 0; index < list.Items.Count; index++)
        {
            text.Append(index > 0 ? ", " : "");
            Value(text, list.Items[index], indent);
        }

        text.Append(']');
    }
}
