using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary><c>disco trace export FILE pcapng</c>: a client of another virtual machine's files, on the wire.</summary>
public sealed class SubnetCaptureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-pcap").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ToolFact("tshark", "tshark")]
    public void Every_message_between_virtual_machines_is_captured_at_both_plugs_with_the_same_bytes()
    {
        string trace = Path.Combine(_folder, "net.tr");
        string capture = Path.Combine(_folder, "net.pcapng");
        DiscoEnd run = DiscoProgram.Run("run", "--board", "tiny-2x1",
            "--vm", "client=kernel,bootargs=jobs=1 size=4 server=1",
            "--vm", "server=kernel,bootargs=jobs=1 size=4 serve=1",
            "--record", trace, "--record-level", "messages");
        DiscoEnd export = DiscoProgram.Run("trace", "export", trace, "pcapng", "--out", capture);
        DiscoEnd sends = DiscoProgram.Run("trace", "list", trace, "--actor", "switch/0", "--kind", "NetSend");

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.True(export.ExitCode == 0, export.Error);
        string[][] frames = Fields(capture);
        string[][] sent = [.. frames.Where(frame => frame[1] == "0x00000002")];
        string[][] received = [.. frames.Where(frame => frame[1] == "0x00000001")];
        string[] listed = sends.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(sent.Length > 5);
        Assert.Equal($"{frames.Length} frames captured", export.Error.Trim());
        Assert.Equal(listed.Length, sent.Length);
        Assert.Equal("", Tool.Text("tshark", "-r", capture, "-Y", "_ws.malformed"));
        Assert.Equal(["vm0 client", "vm1 server"], frames.Select(frame => frame[0]).Distinct().Order());

        // What came is what was sent, though it lies in other pages of another machine.
        foreach (string[] frame in received)
        {
            string[] original = Assert.Single(sent, other => other[2] == frame[2]);
            Assert.Equal(original[3..], frame[3..]);
        }
        Assert.Contains(sent, frame => int.Parse(frame[3], null) > 4096);
        Assert.InRange(received.Length, sent.Length - 2, sent.Length);
    }

    [Fact]
    public void A_machine_without_network_is_refused_with_advice()
    {
        string trace = Path.Combine(_folder, "hello.tr");
        DiscoProgram.Run("run", "--guest", "hello", "--cpus", "1", "--record", trace);

        DiscoEnd export = DiscoProgram.Run("trace", "export", trace, "pcapng");

        Assert.Equal(2, export.ExitCode);
        Assert.Contains("disco run --vm", export.Error, StringComparison.Ordinal);
    }

    /// <summary>Plug, direction, message, length, bytes.</summary>
    private static string[][] Fields(string capture)
    {
        string text = Tool.Text("tshark", "-r", capture, "-T", "fields", "-E", "separator=|",
            "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "frame.comment",
            "-e", "frame.len", "-e", "eth.src", "-e", "data.data");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            string[] fields = line.Split('|');
            // "message cpu/0#17, c400": the cycles differ.
            fields[2] = fields[2].Split(',')[0];
            return fields;
        })];
    }
}
