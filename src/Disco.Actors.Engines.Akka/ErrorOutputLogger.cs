using Akka.Event;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// What Akka.NET says, on standard error: standard output is the guests' and the report's. A line each, since what
/// follows is how Akka came to say it; of our own actors all of it. Named in hocon/engines/akka.conf.
/// </summary>
public sealed class ErrorOutputLogger : MinimalLogger
{
    protected override void Log(object message) => Console.Error.WriteLine(LineOf(message));

    internal static string LineOf(object message)
    {
        if (message is not LogEvent said)
        {
            return $"disco: Akka: {FirstLine($"{message}")}";
        }
        string level = said.LogLevel() switch
        {
            LogLevel.ErrorLevel => "Akka, error",
            LogLevel.WarningLevel => "Akka, warning",
            _ => "Akka",
        };
        string text = $"{said.Message}";
        if (said.Cause is null)
        {
            return $"disco: {level}: {FirstLine(text)}";
        }
        return said.LogSource.Contains("/user/", StringComparison.Ordinal)
            ? $"disco: {level}: {said.LogSource}: {text}: {said.Cause}"
            : $"disco: {level}: {FirstLine(text)} ({FirstLine(said.Cause.Message)})";
    }

    private static string FirstLine(string text) => text.AsSpan().Trim().ToString().Split('\n', 2)[0].TrimEnd();
}
