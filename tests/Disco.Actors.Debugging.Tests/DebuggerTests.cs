using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Machine.Interconnect;
using Xunit;

namespace Disco.Actors.Debugging.Tests;

/// <summary>Moving through a run forward and back, and that the run does not notice.</summary>
public sealed class DebuggerTests
{
    /// <summary>A debugger looks: breakpoints, steps and ways back change no actor's state at the end.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_run_that_was_debugged_ends_in_the_same_state(bool monitored, bool recorded)
    {
        DebuggedMachine plain = DebuggedMachine.Live(monitored);
        plain.Debugger.Finish(Never);
        DebuggedMachine subject = recorded ? DebuggedMachine.Recorded(monitored) : DebuggedMachine.Live(monitored);
        Debugger debugger = subject.Debugger;

        debugger.Add(new CodeBreakpoint(subject.Symbol("greet")));
        Stop first = debugger.Continue(null, Never);
        Step(debugger, first.Thread!, 40);
        debugger.Add(new DataBreakpoint(subject.Symbol("turn"), 4, false, true, first.Thread));
        Assert.Equal(StopReason.Breakpoint, debugger.Continue(first.Thread, Never).Reason);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(StopReason.Step, debugger.StepBack(first.Thread!, Never, wholeBranches: false).Reason);
        }
        Assert.Equal(StopReason.Breakpoint, debugger.ContinueBack(first.Thread, Never).Reason);
        debugger.Finish(Never);

