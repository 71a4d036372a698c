using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using Disco.Actors.Debugging.Gdb;
using Disco.Actors.Debugging.Machines;
using Xunit;

namespace Disco.Actors.Debugging.Tests;

/// <summary>The stub packet by packet. [GDB manual, Remote Protocol]</summary>
public sealed class PacketTests
{
    [Fact]
    public void Registers_are_described_with_the_numbers_they_are_sent_in()
    {
        using Client client = new(DebuggedMachine.Live());

        string supported = client.Ask("qSupported:xmlRegisters=mips");
        XElement target = XElement.Parse(client.Ask("qXfer:features:read:target.xml:0,3fff")[1..].Split("dtd\">")[1]);
        List<XElement> registers = [.. target.Descendants("reg")];

        Assert.Contains("qXfer:features:read+", supported, StringComparison.Ordinal);
        Assert.Contains("ReverseContinue+", supported, StringComparison.Ordinal);
        Assert.Equal(ThreadRegisters.Count, registers.Count);
        Assert.Equal(
            ThreadRegisters.Count, registers.Select(each => each.Attribute("regnum")!.Value).Distinct().Count());
        Assert.Equal(ThreadRegisters.Count * 16, client.Ask("g").Length);
        Assert.Equal("r29", registers.Single(each => each.Attribute("regnum")!.Value == "29").Attribute("name")!.Value);
    }

    /// <summary>A long answer comes in pieces: m while there is more, l for the last.</summary>
    [Fact]
    public void A_description_read_in_pieces_is_the_whole()
    {
        using Client client = new(DebuggedMachine.Live());
        string whole = client.Ask("qXfer:features:read:target.xml:0,3fff")[1..];
        StringBuilder pieces = new();
        string piece = "m";
        while (piece[0] == 'm')
        {
            piece = client.Ask($"qXfer:features:read:target.xml:{pieces.Length:x},100");
            pieces.Append(piece.AsSpan(1));
        }

        Assert.Equal(whole, pieces.ToString());
    }

    [Theory]
    [InlineData("hello.elf", "00201080ffffffff")]
    [InlineData("hello-be.elf", "ffffffff80102000")]
    public void Registers_and_memory_are_in_the_guests_byte_order(string image, string expectedPc)
    {
        DebuggedMachine machine = DebuggedMachine.Live(image: image);
        using Client client = new(machine);
        ulong greet = machine.Symbol("greet");
        Assert.Equal("OK", client.Ask($"Z0,{greet:x},4"));

        string stop = client.Ask("vCont;c");
        string pc = client.Ask("p25");
        string code = client.Ask($"m{greet:x},4");

        Assert.StartsWith("T05thread:1;", stop, StringComparison.Ordinal);
        Assert.Equal(expectedPc, pc);
        // daddiu sp,sp,...: the major opcode 011001 and sp twice are in the upper half of the word.
        Assert.Equal("67bd", image == "hello.elf" ? code[6..] + code[4..6] : code[..4]);
    }

    /// <summary>What a debugger from outside sends may be anything: an error or an empty answer, and the stub lives on.
    /// </summary>
    [Fact]
    public void Malformed_packets_are_refused_and_harm_nothing()
    {
        string[] packets =
        [
            "", "m", "mzz,4", "m0,ffffffff", "m0,-1", "M0,4", "M0,4:zz", "X0", "X0,2:a", "p", "pzz", "p99", "P", "P25",
            "P25=", "P25=00", "G00", "H", "Hg", "Hgzz", "Hgffff", "T", "T999", "Z", "Z0", "Z0,", "Z9,0,4", "z0,zz,4",
            "vCont;", "vCont;x", "vCont;s:99", "vCont;;;", "v", "q", "qXfer", "qXfer:features:read:target.xml:z,z",
            "qXfer:features:read:other.xml:0,10", "qThreadExtraInfo", "qThreadExtraInfo,zz", "qRcmd,zz", "b", "bx",
            "\u0001", "Q", "qfThreadInfo;",
        ];
        using Client client = new(DebuggedMachine.Live());

        foreach (string packet in packets)
        {
            string answer = client.Ask(packet);
            Assert.True(answer is "" or "E01" or "E00" || packet is "qfThreadInfo;" or "T" or "vCont;;;",
                $"{packet}: {answer}");
        }
        Assert.Equal("m1,2", client.Ask("qfThreadInfo"));
    }

