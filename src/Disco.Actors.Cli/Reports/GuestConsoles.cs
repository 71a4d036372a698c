using System.Runtime.InteropServices;
using System.Text;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Devices.Forwarding;

namespace Disco.Actors.Cli.Reports;

/// <summary>
/// What the guests print. A bare guest's bytes pass as they are; with several virtual machines each line is shown when
/// it is whole, behind the name of its machine. With somebody at the keyboard the machine in focus has the terminal,
/// and what others print is shown when it is their turn.
/// </summary>
internal sealed class GuestConsoles
{
    private readonly Dictionary<Address, string> _names = [];
    private readonly Dictionary<Address, List<byte>> _all = [];
    private readonly Dictionary<Address, List<byte>> _line = [];
    private readonly List<byte> _shown = [];
    // Of a machine that is not in focus so much is kept.
    private const int BacklogMaxBytes = 1 << 16;

    private readonly Stream? _to;
    private readonly int _columns;

    // Who says which machine is in focus, when that is of interest, and the console that was.
    private readonly ConsoleMultiplexer? _keyboard;
    private Address _inFocus;

    /// <param name="machine">Whose consoles.</param>
    /// <param name="to">Where they are shown while the run goes on; null for nowhere.</param>
    /// <param name="hasKeyboard">Somebody types.</param>
    public GuestConsoles(BuiltMachine machine, Stream? to, bool hasKeyboard = false)
    {
        _to = to;
        // The only one, with a shell: what it prints is shown as it comes.
        IReadOnlyList<Vmm.Boards.VirtualMachine> vms = machine.Disco?.Vms ?? [];
        foreach (Vmm.Boards.VirtualMachine vm in vms is [{ Config.HasDrivers: true }] ? [] : vms)
        {
            _names[vm.Console] = vm.Config.Name;
            _columns = Math.Max(_columns, vm.Config.Name.Length);
        }
        if (hasKeyboard && vms.Count > 1)
        {
            _keyboard = machine.Disco!.Devices.Keyboard;
            _inFocus = ConsoleMultiplexer.ConsoleOf(_keyboard.Focus);
        }
    }

    /// <summary>Where the subnet's gateway puts what leaves; null for nowhere. It is no console.</summary>
    public Stream? Outside { get; init; }

    /// <summary>Where the gateway of the virtio interfaces puts what leaves; null for nowhere.</summary>
    public PortForwards? Forwards { get; init; }

    /// <summary>Everything as it was shown.</summary>
    public ReadOnlySpan<byte> Shown => CollectionsMarshal.AsSpan(_shown);

    /// <summary>Everything one console printed.</summary>
    public string Of(Address console) =>
        _all.TryGetValue(console, out List<byte>? all) ? Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(all)) : "";

    public void Print(Address console, Cycle cycle, ReadOnlySpan<byte> bytes)
    {
        if (console == VirtualSwitch.TheSwitch)
        {
            Outside?.Write(bytes);
            return;
        }
        if (console == OutsideMessage.Target)
        {
            Forwards?.Take(bytes);
            return;
        }
        Of(_all, console).AddRange(bytes);
        if (_keyboard is not null)
        {
            PrintInFocus(console, bytes);
            return;
        }
        if (!_names.TryGetValue(console, out string? name))
        {
            Show(bytes);
            return;
        }
        List<byte> line = Of(_line, console);
        foreach (byte each in bytes)
        {
            line.Add(each);
            if (each == (byte)'\n')
            {
                ShowLine(name, line);
            }
        }
    }

    /// <summary>Lines that never ended.</summary>
    public void Finish()
    {
        foreach ((Address console, List<byte> line) in _line.OrderBy(entry => entry.Key))
        {
            if (line.Count > 0 && _keyboard is null)
            {
                line.Add((byte)'\n');
                ShowLine(_names[console], line);
            }
        }
    }

    /// <summary>The terminal is the machine's that is in focus now; one that ended has passed it on.</summary>
    public void Follow()
    {
        if (_keyboard is null || ConsoleMultiplexer.ConsoleOf(_keyboard.Focus) == _inFocus)
        {
            return;
        }
        _inFocus = ConsoleMultiplexer.ConsoleOf(_keyboard.Focus);
        List<byte> backlog = Of(_line, _inFocus);
        Show(Encoding.UTF8.GetBytes($"\r\n[keyboard: {_names[_inFocus]}]\r\n"));
        Show(CollectionsMarshal.AsSpan(backlog));
        backlog.Clear();
    }

    private void PrintInFocus(Address console, ReadOnlySpan<byte> bytes)
    {
        Follow();
        if (console == _inFocus)
        {
            Show(bytes);
        }
        else if (console != ConsoleMultiplexer.TheKeyboard)
        {
            List<byte> backlog = Of(_line, console);
            backlog.AddRange(bytes);
            backlog.RemoveRange(0, Math.Max(0, backlog.Count - BacklogMaxBytes));
        }
    }

    private void ShowLine(string name, List<byte> line)
    {
        Show(Encoding.UTF8.GetBytes(name.PadRight(_columns) + " | "));
        Show(CollectionsMarshal.AsSpan(line));
        line.Clear();
    }

    private void Show(ReadOnlySpan<byte> bytes)
    {
        _shown.AddRange(bytes);
        _to?.Write(bytes);
        _to?.Flush();
    }

    private static List<byte> Of(Dictionary<Address, List<byte>> texts, Address console)
    {
        if (!texts.TryGetValue(console, out List<byte>? text))
        {
            texts[console] = text = [];
        }
        return text;
    }
}
