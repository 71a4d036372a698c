using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Debugging.Tests;

/// <summary>A real GDB, scripted: what its user types and what it answers.</summary>
public sealed class GdbTests
{
    private const string Gdb = "gdb-multiarch";

    [GdbTheory]
    [InlineData("hello.elf")]
    [InlineData("hello-be.elf")]
    public void Breaks_at_a_symbol_and_shows_registers_memory_and_threads(string image)
    {
        string text = Run(
            DebuggedMachine.Live(image: image), image,
            "break greet", "continue", "info threads", "print/x (long)$sp & 7", "print/x $a0", "x/i greet",
            "print *(int*)&turn", "info symbol $ra", "continue", "info threads");

        AssertInOrder(
            text,
            "Breakpoint 1 at 0xffffffff80102008",
            "Thread 1 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "* 1    Thread 1 (cpu/0: executes)",
            "2    Thread 2 (cpu/1: waits for power/1: release from reset)",
            "$1 = 0x0",
            "$2 = 0x0",
            "<greet>:\tdaddiu\tsp,sp,-32",
            "$3 = 0",
            "parallel_run +",
            "Thread 2 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "* 2    Thread 2 (cpu/1:");
    }

    [GdbFact]
    public void Steps_and_watches_forward_and_back()
    {
        string text = Run(
            DebuggedMachine.Live(), "hello.elf",
            "break greet", "continue", "delete", "stepi", "print/x $pc", "reverse-stepi", "print/x $pc",
            "watch *(int*)&turn", "continue", "continue", "reverse-continue", "reverse-continue", "delete",
            "reverse-continue", "print/x $pc");

        AssertInOrder(
            text,
            "Thread 1 hit Breakpoint 1",
            "$1 = 0xffffffff8010200c",
            "$2 = 0xffffffff80102008",
            "Hardware watchpoint 2: *(int*)&turn",
            "Thread 1 hit Hardware watchpoint 2", "Old value = 0", "New value = 1",
            "Thread 2 hit Hardware watchpoint 2", "Old value = 1", "New value = 2",
            "hit Hardware watchpoint 2",
            "No more reverse-execution history", "_start",
            "$3 = 0xffffffff80100000");
    }

    [GdbFact]
    public void A_recording_is_gone_through_in_both_directions()
    {
        string text = Run(
            DebuggedMachine.Recorded(), "hello.elf",
            "break greet", "continue", "continue", "reverse-continue", "reverse-stepi", "print/x $pc != 0", "stepi",
            "print/x $pc", "delete", "continue", "reverse-continue");

        AssertInOrder(
            text,
            "Thread 1 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "Thread 2 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "Thread 1 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "$1 = 0x1",
            "$2 = 0xffffffff80102008",
            "No more reverse-execution history",
            "No more reverse-execution history");
    }

    /// <summary>Under the monitor the threads are virtual CPUs, and addresses are the guest's.</summary>
    [GdbFact]
    public void Virtual_CPUs_are_threads_under_the_monitor()
    {
        string text = Run(
            DebuggedMachine.Live(monitored: true), "hello.elf",
            "break greet", "continue", "info threads", "stepi", "x/i $pc", "continue", "info threads", "delete",
            "continue");

        AssertInOrder(
            text,
            "Thread 1 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "* 1    Thread 1 (hello vcpu 0: on cpu/0",
            "2    Thread 2 (hello vcpu 1: in reset",
            "0xffffffff8010200c in greet ()",
            "=> 0xffffffff8010200c <greet+12>:\tlw\tv0,16384(s0)",
            "Thread 2 hit Breakpoint 1, 0xffffffff80102008 in greet ()",
            "* 2    Thread 2 (hello vcpu 1: on cpu/1",
            "exited normally");
    }

    [GdbFact]
    public void Registers_and_memory_that_the_user_sets_are_the_guests()
    {
        string text = Run(
            DebuggedMachine.Live(), "hello.elf",
            "break print", "continue", "set var *(char*)$a0 = 'J'", "x/s $a0", "set var $s0 = 0x1234567890", "p/x $s0");

        AssertInOrder(text, "Thread 1 hit Breakpoint 1", "\"Jello: %u CPUs\\n\"", "$1 = 0x1234567890");
    }

    private static string Run(DebuggedMachine machine, string image, params string[] commands)
    {
        using GdbStub stub = new(machine);
        string connect = $"target remote 127.0.0.1:{stub.Port}";
        string[] script = ["set pagination off", "set confirm off", connect, .. commands];
        return Tool.Text(
            Gdb, ["-nx", "-batch", .. script.SelectMany(line => new[] { "-ex", line }), DebuggedMachine.PathOf(image)]);
    }

    private static void AssertInOrder(string text, params string[] parts)
    {
        int from = 0;
        foreach (string part in parts)
        {
            int at = text.IndexOf(part, from, StringComparison.Ordinal);
            Assert.True(at >= 0, $"'{part}' does not follow in:\n{text}");
            from = at + part.Length;
        }
    }

    private static string? WhyNot => Tool.IsInstalled(Gdb) ? null : $"{Gdb} is not installed";

    private sealed class GdbFactAttribute : FactAttribute
    {
        public GdbFactAttribute() => Skip = WhyNot;
    }

    private sealed class GdbTheoryAttribute : TheoryAttribute
    {
        public GdbTheoryAttribute() => Skip = WhyNot;
    }
}