    [Fact]
    public void A_packet_with_a_wrong_checksum_is_asked_for_again()
    {
        using Client client = new(DebuggedMachine.Live());

        client.SendRaw("$?#00");
        char refused = client.ReadRaw();

        Assert.Equal('-', refused);
        Assert.StartsWith("T02", client.Ask("?"), StringComparison.Ordinal);
    }

    /// <summary>Ctrl-C is a byte 3 outside packets.</summary>
    [Fact]
    public void An_interrupt_stops_a_running_machine()
    {
        DebuggedMachine machine = DebuggedMachine.Live();
        using Client client = new(machine);
        // Held in the barrier before turn is 1, the guest spins for ever.
        ulong turn = machine.Symbol("turn");
        client.Ask($"Z0,{machine.Symbol("greet"):x},4");
        client.Ask("vCont;c");
        client.Ask($"z0,{machine.Symbol("greet"):x},4");
        Assert.Equal("OK", client.Ask($"M{turn:x},4:07000000"));

        client.SendRaw("$vCont;c#a8");
        client.SendRaw("\u0003");
        string stop = client.ReadPacket();

        Assert.StartsWith("T02thread:1;", stop, StringComparison.Ordinal);
    }

    [Fact]
    public void The_end_of_the_guest_is_the_end_of_the_process()
    {
        DebuggedMachine machine = DebuggedMachine.Live();
        using Client client = new(machine);

        Assert.Equal("W00", client.Ask("vCont;c"));
        Assert.Equal(GdbLeave.Ended, client.Leave);
        Assert.NotNull(machine.Debugger.Timeline.Ending);
    }

    [Fact]
    public void A_recorded_run_cannot_be_changed()
    {
        DebuggedMachine machine = DebuggedMachine.Recorded();
        using Client client = new(machine);

        Assert.Equal("E01", client.Ask($"M{machine.Symbol("turn"):x},4:01000000"));
        Assert.Equal("E01", client.Ask("P1=0000000000000000"));
        Assert.Contains("replaylog:end", client.Ask("vCont;c"), StringComparison.Ordinal);
        Assert.Contains("replaylog:begin", client.Ask("bc"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_that_breaks_lets_the_run_go()
    {
        Client client = new(DebuggedMachine.Live());
        client.Ask("?");
        client.Close();

        Assert.Equal(GdbLeave.Detached, client.Leave);
        client.Dispose();
    }

    /// <summary>The other end of the wire, with acknowledgements.</summary>
    private sealed class Client : IDisposable
    {
        private readonly GdbStub _stub;
        private readonly TcpClient _client = new();
        private readonly NetworkStream _stream;

        public Client(DebuggedMachine machine)
        {
            _stub = new GdbStub(machine);
            _client.Connect(IPAddress.Loopback, _stub.Port);
            _stream = _client.GetStream();
            _stream.ReadTimeout = 60_000;
        }

        public GdbLeave? Leave => _stub.Leave;

        public string Ask(string packet)
        {
            SendRaw($"${packet}#{packet.Sum(each => each) & 0xFF:x2}");
            string answer = ReadPacket();
            while (answer.StartsWith('O') && answer != "OK")
            {
                answer = ReadPacket();
            }
            return answer;
        }

        public void SendRaw(string text) => _stream.Write(Encoding.Latin1.GetBytes(text));

        public char ReadRaw() => (char)_stream.ReadByte();

        public string ReadPacket()
        {
            while (ReadRaw() != '$')
            {
            }
            StringBuilder data = new();
            for (char next = ReadRaw(); next != '#'; next = ReadRaw())
            {
                data.Append(next);
            }
            ReadRaw();
            ReadRaw();
            SendRaw("+");
            return data.ToString();
        }

        public void Close() => _client.Close();

        public void Dispose()
        {
            _client.Dispose();
            _stub.Dispose();
        }
    }
}
