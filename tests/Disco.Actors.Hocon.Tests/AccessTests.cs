using Microsoft.Extensions.Configuration;
using Xunit;

namespace Disco.Actors.Hocon.Tests;

public sealed class AccessTests
{
    [Theory]
    [InlineData("300 ns", 300)]
    [InlineData("300ns", 300)]
    [InlineData("1.5 us", 1_500)]
    [InlineData("4 ms", 4_000_000)]
    [InlineData("2 s", 2_000_000_000)]
    [InlineData("1 m", 60_000_000_000)]
    [InlineData("0", 0)]
    public void Duration_is_read_in_nanoseconds(string text, long expected) =>
        Assert.Equal(expected, HoconConfig.Parse($"a = {text}", "t").GetDuration("a"));

    [Theory]
    [InlineData("512", 512)]
    [InlineData("512 B", 512)]
    [InlineData("32K", 32 << 10)]
    [InlineData("32 KiB", 32 << 10)]
    [InlineData("1 kB", 1000)]
    [InlineData("64 MiB", 64 << 20)]
    [InlineData("64M", 64 << 20)]
    [InlineData("1 MB", 1_000_000)]
    [InlineData("4G", 4L << 30)]
    [InlineData("0.5 GiB", 512L << 20)]
    public void Size_is_read_in_bytes(string text, long expected) =>
        Assert.Equal(expected, HoconConfig.Parse($"a = {text}", "t").GetSize("a"));

    [Fact]
    public void Numbers_and_booleans_are_read_from_text()
    {
        const string Text = "i = -3, h = 0x1fc00000, d = 2.5, y = on, n = false, q = \"7\", t = 2.5 ns";
        var config = HoconConfig.Parse(Text, "t");

        Assert.Equal(-3, config.GetInt("i"));
        Assert.Equal(0x1fc00000, config.GetLong("h"));
        Assert.Equal(2.5, config.GetDouble("d"));
        Assert.True(config.GetBool("y"));
        Assert.False(config.GetBool("n"));
        Assert.Equal(7, config.GetInt("q"));
        Assert.Equal(2.5, config.GetFractionalDuration("t"));
    }

    [Fact]
    public void Value_of_the_wrong_form_names_its_place_and_the_form()
    {
        var config = HoconConfig.Parse("o {\n  a = four\n  b = 10\n  c = 2.5 ns\n  d = [1]\n}", "t");

        Fails("t:2:7: o.a must be a whole number, not 'four'.", () => config.GetInt("o.a"));
        Fails("t:2:7: o.a must be true or false, not 'four'.", () => config.GetBool("o.a"));
        Fails(
            "t:3:7: o.b must be a duration of whole nanoseconds such as 300 ns, 10 us, 4 ms, 2 s or 1 m, not '10'.",
            () => config.GetDuration("o.b"));
        Assert.Throws<HoconException>(() => config.GetDuration("o.c"));
        Fails(
            "t:2:7: o.a must be a size such as 512, 32 KiB, 64 MiB or 1 GiB, not 'four'.",
            () => config.GetSize("o.a"));
        Fails("t:5:7: o.d must be text, not a list.", () => config.GetString("o.d"));
        Fails("t:1:3: o must be a list, not an object.", () => config.GetStringList("o"));
        Fails("t:1:1: the key o.e is missing.", () => config.GetString("o.e"));
    }

    /// <summary>The upper configuration wins key by key; its substitutions and '+=' see the fallback.</summary>
    [Fact]
    public void Fallback_serves_what_the_upper_text_leaves_out()
    {
        var below = HoconConfig.Parse("o { x = 1, y = 2 }\nl = [1]", "below");
        var above = HoconConfig.Parse("o { y = 3, z = ${o.x} }\nl += 2", "above", fallback: below);

        Assert.Equal("1 3 1", string.Join(' ', above.GetInt("o.x"), above.GetInt("o.y"), above.GetInt("o.z")));
        Assert.Equal(["1", "2"], above.GetStringList("l"));
        Assert.Equal("above", above.GetOrigin("o.y").File);
        Assert.Equal("below", above.GetOrigin("o.x").File);
        Assert.Equal(2, HoconConfig.Parse("o.x = 9", "top").WithFallback(below).GetInt("o.y"));
    }

    [Fact]
    public void Rendered_text_parses_to_the_same_text()
    {
        const string Text = "a { \"x.y\" = \"# q\\\"\\n\", l = [1, {k = v}, []], e {} }\nb = two words\nc = null\"\"";
        var once = HoconConfig.Parse(Text, "t").Render();

        Assert.Equal(once, HoconConfig.Parse(once, "t").Render());
        Assert.Equal("# q\"\n", HoconConfig.Parse(once, "t").GetString("a.\"x.y\""));
        Assert.Equal("null", HoconConfig.Parse(once, "t").GetString("c"));
    }

    [Fact]
    public void Configuration_source_joins_keys_and_a_later_source_wins()
    {
        var root = new ConfigurationBuilder()
            .AddHoconText("machine { cpus = 4, names = [a, b] }", "one.conf")
            .AddHoconText("machine.cpus = 8", "two.conf")
            .Build();

        Assert.Equal("8", root["machine:cpus"]);
        Assert.Equal("b", root["Machine:Names:1"]);
        var provider = (HoconConfigurationProvider)root.Providers.Last();
        Assert.True(provider.TryGetOrigin("machine:cpus", out var origin));
        Assert.Equal("two.conf:1", origin.ToString());
    }

    [Fact]
    public void Configuration_source_refuses_keys_that_differ_in_case_only() =>
        Assert.Throws<HoconException>(() => new ConfigurationBuilder().AddHoconText("a = 1\nA = 2", "t").Build());

    private static void Fails(string message, Action action) =>
        Assert.Equal(message, Assert.Throws<HoconException>(action).Message);
}
