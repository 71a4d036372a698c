using System.Text;
using Disco.Actors.Debugging.Machines;

namespace Disco.Actors.Debugging.Gdb;

/// <summary>
/// What GDB is told of the processor: architecture and registers, with their numbers. [GDB manual, MIPS Features]
/// </summary>
internal static class TargetDescription
{
    public static string Text { get; } = Build();

    private static string Build()
    {
        StringBuilder text = new();
        text.Append("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">");
        text.Append("<architecture>mips:isa64r2</architecture>");
        Begin(text, "org.gnu.gdb.mips.cpu");
        for (int number = 0; number < ThreadRegisters.Status; number++)
        {
            Register(text, $"r{number}", number);
        }
        Register(text, "lo", ThreadRegisters.Lo);
        Register(text, "hi", ThreadRegisters.Hi);
        Register(text, "pc", ThreadRegisters.Pc);
        End(text);
        Begin(text, "org.gnu.gdb.mips.cp0");
        Register(text, "status", ThreadRegisters.Status);
        Register(text, "badvaddr", ThreadRegisters.BadVAddr);
        Register(text, "cause", ThreadRegisters.Cause);
        End(text);
        Begin(text, "org.gnu.gdb.mips.fpu");
        for (int number = 0; number < 32; number++)
        {
            Register(text, $"f{number}", ThreadRegisters.Float + number, " type=\"ieee_double\"");
        }
        Register(text, "fcsr", ThreadRegisters.Fcsr, " group=\"float\"");
        Register(text, "fir", ThreadRegisters.Fir, " group=\"float\"");
        End(text);
        return text.Append("</target>").ToString();
    }

    private static void Begin(StringBuilder text, string feature) => text.Append($"<feature name=\"{feature}\">");

    private static void End(StringBuilder text) => text.Append("</feature>");

    private static void Register(StringBuilder text, string name, int number, string more = "") =>
        text.Append($"<reg name=\"{name}\" bitsize=\"64\" regnum=\"{number}\"{more}/>");
}
