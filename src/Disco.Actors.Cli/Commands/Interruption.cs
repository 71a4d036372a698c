using System.Runtime.InteropServices;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Ctrl-C ends a run at the next window, with the report so far; a second one ends the program. So does the signal that
/// asks a process to end, since a guest's terminal is to be left as it was.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private volatile bool _requested;

    private readonly PosixSignalRegistration _termination;

    public Interruption()
    {
        Console.CancelKeyPress += OnCancel;
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = !_requested;
            _requested = true;
        });
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

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = !_requested;
        _requested = true;
    }
}
