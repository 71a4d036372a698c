using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>Each virtual machine has a console of its own (Disco 4.2.5); one keyboard serves them in turn.</summary>
public sealed class ConsoleMultiplexerTests
{
    private readonly Rig _rig = new();

    [Fact]
    public void What_is_typed_goes_to_the_vm_in_focus()
    {
        _rig.Type("ab\u0001nc\u0001nd\u0001pe\u00010f");

        Assert.Equal(["abf", "ce", "d"], _rig.Typed);
    }

    [Fact]
    public void Escape_twice_types_it_and_unknown_commands_do_nothing()
    {
        _rig.Type("\u0001\u0001\u0001x\u00017\u0001" + "9a");

        Assert.Equal(["\u0001a", "", ""], _rig.Typed);
    }

    [Fact]
    public void The_keyboard_leaves_a_vm_that_ends()
    {
        _rig.Send(new Message { Kind = (ushort)DeviceKind.Focus, A = 1 });
        Message detach = new() { Kind = (ushort)DeviceKind.Detach, A = 1, D = (uint)Role.Console << 28 };
        detach.D |= 2u << 16;
        _rig.Send(detach);
        _rig.Type("x\u00011y");

        Assert.Equal(["", "", "xy"], _rig.Typed);
        Assert.Equal("[keyboard: one]\n", _rig.Printed);
    }

    [Fact]
    public void Output_is_kept_by_vm_and_tagged_by_line()
    {
        ConsoleTranscript transcript = new(Rig.Setup);
        transcript.Add(ConsoleMultiplexer.ConsoleOf(0), "one "u8);
        transcript.Add(ConsoleMultiplexer.ConsoleOf(2), "other\r\nnew"u8);
        transcript.Add(ConsoleMultiplexer.ConsoleOf(0), "line\n"u8);
        transcript.Add(VirtualSwitch.TheSwitch, "no console"u8);
        transcript.Close();

        Assert.Equal(["[two] other", "[zero] one line", "[two] new"], transcript.Tagged);
        Assert.Equal("other\r\nnew", transcript.TextOf(2));
    }

    private sealed class Rig
    {
        private static readonly Address Outside = new(Role.Outside, 0);

        private readonly DeterministicEngine _engine;
        private readonly Keys[] _consoles;
        private readonly StringBuilder _printed = new();

        public Rig()
        {
            Fabric fabric = new(
                new InterconnectConfig { Topology = TopologyKind.Uma }, new ContiguousPerNode(1, 1 << 20));
            _consoles = [.. Enumerable.Range(0, 3).Select(vm => new Keys(vm))];
            Array.ForEach(_consoles, console => fabric.Place(console.Address, 0));
            ConsoleMultiplexer keyboard = new(0, Setup, fabric);
            fabric.Place(keyboard.Address, 0);
            World world = new(
                [.. _consoles, keyboard], new InterconnectConfig().Lookahead, new MachineMessageNames());
            _engine = new DeterministicEngine(world, new EngineOptions())
            {
                OnOutput = (_, _, bytes) => _printed.Append(Encoding.ASCII.GetString(bytes)),
            };
        }

        public static DeviceSetup Setup { get; } =
            new([], [new VmAttachments(0, "zero"), new VmAttachments(1, "one"), new VmAttachments(2, "two")]);

        public string[] Typed => [.. _consoles.Select(console => console.Text)];

        public string Printed => _printed.ToString();

        public void Type(string text)
        {
            foreach (byte[] piece in Encoding.ASCII.GetBytes(text).Chunk(sizeof(ulong)))
            {
                Send(Uart.Input(piece));
            }
        }

        public void Send(in Message message)
        {
            _engine.Post(Outside, ConsoleMultiplexer.TheKeyboard, message, _engine.Now + 1);
            _engine.Run(_engine.Now + 1000);
        }
    }

    /// <summary>Stands for a VM's console.</summary>
    private sealed class Keys(int vm) : Actor(ConsoleMultiplexer.ConsoleOf(vm), 0)
    {
        public string Text { get; private set; } = "";

        public override void Receive(in Envelope envelope, Context context)
        {
            if (envelope.Message.Kind == (ushort)UncachedKind.ConsoleInput)
            {
                Text += (char)(byte)envelope.Message.A;
            }
        }

        public override void Save(StateWriter writer) => writer.Write("text", Encoding.ASCII.GetBytes(Text));

        public override void Load(StateReader reader) => Invariant.Broken("not restored here");
    }
}
