using Disco.Actors.Cli.Commands;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>The cable between two virtio network interfaces, as tshark reads it.</summary>
public sealed class CableCaptureTests : IDisposable
{
    private const int ArpBytes = 60;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [ToolFact("tshark", "tshark")]
    public void A_frame_is_captured_where_it_leaves_and_where_it_comes_with_the_times_of_both()
    {
        using (FileStream to = File.Create(_file))
        {
            CableCapture capture = new([Nic(0), Nic(1)], 1_000_000_000, to, (0, long.MaxValue));
            Plug[] ends = [new(Nic(0)), new(Nic(1))];

            // The first interface is told of a buffer in cycle 100 and sends two pieces at once.
            Handle(capture, ends[0], At(100, new Address(Role.Cpu, 0), 0, default), 5, 7);
            byte[] frame = Arp();
            Handle(capture, ends[1], Piece(130, 5, frame, 0, 32), 0, 0);
            Handle(capture, ends[1], Piece(140, 6, frame, 32, ArpBytes - 32), 0, 0);

            Assert.Equal(2, capture.Packets);
        }

        string[] packets = Tool.Text("tshark", "-r", _file, "-T", "fields", "-E", "separator=|",
            "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "frame.time_epoch",
            "-e", "frame.len", "-e", "arp.opcode", "-e", "frame.comment").Trim().Split('\n');

        Assert.Equal(
            [
                $"nic/0|0x00000002|0.000000100|{ArpBytes}|1|message nic/0#6, c100",
                $"nic/1|0x00000001|0.000000140|{ArpBytes}|1|message nic/0#6, c140",
            ],
            packets.Select(packet => packet.Replace("0x2|", "0x00000002|").Replace("0x1|", "0x00000001|")));
        Assert.Equal("", Tool.Text("tshark", "-r", _file, "-Y", "_ws.malformed"));
    }

    private static Address Nic(int end) => new(Role.Nic, (ushort)end);

    private static void Handle(CableCapture capture, Plug end, in Envelope envelope, long first, long next) =>
        capture.Delivered(in envelope, end, first, next);

    private static Envelope At(long cycle, Address source, long sequence, Message message) => new()
    {
        Arrival = new Cycle(cycle),
        Source = source,
        Sequence = sequence,
        Message = message,
    };

    private static Envelope Piece(long cycle, long sequence, byte[] frame, int offset, int bytes)
    {
        Envelope envelope = At(cycle, Nic(0), sequence, new NetFrame(frame).Piece(offset));
        envelope.Message.PayloadBytes = (byte)bytes;
        frame.AsSpan(offset, bytes).CopyTo(envelope.Payload);
        return envelope;
    }

    /// <summary>Who has an address, asked of everybody. [RFC 826]</summary>
    private static byte[] Arp()
    {
        byte[] frame = new byte[ArpBytes];
        frame.AsSpan(0, 6).Fill(0xFF);
        byte[] head = [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1];
        head.CopyTo(frame, 12);
        return frame;
    }

    /// <summary>Stands for an interface, of which only the address matters here.</summary>
    private sealed class Plug(Address address) : Actor(address, 0)
    {
        public override void Receive(in Envelope envelope, Context context)
        {
        }

        public override void Save(StateWriter writer)
        {
        }

        public override void Load(StateReader reader)
        {
        }
    }
}
