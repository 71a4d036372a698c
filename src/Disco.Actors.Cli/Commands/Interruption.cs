namespace Disco.Actors.Cli.Commands;

/// <summary>Ctrl-C ends a run at the next window, with the report so far; a second one ends the program.</summary>
internal sealed class Interruption : IDisposable
{
    private volatile bool _requested;

    public Interruption() => Console.CancelKeyPress += OnCancel;

    public bool Requested => _requested;

    /// <summary>True once for each Ctrl-C: what is under way ends, the program goes on.</summary>
    public bool Take()
    {
        bool wasRequested = _requested;
        _requested = false;
        return wasRequested;
    }

    public void Dispose() => Console.CancelKeyPress -= OnCancel;

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = !_requested;
        _requested = true;
    }
}
