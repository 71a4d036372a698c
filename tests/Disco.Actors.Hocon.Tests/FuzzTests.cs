using System.Text;
using Xunit;

namespace Disco.Actors.Hocon.Tests;

/// <summary>Whatever the text, the outcome is a configuration or a HoconException, never another crash.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Pieces =
    [
        "a", "b", ".", "=", ":", "+=", "{", "}", "[", "]", ",", "\n", " ", "\"", "\"\"\"", "${", "${?", "a}", "b.a}",
        "#", "//", "include \"x\"", "1", "\\n", "\\u", "null", "$", "\0", "\r", "\uD800",
    ];

    [Fact]
    public void Random_bytes_never_crash() => Fuzz(random =>
    {
        var bytes = new byte[random.Next(60)];
        random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    });

    [Fact]
    public void Random_pieces_of_grammar_never_crash_and_round_trip() => Fuzz(random =>
        string.Concat(Enumerable.Range(0, random.Next(25)).Select(_ => Pieces[random.Next(Pieces.Length)])));

    private static void Fuzz(Func<Random, string> draw)
    {
        var random = new Random(12345);
        for (var round = 0; round < 50_000; round++)
        {
            var text = draw(random);
            try
            {
                var config = HoconConfig.Parse(text, "t", (n, _) => new HoconSource(n, "a = ${?b}\nb += 1"));
                var rendered = config.Render();
                Assert.Equal(rendered, HoconConfig.Parse(rendered, "again").Render());
            }
            catch (HoconException e)
            {
                Assert.True(e.Line >= 1 && e.Column >= 1 && e.File != "again", $"{e.Message} for {text}");
            }
        }
    }
}
