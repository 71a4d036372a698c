using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// Everything the consoles of a run have put out, by virtual machine and line by line in the order in which lines
/// ended. For the shell that shows it; no part of the machine.
/// </summary>
public sealed class ConsoleTranscript(DeviceSetup setup)
{
    private readonly SortedDictionary<int, StringBuilder> _texts = [];
    private readonly SortedDictionary<int, StringBuilder> _open = [];
    private readonly List<(int Vm, string Line)> _lines = [];

    /// <summary>Complete lines, each with the VM it is from; -1 for the monitor's own.</summary>
    public IReadOnlyList<(int Vm, string Line)> Lines => _lines;

    /// <summary>Complete lines with the name of the VM before them.</summary>
    public IEnumerable<string> Tagged => _lines.Select(line => $"[{NameOf(line.Vm)}] {line.Line}");

    /// <summary>The whole output of a virtual machine.</summary>
    public string TextOf(int vm) => _texts.TryGetValue(vm, out StringBuilder? text) ? text.ToString() : "";

    /// <summary>The VM whose console an actor is; -1 for the multiplexer, null for what is no console.</summary>
    public static int? VmOf(Address source) => source.Role == Role.Console ? source.Index - 1 : null;

    /// <summary>Takes what an actor put out, when it is a console.</summary>
    public void Add(Address source, ReadOnlySpan<byte> bytes)
    {
        if (VmOf(source) is not { } vm)
        {
            return;
        }
        foreach (char character in Encoding.Latin1.GetString(bytes))
        {
            Part(_texts, vm).Append(character);
            if (character == '\n')
            {
                _lines.Add((vm, Part(_open, vm).ToString().TrimEnd('\r')));
                Part(_open, vm).Clear();
            }
            else
            {
                Part(_open, vm).Append(character);
            }
        }
    }

    /// <summary>What has been begun and not ended counts as lines too.</summary>
    public void Close()
    {
        foreach ((int vm, StringBuilder open) in _open)
        {
            if (open.Length > 0)
            {
                _lines.Add((vm, open.ToString()));
                open.Clear();
            }
        }
    }

    private static StringBuilder Part(SortedDictionary<int, StringBuilder> parts, int vm)
    {
        if (!parts.TryGetValue(vm, out StringBuilder? part))
        {
            parts.Add(vm, part = new StringBuilder());
        }
        return part;
    }

    private string NameOf(int vm) => setup.FindVm(vm)?.Name ?? "monitor";
}
