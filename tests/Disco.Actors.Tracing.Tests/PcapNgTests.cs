using Disco.Actors.TestKit;
using Disco.Actors.Tracing.Exports;
using Xunit;

namespace Disco.Actors.Tracing.Tests;

/// <summary>Captured frames as tshark reads them.</summary>
public sealed class PcapNgTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    /// <summary>Blocks are whole: each length is a multiple of four and stands at both ends. [draft, 3.1]</summary>
    [Fact]
    public void Every_block_has_its_length_at_both_ends()
    {
        Write();
        byte[] bytes = File.ReadAllBytes(_file);
        List<uint> types = [];
        for (int at = 0; at < bytes.Length;)
        {
            types.Add(BitConverter.ToUInt32(bytes, at));
            int length = BitConverter.ToInt32(bytes, at + 4);
            Assert.Equal(0, length % 4);
            Assert.Equal(length, BitConverter.ToInt32(bytes, at + length - 4));
            at += length;
        }

        Assert.Equal([0x0A0D0D0A, 1, 1, 6, 6, 6, 6], types);
    }

    [ToolFact("tshark", "tshark")]
    public void Tshark_reads_every_frame_with_its_plug_time_direction_and_comment()
    {
        Write();
        string[] lines = Fields("frame.interface_name", "frame.time_epoch", "frame.packet_flags_direction", "eth.src",
            "eth.dst", "frame.len", "frame.cap_len", "frame.comment");

        Assert.Equal(
        [
            "vm0 client|1.000000025|0x00000002|02:44:49:53:00:00|02:44:49:53:00:01|19|19|message cpu/0#17, c400000010",
            "vm1 server|1.000000500|0x00000001|02:44:49:53:00:00|02:44:49:53:00:01|19|19|message cpu/0#17, c400000200",
            "vm1 server|9.000000000|0x00000002|02:44:49:53:00:01|ff:ff:ff:ff:ff:ff|14|14|nothing in it",
            "vm1 server|9.000000001|0x00000002|02:44:49:53:00:01|ff:ff:ff:ff:ff:ff|500014|262144|long",
        ], lines);
        Assert.Equal("", Tool.Text("tshark", "-r", _file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000"));
        Assert.Equal("48656c6c6f", Fields("data.data")[0]);
    }

    private void Write()
    {
        using FileStream file = File.Create(_file);
        PcapInterface[] plugs = [new("vm0 client", 0x0244_4953_0000), new("vm1 server", 0x0244_4953_0001)];
        PcapNg capture = new(file, plugs);
        byte[] hello = "Hello"u8.ToArray();
        capture.Write(0, 1_000_000_025, FrameDirection.Outbound, 0x0244_4953_0000, 0x0244_4953_0001, hello,
            "message cpu/0#17, c400000010");
        capture.Write(1, 1_000_000_500, FrameDirection.Inbound, 0x0244_4953_0000, 0x0244_4953_0001, hello,
            "message cpu/0#17, c400000200");
        capture.Write(1, 9_000_000_000, FrameDirection.Outbound, 0x0244_4953_0001, 0xFFFF_FFFF_FFFF, [],
            "nothing in it");
        capture.Write(1, 9_000_000_001, FrameDirection.Outbound, 0x0244_4953_0001, 0xFFFF_FFFF_FFFF,
            new byte[500_000], "long");
        Assert.Equal(4, capture.Packets);
    }

    private string[] Fields(params string[] names)
    {
        string[] fields = [.. names.SelectMany(name => new[] { "-e", name })];
        string text = Tool.Text("tshark", ["-r", _file, "-T", "fields", "-E", "separator=|", .. fields]);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