        Assert.True(debugger.Timeline.IsAtEnd);
        Assert.Equal(plain.Debugger.Timeline.Now, debugger.Timeline.Now);
        Assert.Equal(plain.Debugger.Timeline.Engine.StateHash(), debugger.Timeline.Engine.StateHash());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_breakpoint_stops_every_thread_before_its_instruction(bool monitored)
    {
        DebuggedMachine subject = DebuggedMachine.Live(monitored);
        ulong greet = subject.Symbol("greet");
        subject.Debugger.Add(new CodeBreakpoint(greet));

        Stop first = subject.Debugger.Continue(null, Never);
        ulong pc = first.Thread!.Registers![ThreadRegisters.Pc];
        Stop second = subject.Debugger.Continue(first.Thread, Never);
        ulong secondPc = second.Thread!.Registers![ThreadRegisters.Pc];
        Stop end = subject.Debugger.Continue(second.Thread, Never);

        Assert.Equal((1, greet), (first.Thread.Id, pc));
        Assert.Equal((2, greet), (second.Thread.Id, secondPc));
        Assert.Equal(StopReason.End, end.Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stepping_back_meets_the_places_of_stepping_forward(bool recorded)
    {
        DebuggedMachine subject = recorded ? DebuggedMachine.Recorded() : DebuggedMachine.Live();
        Debugger debugger = subject.Debugger;
        debugger.Add(new CodeBreakpoint(subject.Symbol("greet")));
        DebugThread thread = debugger.Continue(null, Never).Thread!;
        List<ulong> forward = [];
        for (int i = 0; i < 25; i++)
        {
            forward.Add(thread.Registers![ThreadRegisters.Pc]);
            debugger.Step(thread, Never, wholeBranches: false);
        }

        List<ulong> back = [];
        for (int i = 0; i < 25; i++)
        {
            debugger.StepBack(thread, Never, wholeBranches: false);
            back.Add(thread.Registers![ThreadRegisters.Pc]);
        }

        back.Reverse();
        Assert.Equal(forward, back);
    }

    [Fact]
    public void Going_back_meets_breakpoints_in_the_other_order()
    {
        DebuggedMachine subject = DebuggedMachine.Live();
        Debugger debugger = subject.Debugger;
        debugger.Add(new DataBreakpoint(subject.Symbol("turn"), 4, false, true, debugger.Machine.Threads[0]));
        List<(int Thread, long Cycle)> forward = [];
        DebugThread? focus = null;
        while (debugger.Continue(focus, Never) is { Reason: StopReason.Breakpoint } stop)
        {
            focus = stop.Thread;
            forward.Add((focus!.Id, debugger.Timeline.Now.Value));
        }

        List<(int Thread, long Cycle)> back = [];
        focus = null;
        while (debugger.ContinueBack(focus, Never) is { Reason: StopReason.Breakpoint } stop)
        {
            focus = stop.Thread;
            back.Add((focus!.Id, debugger.Timeline.Now.Value));
        }

        Assert.Equal(DebuggedMachine.Cpus, forward.Count);
        back.Reverse();
        Assert.Equal(forward, back);
        Assert.Equal(Cycle.Zero, debugger.Timeline.Now);
    }

    /// <summary>The line of a store is modified in one cache while memory keeps the old bytes (MESI).</summary>
    [Fact]
    public void Memory_is_shown_as_its_freshest_copy()
    {
        DebuggedMachine subject = DebuggedMachine.Live();
        Debugger debugger = subject.Debugger;
        ulong turn = subject.Symbol("turn");
        debugger.Add(new DataBreakpoint(turn, 4, false, true, debugger.Machine.Threads[0]));
        DebugThread writer = debugger.Continue(null, Never).Thread!;
        Step(debugger, writer, 1);
        writer.TryTranslate(turn, out MachineAddress machine);
        byte[] fresh = new byte[4];
        byte[] memory = new byte[4];

        Assert.True(debugger.Machine.TryRead(debugger.Machine.Threads[1], turn, fresh));
        debugger.Machine.Hardware.Memory.Read(machine, memory);

        Assert.Equal([1, 0, 0, 0], fresh);
        Assert.Equal([0, 0, 0, 0], memory);
    }

    [Fact]
    public void What_the_user_writes_is_what_the_guest_reads()
    {
        List<byte> output = [];
        DebuggedMachine subject = DebuggedMachine.Live(output: (_, _, bytes) => output.AddRange(bytes));
        Debugger debugger = subject.Debugger;
        debugger.Add(new CodeBreakpoint(subject.Symbol("print")));
        DebugThread thread = debugger.Continue(null, Never).Thread!;
        ulong text = thread.Registers![4];

        Assert.True(debugger.Machine.TryWrite(thread, text, "HALLO"u8));
        debugger.Timeline.Changed();
        debugger.Finish(Never);

        Assert.StartsWith("HALLO: 2 CPUs\n", TextOf(output), StringComparison.Ordinal);
    }

    /// <summary>However often a run is gone through, what its guest prints is shown once and in order.</summary>
    [Fact]
    public void Output_is_shown_once()
    {
        List<byte> output = [];
        DebuggedMachine subject = DebuggedMachine.Live(output: (_, _, bytes) => output.AddRange(bytes));
        Debugger debugger = subject.Debugger;
        debugger.Continue(null, Never);
        debugger.Timeline.SeekTo(Cycle.Zero);
        debugger.Add(new CodeBreakpoint(subject.Symbol("greet")));
        debugger.Continue(null, Never);
        debugger.Finish(Never);

        Assert.Equal(
            "hello: 2 CPUs\nhello from CPU 0\nhello from CPU 1\nhello: ok\n",
            TextOf(output));
    }

    [Fact]
    public void A_message_stops_the_run_when_it_was_delivered()
    {
        DebuggedMachine subject = DebuggedMachine.Recorded();
        Debugger debugger = subject.Debugger;
        debugger.Add(new MessageBreakpoint(Address.Cpu(1), "FwdGetS"));

        Stop first = debugger.Continue(null, Never);
        Envelope forward = debugger.Timeline.LastDelivery!.Value;
        debugger.Continue(null, Never);
        Stop back = debugger.ContinueBack(null, Never);

        Assert.Equal(StopReason.Breakpoint, first.Reason);
        Assert.Equal(Address.Cpu(1), forward.Target);
        Assert.Equal(StopReason.Breakpoint, back.Reason);
    }

    private static bool Never() => false;

    private static string TextOf(List<byte> bytes) => System.Text.Encoding.UTF8.GetString([.. bytes]);

    private static void Step(Debugger debugger, DebugThread thread, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Stop stop = debugger.Step(thread, Never, wholeBranches: false);
            if (stop.Reason == StopReason.Breakpoint)
            {
                i--;
            }
        }
    }
}
