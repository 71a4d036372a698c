using Akka.Event;
using Xunit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>What Akka.NET says is a line each, and how it came to say it only where our own actors are.</summary>
public sealed class ErrorOutputLoggerTests
{
    private static readonly Exception Cause = new InvalidOperationException("no way\n   at Somewhere");

    [Fact]
    public void A_warning_is_one_line()
    {
        Warning warning = new(Cause, "akka://disco/system/remoting", typeof(Warning), "lost\n   at Akka");

        Assert.Equal("disco: Akka, warning: lost (no way)", ErrorOutputLogger.LineOf(warning));
    }

    [Fact]
    public void What_was_just_said_is_not_said_again_and_after_much_else_it_is()
    {
        ErrorOutputLogger logger = new();

        Assert.True(logger.IsNews("gated"));
        Assert.True(logger.IsNews("refused"));
        Assert.False(logger.IsNews("gated"));
        Assert.All(Enumerable.Range(0, 16), i => Assert.True(logger.IsNews($"{i}")));
        Assert.True(logger.IsNews("gated"));
    }

    [Fact]
    public void A_fault_of_an_actor_of_the_machine_is_told_with_its_place()
    {
        Error error = new(Cause, "akka://disco/user/part", typeof(Error), "failed");

        string line = ErrorOutputLogger.LineOf(error);

        Assert.StartsWith("disco: Akka, error: akka://disco/user/part: failed", line, StringComparison.Ordinal);
        Assert.Contains("at Somewhere", line, StringComparison.Ordinal);
    }
}
