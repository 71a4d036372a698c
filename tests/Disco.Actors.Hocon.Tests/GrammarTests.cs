using Xunit;

namespace Disco.Actors.Hocon.Tests;

/// <summary>One test a rule of the grammar in HoconParser; rules from the HOCON specification's headings.</summary>
public sealed class GrammarTests
{
    [Theory]
    [InlineData("equals", "a = 1", "1")]
    [InlineData("colon", "a : 1", "1")]
    [InlineData("dotted path", "x.y { z = 1 }\na = ${x.y.z}", "1")]
    [InlineData("quoted key with a dot", "\"x.y\" = 1\na = ${\"x.y\"}", "1")]
    [InlineData("braces around the root", "{ a = 1 }", "1")]
    [InlineData("comma between fields", "b = 0, a = 1,", "1")]
    [InlineData("comments", "# one\na = 1 // two\n// three", "1")]
    [InlineData("unquoted words keep inner space", "a = two  words # no", "two  words")]
    [InlineData("a path of files", "a = images/hello.elf", "images/hello.elf")]
    [InlineData("quoted and unquoted joined", "a = \"x \"y", "x y")]
    [InlineData("escapes", """a = "q\" b\\ s\/ n\n t\t u\u0041" """, "q\" b\\ s/ n\n t\t uA")]
    [InlineData("comment signs in quotes", "a = \"# // \"", "# // ")]
    [InlineData("triple quotes are raw", "a = \"\"\"x\\n\n\"y\"\"\"\"", "x\\n\n\"y\"")]
    [InlineData("empty text", "a = \"\"", "")]
    [InlineData("later wins", "a = 1\na = 2", "2")]
    [InlineData("later text wins over an object", "a { b = 1 }\na = 2", "2")]
    [InlineData("byte order mark and carriage returns", "\uFEFFa = 1\r\nb = 2\r\n", "1")]
    [InlineData("substitution", "b = 1\na = ${b}", "1")]
    [InlineData("substitution forward", "a = ${b}\nb = 1", "1")]
    [InlineData("substitution sees the last value", "b = 1\na = ${b}\nb = 2", "2")]
    [InlineData("substitution inside text", "b = 1\na = x${b}y", "x1y")]
    [InlineData("optional substitution absent keeps the old value", "a = 1\na = ${?nowhere}", "1")]
    [InlineData("optional substitution present", "b = 2\na = 1\na = ${?b}", "2")]
    [InlineData("self reference looks back", "a = 1\na = ${a}:2", null)]
    [InlineData("self reference joins", "a = 1\na = ${a} 2\na = ${a} 3", "1 2 3")]
    [InlineData("a hidden substitution is not looked at", "a = ${nowhere}\na = 1", "1")]
    [InlineData("object sibling", "o { p = 1, q = ${o.p} }\na = ${o.q}", "1")]
    [InlineData("object override reaches the sibling", "o { p = 1, q = ${o.p} }\no { p = 2 }\na = ${o.q}", "2")]
    [InlineData("inherit an object", "b { x = 1, y = 2 }\nc = ${b} { x = 3 }\na = ${c.x}${c.y}", "32")]
    [InlineData("bracket on the next line", "b =\n  {\n c = 1\n}\na = ${b.c}", "1")]
    [InlineData("include as a quoted key", "\"include\" = 1\na = ${\"include\"}", "1")]
    public void Text_that_obeys_a_rule_gives_its_value(string rule, string text, string? expected)
    {
        Assert.NotEmpty(rule);
        if (expected is null)
        {
            Assert.Throws<HoconException>(() => HoconConfig.Parse(text, "t"));
            return;
        }

        Assert.Equal(expected, HoconConfig.Parse(text, "t").GetString("a"));
    }

    [Theory]
    [InlineData("commas", "a = [1, 2, 3]", "1|2|3")]
    [InlineData("newlines and trailing comma", "a = [\n 1\n 2,\n # c\n 3,\n]", "1|2|3")]
    [InlineData("empty", "a = []", "")]
    [InlineData("joined", "a = [1] [2]", "1|2")]
    [InlineData("append", "a = [1]\na += 2\na += 3", "1|2|3")]
    [InlineData("append to nothing", "a += 1", "1")]
    [InlineData("append inside an object", "o { a = [1] }\no { a += 2 }\na = ${o.a}", "1|2")]
    [InlineData("self reference", "a = [1]\na = [0] ${a}", "0|1")]
    [InlineData("optional self reference to nothing", "a = ${?a} [1]", "1")]
    [InlineData("absent items vanish", "a = [1, ${?b}]", "1")]
    public void List_that_obeys_a_rule_gives_its_items(string rule, string text, string expected)
    {
        Assert.NotEmpty(rule);

        Assert.Equal(expected, string.Join('|', HoconConfig.Parse(text, "t").GetStringList("a")));
    }

    /// <summary>HOCON, "Duplicate keys and object merging".</summary>
    [Fact]
    public void Objects_of_one_key_merge_in_written_order()
    {
        var config = HoconConfig.Parse("o { x = 1, y { p = 1 } }\no { y { q = 2 }, z = 3 }", "t");

        Assert.Equal(["x", "y", "z"], config.GetObjectKeys("o"));
        Assert.Equal(["p", "q"], config.GetObjectKeys("o.y"));
    }

    /// <summary>HOCON, "Include semantics": the included fields merge where the include stands.</summary>
    [Fact]
    public void Include_merges_at_its_place_and_names_its_own_origins()
    {
        var config = HoconConfig.Parse("o {\n include \"part.conf\"\n y = 3\n}", "main.conf", Resolve);

        Assert.Equal(1, config.GetInt("o.x"));
        Assert.Equal(3, config.GetInt("o.y"));
        Assert.Equal(3, config.GetInt("o.z"));
        Assert.Equal("part.conf:1", config.GetOrigin("o.x").ToString());
        Assert.Equal("main.conf:3", config.GetOrigin("o.y").ToString());

        static HoconSource Resolve(string included, string includingName)
        {
            Assert.Equal("main.conf", includingName);
            return new HoconSource(included, "x = 1\ny = 2\nz = ${y}");
        }
    }

    [Fact]
    public void Include_of_itself_is_an_error_not_an_overflow()
    {
        const string Text = "include \"t\"";

        var error = Assert.Throws<HoconException>(() => HoconConfig.Parse(Text, "t", (n, _) => new(n, Text)));

        Assert.Contains("include itself", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_include_relative_to_the_including_file()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        var main = Path.Combine(folder, "main.conf");
        File.WriteAllText(main, "include \"sub/a.conf\"");
        File.WriteAllText(Path.Combine(folder, "sub", "a.conf"), "include \"b.conf\"");
        File.WriteAllText(Path.Combine(folder, "sub", "b.conf"), "x = 1");

        var config = HoconFiles.Load(main);

        Directory.Delete(folder, recursive: true);
        Assert.Equal(1, config.GetInt("x"));
    }
}
