using Disco.Actors.Debugging.Machines;
using Disco.Actors.Debugging.Timelines;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Debugging.Interactive;

/// <summary>
/// A small command language over the <see cref="Debugger"/>: one line a command, plain text for an answer. What it
/// prints depends on the run alone, so that a script and its answers are a test.
/// </summary>
public sealed partial class CommandInterpreter
{
    private const int CountMax = 1_000_000;
    private const int BytesMax = 4096;
    private const int LinesMax = 1000;
    private const long GoCycles = 2_000_000;

    private readonly Debugger _debugger;
    private readonly TextWriter _output;
    private readonly Func<bool> _interrupted;
    private readonly Views _views;
    private DebugThread _thread;

    /// <param name="debugger">Of the run.</param>
    /// <param name="output">For answers.</param>
    /// <param name="interrupted">Asked now and then while the run goes on; true once for each time.</param>
    public CommandInterpreter(Debugger debugger, TextWriter output, Func<bool> interrupted)
    {
        _debugger = debugger;
        _output = output;
        _interrupted = interrupted;
        _views = new Views(debugger.Machine, debugger.Timeline);
        _thread = debugger.Machine.Threads[0];
    }

    private Timeline Timeline => _debugger.Timeline;

    /// <summary>Reads and executes commands until quit or the end of the input.</summary>
    /// <param name="input">One command a line; what follows # is a comment.</param>
    /// <param name="prompt">Printed before each; empty for none.</param>
    /// <param name="echo">True to print the commands too, for a transcript.</param>
    public void Run(TextReader input, string prompt, bool echo)
    {
        _output.Write(prompt);
        while (input.ReadLine() is { } line)
        {
            if (echo)
            {
                _output.WriteLine($"> {line}");
            }
            // What was pressed while nothing ran does not count.
            _interrupted();
            if (!Execute(line))
            {
                return;
            }
            _output.Write(prompt);
        }
    }

    /// <summary>Executes one command; false for quit. What cannot be done is answered with a sentence.</summary>
    public bool Execute(string line)
    {
        string[] words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return true;
        }
        if (words[0] is "quit" or "q")
        {
            return false;
        }
        try
        {
            Arguments rest = new(words[1..]);
            if (!TryMove(words[0], rest) && !TryStop(words[0], rest) && !TryLook(words[0], rest))
            {
                throw new CommandError($"there is no command '{words[0]}'; see help");
            }
            rest.End();
        }
        catch (CommandError e)
        {
            _output.WriteLine(e.Message);
        }
        return true;
    }

    /// <summary>Executes a command that only looks, for a thread; the answer as text.</summary>
    public static string Answer(Debugger debugger, DebugThread thread, string line)
    {
        using StringWriter output = new();
        CommandInterpreter interpreter = new(debugger, output, () => false) { _thread = thread };
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            Arguments rest = new(words.Skip(1));
            if (words.Length == 0 || !interpreter.TryLook(words[0], rest))
            {
                throw new CommandError("here only commands that look are known; see help");
            }
            rest.End();
        }
        catch (CommandError e)
        {
            output.WriteLine(e.Message);
        }
        return output.ToString();
    }

    private bool TryLook(string command, Arguments rest)
    {
        string? text = command switch
        {
            "help" or "h" => CommandText.Help.TrimEnd() + "\n",
            "where" or "w" => _views.Position(_thread),
            "threads" => _views.Threads(_thread),
            "registers" => Views.Registers(_thread),
            "cp0" => Views.Cp0(_thread),
            "tlb" => Views.Tlb(_thread),
            "translate" => Views.Translation(_thread, rest.Address(_thread)),
            "memory" => Memory(rest),
            "disassemble" or "x" => Code(rest),
            "line" => _views.CoherenceLine(MachineAddressOf(rest)),
            "page" => _views.PmapEntry(_thread, rest.Address(_thread)),
            "frame" => _views.MemmapEntry(new MachineAddress(rest.Address(_thread))),
            "messages" => _views.UnderWay(rest.HasMore ? rest.Actor(Timeline.Engine.World) : null),
            "breakpoints" => Breakpoints(),
            _ => null,
        };
        _output.Write(text);
        return text is not null;
    }

    private string Memory(Arguments rest)
    {
        DebugThread? thread = rest.TryTake("machine") ? null : _thread;
        ulong address = rest.Address(_thread);
        return _views.Memory(thread, address, (int)rest.Number("how many bytes", 1, BytesMax, 64));
    }

    private string Code(Arguments rest)
    {
        ulong address = rest.HasMore
            ? rest.Address(_thread)
            : _thread.Registers?[ThreadRegisters.Pc] ?? throw new CommandError($"{_thread.Name} is {_thread.State}");
        return _views.Code(_thread, address, (int)rest.Number("how many instructions", 1, LinesMax, 8));
    }

    private MachineAddress MachineAddressOf(Arguments rest)
    {
        bool isMachine = rest.TryTake("machine");
        ulong address = rest.Address(_thread);
        if (isMachine)
        {
            return new MachineAddress(address);
        }
        return _thread.TryTranslate(address, out MachineAddress at)
            ? at
            : throw new CommandError($"0x{address:x} is not in the memory of {_thread.Name}");
    }

    private string Breakpoints() => _debugger.Breakpoints.Count == 0
        ? "  none\n"
        : string.Concat(_debugger.Breakpoints.Select(each => $"  {each}\n"));
}
