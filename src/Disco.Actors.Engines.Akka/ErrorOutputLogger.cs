using Akka.Event;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// What Akka.NET says, on standard error: standard output is the guests' and the report's. A line each, since what
/// follows is how Akka came to say it; of our own actors all of it. What it has just said it does not say again: a
/// member that waits for its coordinator finds nobody there every five seconds. Named in hocon/engines/akka.conf.
/// </summary>
public sealed class ErrorOutputLogger : MinimalLogger
{
    private const int Remembered = 16;

    private readonly Queue<string> _said = new();

    protected override void Log(object message)
    {
        string line = LineOf(message);
        lock (_said)
        {
            if (IsNews(line))
            {
                Console.Error.WriteLine(line);
            }
        }
    }

    /// <summary>False for one of the last lines.</summary>
    internal bool IsNews(string line)
    {
        if (_said.Contains(line))
        {
            return false;
        }
        _said.Enqueue(line);
        if (_said.Count > Remembered)
        {
            _said.Dequeue();
        }
        return true;
    }

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
