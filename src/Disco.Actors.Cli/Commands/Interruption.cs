using System.Runtime.InteropServices;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Ctrl-C ends a run at the next window, with the report so far; a second one ends the program. So does the signal that
/// asks a process to end, since a guest's terminal is to be left as it was.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private volatile bool _requested;

    private readonly Action? _asked;
    private readonly PosixSignalRegistration _termination;

    /// <param name="asked">Called at the first request, on a thread of its own.</param>
    public Interruption(Action? asked = null)
    {
        _asked = asked;
        Console.CancelKeyPress += OnCancel;
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = Ask());
    }

    public bool Requested => _requested;

    /// <summary>True once for each Ctrl-C: what is under way ends, the program goes on.</summary>
    public bool Take()
    {
        bool wasRequested = _requested;
        _requested = false;
        return wasRequested;
    }

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancel;
        _termination.Dispose();
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs e) => e.Cancel = Ask();

    /// <summary>True when the program is to go on until it ends by itself.</summary>
    private bool Ask()
    {
        bool isFirst = !_requested;
        _requested = true;
        if (isFirst)
        {
            _asked?.Invoke();
        }
        return isFirst;
    }
}
