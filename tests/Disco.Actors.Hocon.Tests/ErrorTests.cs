using Xunit;

namespace Disco.Actors.Hocon.Tests;

/// <summary>Every error names file, line and column, and says one sentence.</summary>
public sealed class ErrorTests
{
    [Theory]
    [InlineData("a", 1, 2, "'=', ':', '+=' or '{' is expected after the key a, not the end of the text.")]
    [InlineData("a =", 1, 4, "the key a has no value; write \"\" for empty text.")]
    [InlineData("a =\nb = 1", 1, 4, "the key a has no value; write \"\" for empty text.")]
    [InlineData("a b = 1", 1, 3, "'=', ':', '+=' or '{' is expected after the key a, not 'b'.")]
    [InlineData("\n  = 1", 2, 3, "a key is expected here, not '='; quote a key of other signs.")]
    [InlineData("a..b = 1", 1, 3, "a key is expected here, not '.'; quote a key of other signs.")]
    [InlineData("a = 1 = 2", 1, 7, "'=' must be quoted in the value of a.")]
    [InlineData("a = { b = 1", 1, 5, "this '{' has no closing '}'.")]
    [InlineData("a = [1, 2", 1, 5, "this '[' has no closing ']'.")]
    [InlineData("a = [1,, 2]", 1, 8, "there is nothing between two commas.")]
    [InlineData("a = 1 }", 1, 7, "'}' closes or continues nothing.")]
    [InlineData("[1]", 1, 1, "the root must be an object of keys, not a list.")]
    [InlineData("a = \"x\nb = 1", 1, 5, "this quoted text has no closing '\"' on its line.")]
    [InlineData("a = \"\"\"x\n", 1, 5, "this text has no closing '\"\"\"'.")]
    [InlineData("a = \"\\x\"", 1, 6, "this escape is unknown; use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX.")]
    [InlineData("a = \"\\u12\"", 1, 6, "\\u must be followed by four hexadecimal digits.")]
    [InlineData("a = null", 1, 5, "null is not supported; leave the key out.")]
    [InlineData("a = 1\nb = ${c}", 2, 5, "${c} has no value; define c, or write ${?c} if it may be absent.")]
    [InlineData("a = ${a}", 1, 5, "${a} refers to itself.")]
    [InlineData("a = ${b}\nb = ${a}", 2, 5, "${a} refers to itself.")]
    [InlineData("a = $b", 1, 5, "'$' must be quoted, or begin a substitution such as ${path}.")]
    [InlineData("a = ${b", 1, 8, "'}' is expected after the path of a substitution, not the end of the text.")]
    [InlineData("a = [1] x", 1, 9, "a list and text cannot stand side by side; is a ',' or a quote missing?")]
    [InlineData("a = 1\na += 2", 2, 1, "'+=' appends to a list, and t:1 is text.")]
    [InlineData("include x", 1, 9, "write include \"file.conf\"; to use include as a key, quote it.")]
    [InlineData("include \"x\"", 1, 1, "the included file \"x\" cannot be read.")]
    [InlineData("a { b = 1 ]", 1, 11, "a newline, ',' or '}' is expected, not ']'.")]
    public void Broken_text_names_its_place(string text, int line, int column, string sentence)
    {
        var error = Assert.Throws<HoconException>(() => HoconConfig.Parse(text, "t"));

        Assert.Equal($"t:{line}:{column}: {sentence}", error.Message);
        Assert.Equal(("t", line, column, sentence), (error.File, error.Line, error.Column, error.Sentence));
    }

    [Theory]
    [InlineData("a={")]
    [InlineData("a.")]
    [InlineData("a=[", "[")]
    public void Deep_nesting_is_an_error_not_an_overflow(string first, string? then = null)
    {
        var deep = first + string.Concat(Enumerable.Repeat(then ?? first, 50_000));

        Assert.Throws<HoconException>(() => HoconConfig.Parse(deep, "t"));
    }

    [Fact]
    public void Long_chains_and_doubling_are_errors_not_overflows()
    {
        var chain = string.Join('\n', Enumerable.Range(0, 50_000).Select(i => $"a{i} = ${{a{i + 1}}}"));
        var doubling = string.Join(
            '\n', Enumerable.Range(1, 60).Select(i => $"a0 = x\na{i} = ${{a{i - 1}}}${{a{i - 1}}}"));
        var tower = string.Join(
            '\n', Enumerable.Range(1, 50_000).Select(i => $"a0 = x\na{i} = [${{a{i - 1}}}]"));

        Assert.Throws<HoconException>(() => HoconConfig.Parse(chain, "t"));
        Assert.Throws<HoconException>(() => HoconConfig.Parse(doubling, "t"));
        Assert.Throws<HoconException>(() => HoconConfig.Parse(tower, "t"));
    }

    [Fact]
    public void Unknown_key_suggests_the_nearest_known_one()
    {
        var reference = HoconConfig.Parse("machine { cpus = 1, memory = 64 MiB }\nlabels {}", "reference.conf");
        var mine = HoconConfig.Parse("labels { any = 1 }\nmachine {\n  memroy = 1\n}", "mine.conf");

        var error = Assert.Throws<HoconException>(() => mine.RejectUnknownKeys(reference));

        Assert.Equal("mine.conf:3:3: the key machine.memroy is unknown; did you mean machine.memory?", error.Message);
    }

    [Theory]
    [InlineData("cpu", "cpus")]
    [InlineData("memroy", "memory")]
    [InlineData("CPUS", "cpus")]
    [InlineData("zzz", null)]
    public void Suggest_finds_the_nearest_word(string unknown, string? expected) =>
        Assert.Equal(expected, HoconKeys.Suggest(unknown, ["cpus", "memory", "latency"]));
}
