using System.Globalization;

namespace Disco.Actors.Verification.Litmus;

/// <summary>Reads one CPU's column of instructions.</summary>
internal sealed class LitmusThreadReader(string name)
{
    private const string Known = "nop, sync, li, move, daddiu, daddu, xor, ld, sd, lld, scd and their 32-bit forms, "
        + "beqz, bnez, b, map, flush, asid";

    private readonly List<LitmusInstruction> _instructions = [];

    // Numbers of the instructions that labels stand before; and branches with their labels and lines.
    private readonly List<(string Label, int At)> _labels = [];
    private readonly List<(int At, string Label, int Line)> _branches = [];
    private int _line;

    /// <param name="cell">One instruction, perhaps behind a label; or nothing.</param>
    /// <param name="line">For messages.</param>
    public void Read(string cell, int line)
    {
        _line = line;
        int colon = cell.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0)
        {
            _labels.Add((cell[..colon].Trim(), _instructions.Count));
        }
        string text = cell[(colon + 1)..].Trim();
        if (text.Length == 0)
        {
            return;
        }
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        string op = space < 0 ? text : text[..space];
        string[] operands = space < 0 ? [] : [.. text[(space + 1)..].Split(',').Select(operand => operand.Trim())];
        LitmusInstruction one = Instruction(op, operands, cell);
        if (_instructions.Count > 0 && _instructions[^1].IsBranch && one.Op != LitmusOp.Nop)
        {
            throw Error("behind a branch there must be a nop, for its delay slot");
        }
        _instructions.Add(one);
    }

    public LitmusInstruction[] Finish()
    {
        foreach ((int at, string label, int line) in _branches)
        {
            _line = line;
            int target = TargetOf(at, label);
            _instructions[at] = _instructions[at] with { Value = target };
        }
        return [.. _instructions];
    }

    private LitmusInstruction Instruction(string op, string[] operands, string text)
    {
        switch (op)
        {
            case "nop":
                Count(op, operands, 0);
                return new(LitmusOp.Nop, text);
            case "sync":
                Count(op, operands, 0);
                return new(LitmusOp.Sync, text);
            case "flush":
                Count(op, operands, 0);
                return new(LitmusOp.Flush, text);
            case "asid":
                Count(op, operands, 1);
                return new(LitmusOp.Asid, text, Value: Number(operands[0], 0, LitmusModel.AsidsMax - 1));
            case "map":
                Count(op, operands, 2);
                return new(LitmusOp.Map, text, PageOf(operands[0]), WordOf(operands[1]));
            case "li":
                Count(op, operands, 2);
                return new(LitmusOp.LoadImmediate, text, Register(operands[0]), Value: Number(operands[1], 0, 1000));
            case "move":
                Count(op, operands, 2);
                return new(LitmusOp.Move, text, Register(operands[0]), Register(operands[1]));
            case "daddiu" or "addiu":
                Count(op, operands, 3);
                return new(
                    LitmusOp.AddImmediate, text, Register(operands[0]), Register(operands[1]),
                    Value: Number(operands[2], -1000, 1000));
            case "daddu" or "addu" or "xor":
                Count(op, operands, 3);
                return new(
                    op == "xor" ? LitmusOp.Xor : LitmusOp.Add, text, Register(operands[0]), Register(operands[1]),
                    Register(operands[2]));
            case "beqz" or "bnez":
                Count(op, operands, 2);
                _branches.Add((_instructions.Count, operands[1], _line));
                return new(
                    op == "beqz" ? LitmusOp.BranchZero : LitmusOp.BranchNotZero, text, First: Register(operands[0]));
            case "b":
                Count(op, operands, 1);
                _branches.Add((_instructions.Count, operands[0], _line));
                return new(LitmusOp.Branch, text);
            default:
                return Access(op, operands, text);
        }
    }

    private LitmusInstruction Access(string op, string[] operands, string text)
    {
        LitmusOp kind = op switch
        {
            "ld" or "lw" => LitmusOp.Load,
            "sd" or "sw" => LitmusOp.Store,
            "lld" or "ll" => LitmusOp.LoadLinked,
            "scd" or "sc" => LitmusOp.StoreConditional,
            _ => throw Error($"'{op}' is no instruction of litmus tests; there are {Known}"),
        };
        Count(op, operands, 2);
        string place = operands[1];
        if (!place.StartsWith("0(", StringComparison.Ordinal) || !place.EndsWith(')'))
        {
            throw Error($"'{place}' is no address; write 0(POINTER)");
        }
        int pointer = Array.IndexOf(LitmusRegisters.Pointers, place[2..^1]);
        return pointer >= 0
            ? new(kind, text, Register(operands[0]), pointer)
            : throw Error($"'{place[2..^1]}' is no pointer; there are {string.Join(", ", LitmusRegisters.Pointers)}");
    }

    private int TargetOf(int at, string label)
    {
        bool numbered = label.Length > 1 && label[^1] is 'b' or 'f' && char.IsAsciiDigit(label[0]);
        string bare = numbered ? label[..^1] : label;
        IEnumerable<(string Label, int At)> found = _labels.Where(each => each.Label == bare);
        found = !numbered ? found
            : label[^1] == 'b' ? found.Where(each => each.At <= at).OrderByDescending(each => each.At)
            : found.Where(each => each.At > at);
        return found.Any() ? found.First().At : throw Error($"there is no label '{label}' to branch to");
    }

    private void Count(string op, string[] operands, int count)
    {
        if (operands.Length != count)
        {
            throw Error($"'{op}' has {operands.Length} operands and takes {count}");
        }
    }

    private int Number(string text, int first, int last) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value >= first && value <= last
            ? value
            : throw Error($"'{text}' is no number from {first} to {last}");

    private int Register(string text)
    {
        int index = Array.IndexOf(LitmusRegisters.Values, text);
        return index >= 0
            ? index
            : throw Error($"'{text}' is no register; there are {string.Join(", ", LitmusRegisters.Values)}");
    }

    private int WordOf(string text) => Array.IndexOf(LitmusRegisters.Pointers, text, 0, LitmusRegisters.Words) is >= 0
        and int word
        ? word
        : throw Error($"'{text}' points to no word; a0 to a3 do");

    private int PageOf(string text) => text switch
    {
        "gp" => 0,
        "fp" => 1,
        _ => throw Error($"'{text}' is no virtual page; gp and fp are"),
    };

    private FormatException Error(string what) => LitmusError.At(name, _line, what);
}
