using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// The terminal as the guest's console: each key goes to the guest when it is pressed, Ctrl-C too; Ctrl-] ends the run.
/// While the guest waits, its time passes as the user's does.
/// </summary>
internal sealed class Keyboard : ILiveInput
{
    // Ctrl-4 to Ctrl-7 of a VT100 keyboard, as the console names them: 0x1c to 0x1f. The second ends the run.
    private const byte FirstOfDigits = 0x1c;
    private const byte Quit = 0x1d;
    private const int CharactersAtOnce = sizeof(ulong);

    private static readonly Address Outside = new(Role.Outside, 0);

    // Not worth a wait, and how long one lasts before other reasons to end are looked for.
    private static readonly TimeSpan LeadMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<byte> _pressed = new();

    // Pulsed when a key was pressed.
    private readonly object _arrival = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Pace _pace;
    private volatile bool _quit;

    private Keyboard(int machines, long clockHz)
    {
        _pace = new Pace(clockHz);
        Console.TreatControlCAsInput = true;
        Console.Error.WriteLine("The guest has the keyboard; Ctrl-] ends the run."
            + (machines > 1 ? " Ctrl-A n is the next virtual machine, Ctrl-A 0 the first." : ""));
        new Thread(Listen) { IsBackground = true, Name = "keyboard" }.Start();
    }

    /// <summary>
    /// For a guest with a shell on a terminal, or virtual machines with one; null else. With several, Ctrl-A is for the
    /// monitor.
    /// </summary>
    public static Keyboard? For(Experiment experiment, bool json) =>
        HasShell(experiment) && experiment.GdbAt is null && !json
        && !Console.IsInputRedirected && !Console.IsOutputRedirected
            ? new Keyboard(experiment.Monitor?.Vms.Count ?? 1, experiment.Board.ClockHz)
            : null;

    private static bool HasShell(Experiment experiment) =>
        experiment.Bare is { Script: null, Initrd.IsEmpty: false }
        || experiment.Monitor?.Vms.Any(vm => vm is { Script: null, HasDrivers: true }) == true;

    /// <summary>Waits while the guest's time is ahead of the user's and nothing is to be said to it.</summary>
    public void KeepPace(Cycle now, Func<bool> isInterrupted)
    {
        for (TimeSpan lead = LeadAt(now); lead > LeadMin; lead = LeadAt(now))
        {
            if (isInterrupted())
            {
                // Who presses a key wants its echo at once.
                _pace.Begin(now, _watch.Elapsed);
                return;
            }
            WaitForKey(lead < WaitMax ? lead : WaitMax);
        }
    }

    public bool IsWaiting => _quit || !_pressed.IsEmpty;

    public bool Quits => _quit;

    /// <summary>Types what was pressed.</summary>
    public void Post(TypedKeys.Poster post, Cycle now)
    {
        while (!_pressed.IsEmpty)
        {
            post(Outside, BoardAddresses.ConsoleActor, Uart.Input(Take()), now);
        }
    }

    /// <summary>What a key sends, as a VT100 does.</summary>
    internal static byte[] BytesOf(ConsoleKeyInfo key) => key.Key switch
    {
        >= ConsoleKey.D4 and <= ConsoleKey.D7 when key.Modifiers == ConsoleModifiers.Control =>
            [(byte)(FirstOfDigits + (key.Key - ConsoleKey.D4))],
        ConsoleKey.UpArrow => "\u001b[A"u8.ToArray(),
        ConsoleKey.DownArrow => "\u001b[B"u8.ToArray(),
        ConsoleKey.RightArrow => "\u001b[C"u8.ToArray(),
        ConsoleKey.LeftArrow => "\u001b[D"u8.ToArray(),
        ConsoleKey.Home => "\u001b[H"u8.ToArray(),
        ConsoleKey.End => "\u001b[F"u8.ToArray(),
        ConsoleKey.Delete => "\u001b[3~"u8.ToArray(),
        ConsoleKey.Backspace => [0x7f],
        ConsoleKey.Enter => [(byte)'\r'],
        _ => key.KeyChar == 0 ? [] : Encoding.UTF8.GetBytes([key.KeyChar]),
    };

    private TimeSpan LeadAt(Cycle now) => _pace.LeadAt(now, _watch.Elapsed);

    private void WaitForKey(TimeSpan atMost)
    {
        lock (_arrival)
        {
            if (_pressed.IsEmpty && !_quit)
            {
                Monitor.Wait(_arrival, atMost);
            }
        }
    }

    private byte[] Take()
    {
        List<byte> taken = [];
        while (taken.Count < CharactersAtOnce && _pressed.TryDequeue(out byte next))
        {
            taken.Add(next);
        }
        return [.. taken];
    }

    private void Listen()
    {
        while (!_quit)
        {
            byte[] bytes = BytesOf(Console.ReadKey(intercept: true));
            _quit = bytes is [Quit];
            foreach (byte each in _quit ? [] : bytes)
            {
                _pressed.Enqueue(each);
            }
            lock (_arrival)
            {
                Monitor.Pulse(_arrival);
            }
        }
    }
}
