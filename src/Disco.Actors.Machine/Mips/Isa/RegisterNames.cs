using System.Globalization;

namespace Disco.Actors.Machine.Mips.Isa;

/// <summary>Names of general registers in the n64 calling convention, as GNU writes them.</summary>
public static class RegisterNames
{
    private static readonly string[] Names =
    [
        "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3",
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
    ];

    private static readonly string[] Conditions =
    [
        "f", "un", "eq", "ueq", "olt", "ult", "ole", "ule", "sf", "ngle", "seq", "ngl", "lt", "nge", "le", "ngt",
    ];

    /// <summary>Name of general register 0..31, without a dollar sign.</summary>
    public static string General(int register) => Names[register];

    /// <summary>Name of cond 0..15 of C.cond.fmt. [Vol II, C.cond.fmt, table 3.26]</summary>
    public static string Condition(int condition) => Conditions[condition];

    /// <summary>Register of a name: "a0", "$a0", "$4", "fp"; -1 when it is none.</summary>
    public static int ParseGeneral(string name)
    {
        string bare = name.StartsWith('$') ? name[1..] : name;
        if (name.StartsWith('$') && int.TryParse(bare, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number < 32 ? number : -1;
        }

        return bare == "fp" ? 30 : Array.IndexOf(Names, bare);
    }

    /// <summary>Number after a prefix such as "$f" or "$fcc", below the limit; -1 when it is none.</summary>
    internal static int ParseNumbered(string name, string prefix, int limit) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
        && int.TryParse(name[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number < limit
            ? number
            : -1;
}
