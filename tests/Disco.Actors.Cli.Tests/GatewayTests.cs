using System.Buffers.Binary;
using System.Text;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>The gateway of the virtual subnet, by which virtual machines reach the outside. [Disco 4.2.6]</summary>
public sealed class GatewayTests : IDisposable
{
    // With a page to receive into, waits for a message, sends it back to the gateway and ends. Blocks are in pages 16
    // and 17, the message's bytes in page 32; see Vmm/Devices/README.md.
    private const string Echo = """
        lui $20, 0x8001
        ori $8, $0, 1
        sd $8, 0($20)
        sd $8, 8($20)
        sd $0, 16($20)
        lui $9, 2
        sd $9, 48($20)
        sd $8, 56($20)
        lui $4, 1
        ori $2, $0, 9
        .word 0x42000028
        1: ld $8, 16($20)
        beqz $8, 1b
        nop
        ld $10, 64($20)
        ld $11, 72($20)
        daddu $10, $10, $9
        lui $8, 0x0244
        ori $8, $8, 0x4953
        dsll $8, $8, 16
        ori $8, $8, 0x0100
        sd $8, 4096($20)
        ori $8, $0, 1
        sd $8, 4104($20)
        sd $10, 4112($20)
        sd $11, 4120($20)
        lui $4, 1
        ori $4, $4, 0x1000
        ori $2, $0, 8
        .word 0x42000028
        or $4, $0, $0
        ori $2, $0, 10
        .word 0x42000028
        2: b 2b
        nop
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-gateway").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_arrives_from_outside_comes_back_and_is_in_the_recording()
    {
        string guest = FileOf("echo.elf", GuestElf.Assemble(Echo));
        byte[] text = Encoding.ASCII.GetBytes("more than sixteen bytes to machine one\n");
        string arriving = FileOf("in.bin", Message(0x0244_4953_0001, text));
        string leaving = Path.Combine(_folder, "out.bin");
        string trace = Path.Combine(_folder, "gateway.tr");

        DiscoEnd end = DiscoProgram.Run(
            "run", "--cpus", "2", "--vm", "a=hello", "--vm", $"b={guest}", "--set", $"gateway.in={arriving}", "--set",
            $"gateway.out={leaving}", "--record", trace);
        DiscoEnd replay = DiscoProgram.Run("replay", trace);

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Equal(Message(0x0244_4953_0001, text), File.ReadAllBytes(leaving));
        Assert.DoesNotContain("sixteen", end.Output, StringComparison.Ordinal);
        Assert.True(replay.ExitCode == 0, replay.Error + replay.Output);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "no whole message begins at byte 0")]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 9 }, "no whole message begins at byte 13")]
    public void Messages_that_are_cut_are_one_sentence(byte[] messages, string sentence)
    {
        DiscoEnd end = DiscoProgram.Run("run", "--vm", "a=hello", "--set", $"gateway.in={FileOf("in.bin", messages)}");

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.TrimEnd().Split('\n'));
    }

    private static byte[] Message(ulong address, byte[] bytes)
    {
        byte[] message = new byte[12 + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, bytes.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(4), address);
        bytes.CopyTo(message, 12);
        return message;
    }

    private string FileOf(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
