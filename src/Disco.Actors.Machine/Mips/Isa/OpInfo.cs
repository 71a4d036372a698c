namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>Facts about an <see cref="Op"/>, read from its row; the lookup is one array access.</summary>
public sealed class OpInfo
{
    private static readonly OpInfo[] All = Build();

    private OpInfo(Op op, string name, InstructionRow? row)
    {
        Op = op;
        Name = name;
        Row = row;
        Flags = row?.Flags ?? OpFlags.None;
        AccessBytes = row?.AccessBytes ?? 0;
        ManualSection = row is null ? "MIPS64 Vol III, Reserved Instruction Exception" : "MIPS64 Vol II, " + Title(row);
    }

    public Op Op { get; }

    /// <summary>Mnemonic in GNU's spelling.</summary>
    public string Name { get; }

    /// <summary>The row in the decode table; null for <see cref="Op.Reserved"/> only.</summary>
    public InstructionRow? Row { get; }

    public OpFlags Flags { get; }

    public int AccessBytes { get; }

    /// <summary>Where the manual defines it, as "MIPS64 Vol II, ADDU".</summary>
    public string ManualSection { get; }

    /// <summary>Conditional branches, not jumps.</summary>
    public bool IsBranch => (Flags & OpFlags.Branch) != 0;

    public bool IsJump => (Flags & OpFlags.Jump) != 0;

    public bool HasDelaySlot => (Flags & (OpFlags.Branch | OpFlags.Jump)) != 0;

    public bool IsLikely => (Flags & OpFlags.Likely) != 0;

    public bool IsLink => (Flags & OpFlags.Link) != 0;

    public bool IsLoad => (Flags & OpFlags.Load) != 0;

    public bool IsStore => (Flags & OpFlags.Store) != 0;

    public bool IsTrap => (Flags & OpFlags.Trap) != 0;

    public bool NeedsCp0 => (Flags & OpFlags.Cop0) != 0;

    public bool NeedsFpu => (Flags & OpFlags.Cop1) != 0;

    public bool NeedsCp2 => (Flags & OpFlags.Cop2) != 0;

    /// <summary>Raises Reserved Instruction while 64-bit operations are disabled.</summary>
    public bool NeedsWideOperations => (Flags & OpFlags.Wide) != 0;

    public static OpInfo Of(Op op) => All[(int)op];

    private static OpInfo[] Build()
    {
        OpInfo[] all = new OpInfo[InstructionTable.Rows.Count + 1];
        all[0] = new OpInfo(Op.Reserved, "reserved", null);
        foreach (InstructionRow row in InstructionTable.Rows)
        {
            all[(int)row.Op] = new OpInfo(row.Op, row.Name, row);
        }

        return all;
    }

    // The manual heads ADD.S and ADD.D with ADD.fmt, conversions with their target format only, and rotates by
    // their architectural names; GNU spells ROTR as ror.
    private static string Title(InstructionRow row)
    {
        string name = row.Name;
        if (!row.IsFormatted)
        {
            return row.Op switch
            {
                Op.Rotr or Op.Rotrv or Op.Drotr or Op.Drotrv or Op.Drotr32 =>
                    row.Op.ToString().ToUpperInvariant(),
                Op.Cop2 => "COP2",
                _ => name.ToUpperInvariant(),
            };
        }

        string stem = name[..name.LastIndexOf('.')].Replace("*", "cond", StringComparison.Ordinal);
        return (stem == "c.cond" ? "C.cond" : stem.ToUpperInvariant()) + ".fmt";
    }
}
