using Disco.Actors.Debugging.Interactive;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Debugging.Tests;

/// <summary>What a user types and reads, on recorded runs; each golden is one session.</summary>
public sealed class TranscriptTests
{
    /// <summary>Messages, transactions and instructions, forward and back; registers, lines and code.</summary>
    [Fact]
    public void A_bare_machine_is_looked_through() => Matches("bare", monitored: false, """
        where
        step message 3
        step transaction
        back transaction
        back message
        break greet            # by a symbol
        continue
        registers
        disassemble greet 4
        step 2
        back 2
        thread cpu/1
        thread 1
        delete 1
        watch turn
        continue
        line turn
        step
        line turn
        memory turn 8
        continue
        messages
        reverse-continue
        reverse-continue
        break message dir/0 GetX
        delete 2
        continue
        goto end
        reverse-continue
        goto 1000
        goto start
        quit
        """);

    /// <summary>The three kinds of addresses: the guest's TLB and registers, pmap, memmap, directory.</summary>
    [Fact]
    public void A_virtual_machine_is_looked_through() => Matches("monitored", monitored: true, """
        threads
        break pc greet
        continue
        threads
        cp0
        tlb
        translate turn
        page 0x104000
        step 3
        back 3
        delete
        awatch turn
        continue
        reverse-continue
        delete
        break message vm/0 Fill
        continue
        continue
        messages cpu/0
        reverse-continue
        goto end
        page 0x104000
        frame 0x84000
        line turn
        quit
        """);

    /// <summary>What cannot be done is said in a sentence, and nothing else happens.</summary>
    [Fact]
    public void What_cannot_be_done_is_said_in_a_sentence() => Matches("refusals", monitored: false, """
        nonsense
        step often
        step 0
        step message 1 2
        break
        break nowhere
        break message dir/9
        break message cpu/0 Nonsense
        watch $nothing
        thread 7
        thread cpu/9
        delete 3
        goto -1
        memory 0x10 4
        memory turn 100000
        memory machine 0xffffffffff 4
        line 0x0
        line machine 0xffffffffff
        page 0x1000
        frame 0x1000
        messages nobody
        translate 0x10
        goto start
        back
        back message
        back transaction
        reverse-continue
        # a comment

        where
        """);

    [Fact]
    public void Help_names_every_command()
    {
        using StringWriter output = new();
        CommandInterpreter interpreter = new(DebuggedMachine.Recorded().Debugger, output, () => false);

        interpreter.Execute("help");

        Assert.All(
            ("where threads thread step back continue reverse-continue goto break watch rwatch awatch breakpoints "
                + "delete registers cp0 tlb translate memory disassemble line page frame messages quit").Split(' '),
            command => Assert.Contains(command, output.ToString(), StringComparison.Ordinal));
    }

    private static void Matches(string name, bool monitored, string script)
    {
        using StringWriter output = new() { NewLine = "\n" };
        CommandInterpreter interpreter = new(DebuggedMachine.Recorded(monitored).Debugger, output, () => false);
        interpreter.Run(new StringReader(script), prompt: "", echo: true);
        Golden.Matches(name, output.ToString());
    }
}
