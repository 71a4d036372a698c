using System.Globalization;
using System.Text;
using Disco.Actors.Machine.Cpus;

namespace Disco.Actors.Cli.Reports;

/// <summary>A CPU's general registers and program counter, under their n64 names.</summary>
internal static class RegisterDump
{
    private const int PerLine = 4;

    private static readonly string[] Names =
    [
        "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3",
        "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
    ];

    public static Dictionary<string, string> Of(Cpu cpu)
    {
        Dictionary<string, string> registers = new() { ["pc"] = Hex(cpu.Core.Pc) };
        for (int number = 0; number < Names.Length; number++)
        {
            registers[Names[number]] = Hex(cpu.Core.GetRegister(number));
        }
        return registers;
    }

    public static string Text(Cpu cpu)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{cpu.Address}  pc {Hex(cpu.Core.Pc)}\n");
        for (int number = 0; number < Names.Length; number++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {Names[number],-4} {Hex(cpu.Core.GetRegister(number))}");
            text.Append(number % PerLine == PerLine - 1 ? "\n" : "");
        }
        return text.ToString();
    }

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);
}
