using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Operator;
using Xunit;

namespace Disco.Actors.Machine.Tests.Devices;

/// <summary>Somebody at the console who follows a script: expect(1)'s idea, in virtual time.</summary>
public sealed class ConsoleOperatorTests
{
    private const long ClockHz = 1_000_000;
    private const long LongTimeCycles = 20 * ClockHz;

    private readonly DeviceBench _bench = new();

    [Fact]
    public void Text_is_typed_when_what_was_expected_has_been_printed()
    {
        Attend("expect \"login: \"\nsend \"root\\r\"\nwait");

        Print("lologin:");
        _bench.PassTime(LongTimeCycles);
        Assert.Equal("", Typed());
        Print(" ");
        _bench.PassTime(LongTimeCycles);

        Assert.Equal("root\r", Typed());
        Assert.Null(_bench.Stopped);
    }

    [Fact]
    public void Long_text_is_typed_whole_and_in_order()
    {
        Attend("send \"the quick brown fox\"\nwait");

        Print("x");
        _bench.PassTime(LongTimeCycles);

        Assert.Equal("the quick brown fox", Typed());
    }

    [Fact]
    public void Run_ends_well_behind_the_last_line()
    {
        Attend("expect \"ready\"");

        Print("ready");

        Assert.Equal((0, "the script has ended"), _bench.Stopped);
    }

    /// <summary>A machine that was kept at its shell goes on with any script.</summary>
    [Fact]
    public void State_of_another_script_is_begun_anew()
    {
        Attend("expect \"ready\"\nsend \"old\"\nwait");
        Print("ready");
        Snapshot state = Snapshot.Of(_bench.Device);
        Attend("send \"new\"\nwait");
        _bench.Device.Load(state.Read());

        _bench.PassTime(LongTimeCycles);
        Assert.Equal("", Typed());
        _bench.Deliver(ConsoleOperator.Begin);
        _bench.PassTime(LongTimeCycles);

        Assert.Equal("new", Typed());
    }

    [Fact]
    public void End_gives_its_exit_code()
    {
        Attend("expect \"panic\"\nend 7");

        Print("panic");

        Assert.Equal(7, _bench.Stopped?.Code);
    }

    [Fact]
    public void Waiting_in_vain_ends_the_run_with_the_line_and_the_text()
    {
        Attend("# a comment\nwithin 2\nexpect \"never\"");

        Print("something else");
        _bench.PassTime(3 * ClockHz);

        Assert.Equal((1, "line 3 of the script: waited 2000 ms in vain for 'never'"), _bench.Stopped);
    }

    [Fact]
    public void Patience_begins_anew_with_each_expectation()
    {
        Attend("within 2\nexpect \"a\"\nexpect \"b\"\nwait");

        Print("x");
        _bench.PassTime(ClockHz * 3 / 2);
        Print("a");
        _bench.PassTime(ClockHz * 3 / 2);
        Print("b");
        _bench.PassTime(LongTimeCycles);

        Assert.Null(_bench.Stopped);
    }

    [Fact]
    public void State_saved_between_two_characters_goes_on()
    {
        Attend("expect \"abc\"\nend 5");
        Print("xab");
        Snapshot state = Snapshot.Of(_bench.Device);
        Attend("expect \"abc\"\nend 5").Load(state.Read());

        Print("c");

        Assert.Equal(5, _bench.Stopped?.Code);
    }

    [Theory]
    [InlineData("a word that is none", "shout \"x\"")]
    [InlineData("a text without quotes", "send x")]
    [InlineData("a text that does not end", "send \"x")]
    [InlineData("an unknown escape", "send \"\\q\"")]
    [InlineData("no text", "expect \"\"")]
    [InlineData("a length of time that is none", "within soon")]
    [InlineData("an exit code beyond 255", "end 256")]
    public void Line_that_is_wrong_is_refused_with_its_place(string title, string line)
    {
        Assert.NotEmpty(title);
        FormatException error = Assert.Throws<FormatException>(
            () => OperatorScript.Parse("wait\n" + line, "my.script"));

        Assert.StartsWith("my.script:2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Escapes_stand_for_their_characters()
    {
        OperatorScript script = OperatorScript.Parse("""send "\x1d\t\"\\\n" """, "s");

        Assert.Equal("\u001d\t\"\\\n", Encoding.ASCII.GetString(script.Steps[0].Text.Span));
    }

    private ConsoleOperator Attend(string script)
    {
        Address address = new(Role.Operator, 0);
        _bench.Fabric.Place(address, 0);
        return _bench.Attach(new ConsoleOperator(
            address, 0, OperatorScript.Parse(script, "test"), new Address(Role.Console, 0), _bench.Fabric, ClockHz));
    }

    private void Print(string text)
    {
        foreach (char character in text)
        {
            _bench.Deliver(new Message { Kind = (ushort)UncachedKind.ConsoleOutput, A = character });
        }
    }

    private string Typed()
    {
        StringBuilder typed = new();
        foreach (Message message in _bench.TakeMessages(
            (ushort)UncachedKind.ConsoleInput, new Address(Role.Console, 0)))
        {
            for (int at = 0; at < (int)message.B; at++)
            {
                typed.Append((char)(byte)(message.A >> (8 * at)));
            }
        }
        return typed.ToString();
    }
}
