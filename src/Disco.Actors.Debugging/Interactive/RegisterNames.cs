namespace Disco.Actors.Debugging.Interactive;

/// <summary>General registers under their n64 names, and coprocessor 0's that are worth a look.</summary>
internal static class RegisterNames
{
    public static readonly string[] General =
    [
        "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3",
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
    ];

    public static readonly (string Name, int Register, int Select)[] Cp0 =
    [
        ("Index", 0, 0), ("EntryLo0", 2, 0), ("EntryLo1", 3, 0), ("Context", 4, 0), ("PageMask", 5, 0),
        ("Wired", 6, 0), ("BadVAddr", 8, 0), ("Count", 9, 0), ("EntryHi", 10, 0), ("Compare", 11, 0),
        ("Status", 12, 0), ("Cause", 13, 0), ("EPC", 14, 0), ("EBase", 15, 1), ("Config", 16, 0),
        ("XContext", 20, 0), ("ErrorEPC", 30, 0),
    ];
}
