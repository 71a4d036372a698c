using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Devices.Operator;

/// <summary>
/// Somebody at the console who follows a script, <c>operator/0</c>: reads what is printed, types, and ends the run. An
/// actor like all others, so that a scripted run is the same each time.
/// </summary>
public sealed class ConsoleOperator : Actor
{
    // From the last character read to the first typed, and from one message of characters to the next.
    private const long PausesPerSecond = 1000;
    private const long PatienceMilliseconds = 600_000;
    private const int CharactersAtOnce = sizeof(ulong);

    private readonly OperatorScript _script;
    private readonly Address _console;
    private readonly Fabric _fabric;
    private readonly long _clockHz;

    // What was printed since the last match, no more than the text expected is long.
    private readonly List<byte> _read = [];
    private bool _begun;
    private int _step;
    private int _typed;
    private ulong _generation;
    private long _patienceMilliseconds = PatienceMilliseconds;

    /// <param name="address">operator/0.</param>
    /// <param name="node">Its node.</param>
    /// <param name="script">What it does.</param>
    /// <param name="console">Where it sits.</param>
    /// <param name="fabric">Of the machine.</param>
    /// <param name="clockHz">Of the machine.</param>
    public ConsoleOperator(
        Address address, int node, OperatorScript script, Address console, Fabric fabric, long clockHz)
        : base(address, node)
    {
        _script = script;
        _console = console;
        _fabric = fabric;
        _clockHz = clockHz;
        // The first step is taken at the first character printed.
    }

    /// <summary>
    /// Whose machine the end of the script ends, when it is a virtual one; null for the whole run. Why it ends is then
    /// put out, as the operator's.
    /// </summary>
    public Address? VirtualMachine { get; init; }

    /// <summary>False before the first character, and after a state of another script was loaded.</summary>
    public bool HasBegun => _begun;

    /// <summary>A message upon which one that has not begun does.</summary>
    public static Message Begin => new() { Kind = (ushort)UncachedKind.ConsoleOutput, Lane = Lane.Request };

    public override bool IsAtBorder => false;

    public override WaitsFor? Waiting => _step < _script.Steps.Count && Present.Act == OperatorAct.Expect
        ? new WaitsFor(_console, $"the text of line {Present.Line} of the script")
        : null;

    private OperatorStep Present => _script.Steps[_step];

    public override void Receive(in Envelope envelope, Context context)
    {
        switch (envelope.Message.Kind)
        {
            case (ushort)UncachedKind.ConsoleOutput:
                Read((byte)envelope.Message.A, context);
                break;
            case (ushort)TimerKind.WorkDue when envelope.Message.B == _generation:
                Type(context);
                break;
            case (ushort)TimerKind.TimerDue when envelope.Message.B == _generation:
                End(1, $"line {Present.Line} of the script: waited {_patienceMilliseconds} ms in vain for "
                    + $"'{Encoding.UTF8.GetString(Present.Text.Span)}'", context);
                break;
            case (ushort)TimerKind.WorkDue or (ushort)TimerKind.TimerDue:
                break;
            default:
                Invariant.Broken($"{Address} does not understand message {envelope.Message}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("script", _script.Mark);
        writer.Write("begun", _begun);
        writer.Write("step", _step);
        writer.Write("typed", _typed);
        writer.Write("generation", _generation);
        writer.Write("patience", _patienceMilliseconds);
        writer.Write("reads", _read.Count);
        writer.Write("read", _read.ToArray());
    }

    /// <remarks>After the state of somebody with another script this one begins with the first line.</remarks>
    public override void Load(StateReader reader)
    {
        bool isOther = reader.ReadUInt64("script") != _script.Mark;
        _begun = reader.ReadBool("begun") && !isOther;
        _step = reader.ReadInt32("step");
        _typed = reader.ReadInt32("typed");
        _generation = reader.ReadUInt64("generation");
        _patienceMilliseconds = reader.ReadInt64("patience");
        byte[] read = new byte[reader.ReadInt32("reads")];
        reader.ReadBytes("read", read);
        _read.Clear();
        if (isOther)
        {
            _step = 0;
            _typed = 0;
            _patienceMilliseconds = PatienceMilliseconds;
            // What the other one set timers for is over.
            _generation++;
        }
        else
        {
            _read.AddRange(read);
        }
    }

    private void Read(byte character, Context context)
    {
        if (!_begun)
        {
            _begun = true;
            Act(context);
        }
        if (_step == _script.Steps.Count || Present.Act != OperatorAct.Expect)
        {
            return;
        }
        ReadOnlySpan<byte> expected = Present.Text.Span;
        _read.Add(character);
        if (_read.Count > expected.Length)
        {
            _read.RemoveAt(0);
        }
        if (expected.SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_read)))
        {
            _step++;
            Act(context);
        }
    }

    // Goes on to the next step that takes time.
    private void Act(Context context)
    {
        _read.Clear();
        _typed = 0;
        _generation++;
        while (_step < _script.Steps.Count && Present.Act == OperatorAct.Within)
        {
            _patienceMilliseconds = Present.Number;
            _step++;
        }
        if (_step == _script.Steps.Count)
        {
            End(0, "the script has ended", context);
            return;
        }
        switch (Present.Act)
        {
            case OperatorAct.Expect:
                context.After(
                    _patienceMilliseconds * _clockHz / 1000, TimerMessage.Of(TimerKind.TimerDue, 0, _generation));
                break;
            case OperatorAct.Send:
                context.After(_clockHz / PausesPerSecond, TimerMessage.Of(TimerKind.WorkDue, 0, _generation));
                break;
            case OperatorAct.End:
                End((int)Present.Number, $"line {Present.Line} of the script ends the run", context);
                break;
            case OperatorAct.Wait:
            case OperatorAct.Within:
                break;
        }
    }

    private void End(int exitCode, string reason, Context context)
    {
        if (VirtualMachine is { } machine)
        {
            context.Output(Encoding.UTF8.GetBytes(reason + "\n"));
            _fabric.Send(context, Address, machine, 0, InterruptMessage.MachineEnd(exitCode, reset: false));
        }
        else
        {
            context.Stop(exitCode, reason);
        }
    }

    private void Type(Context context)
    {
        ReadOnlySpan<byte> rest = Present.Text.Span[_typed..];
        ReadOnlySpan<byte> now = rest[..Math.Min(CharactersAtOnce, rest.Length)];
        _fabric.Send(context, Address, _console, 0, Uart.Input(now));
        _typed += now.Length;
        if (_typed == Present.Text.Length)
        {
            _step++;
            Act(context);
        }
        else
        {
            context.After(_clockHz / PausesPerSecond, TimerMessage.Of(TimerKind.WorkDue, 0, _generation));
        }
    }
}
