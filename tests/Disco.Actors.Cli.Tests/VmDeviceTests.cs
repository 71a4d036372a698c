using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>Disks, plugs and the keyboard of virtual machines, as a user declares them. [Disco 4.2.5]</summary>
public sealed class VmDeviceTests : IDisposable
{
    // With 64-bit addresses on (Status.KX), echoes one key and a newline and powers off.
    private const string Echo = """
        mfc0 $8, $12
        ori $8, $8, 0x80
        mtc0 $8, $12
        nop
        lui $8, 0x9000
        dsll32 $8, $8, 0
        ori $9, $0, 0xe010
        dsll $9, $9, 16
        or $9, $8, $9
        1: lw $10, 20($9)
        andi $10, $10, 1
        beqz $10, 1b
        nop
        lw $11, 0($9)
        sw $11, 0($9)
        ori $11, $0, 10
        sw $11, 0($9)
        ori $9, $0, 0xe011
        dsll $9, $9, 16
        or $9, $8, $9
        ori $10, $0, 0x5555
        2: sw $10, 0($9)
        b 2b
        nop
        """;

    // Monitor call 9 without block: how many messages have come, negative without a plug. Then call 10 with that.
    private const string CountMessages = """
        ori $2, $0, 9
        or $4, $0, $0
        .word 0x42000028
        slt $4, $2, $0
        ori $2, $0, 10
        .word 0x42000028
        1: b 1b
        nop
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("disco-devices").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>"A persistent disk can only be mounted by a single virtual machine at any given time."</summary>
    [Fact]
    public void What_is_written_to_a_persistent_disk_is_in_its_file_and_a_second_mount_is_refused()
    {
        string disk = FileOf("own.img", File.ReadAllBytes(Repository.PathOf("guests", "images", "kernel.disk")));
        byte[] before = File.ReadAllBytes(disk);

        DiscoEnd shared = DiscoProgram.Run(Kernel($"disk={disk}"));
        byte[] afterSharing = File.ReadAllBytes(disk);
        DiscoEnd own = DiscoProgram.Run(Kernel($"disk=none,persistent={disk}"));
        byte[] after = File.ReadAllBytes(disk);
        DiscoEnd again = DiscoProgram.Run(Kernel($"disk=none,persistent={disk}"));
        DiscoEnd second = DiscoProgram.Run(
            "run", "--vm", $"a=kernel,disk=none,persistent={disk}", "--vm", $"b=kernel,disk={disk}");

        Assert.All([shared, own, again], end => Assert.True(end.ExitCode == 0, end.Error + end.Output));
        Assert.Equal(before, afterSharing);
        Assert.NotEqual(before, after);
        Assert.Equal(2, second.ExitCode);
        Assert.StartsWith($"disco: Disk '{disk}' is persistent and mounted by VM 'a' already", second.Error);
        Assert.Single(second.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_recording_refuses_a_disk_that_changes()
    {
        string disk = FileOf("own.img", new byte[4096]);

        DiscoEnd end = DiscoProgram.Run(
            "run", "--vm", $"a=hello,persistent={disk}", "--record", Path.Combine(_folder, "x.tr"));

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("is persistent: make it a shared disk", end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("on", 0)]
    [InlineData("off", 1)]
    public void A_machine_without_a_plug_gets_an_error_from_the_network(string network, int exitCode)
    {
        string guest = FileOf("count.elf", GuestElf.Assemble(CountMessages));

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", "1", "--vm", $"n={guest},network={network}");

        Assert.True(end.ExitCode == exitCode, end.Error + end.Output);
    }

    /// <summary>Ctrl-A and a number takes the keyboard to that machine; it leaves one that ends.</summary>
    [Theory]
    [InlineData("^A1x^A0y", "a | y", "b | x")]
    [InlineData("^an^^^ap\"", "a | \"", "b | ^")]
    public void What_is_typed_goes_to_the_machine_in_focus(string keys, string first, string second)
    {
        string guest = FileOf("echo.elf", GuestElf.Assemble(Echo));

        DiscoEnd end = DiscoProgram.Run(
            "run", "--cpus", "2", "--vm", $"a={guest}", "--vm", $"b={guest}", "--keys", keys);

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Contains($"{first}\n", end.Output, StringComparison.Ordinal);
        Assert.Contains($"{second}\n", end.Output, StringComparison.Ordinal);
        Assert.Contains("[keyboard: ", end.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void A_bare_guest_has_the_keyboard_to_itself_and_a_recorded_one_types_again(string cpus)
    {
        string guest = FileOf("echo.elf", GuestElf.Assemble(Echo));
        string trace = Path.Combine(_folder, "typed.tr");

        DiscoEnd end = DiscoProgram.Run("run", "--cpus", cpus, "--guest", guest, "--keys", "z", "--record", trace);
        DiscoEnd replay = DiscoProgram.Run("replay", trace);

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.StartsWith("z\n", end.Output);
        Assert.True(replay.ExitCode == 0, replay.Error + replay.Output);
    }

    [Theory]
    [InlineData("--keys", "^", "^ and a letter for a control character")]
    [InlineData("--keys", "\u00fc", "signs of ASCII")]
    [InlineData("--vm", "a=hello,bootargs=\"x", "a double quote has no second one")]
    [InlineData("--vm", "a=hello,persistent=missing.img", "The disk image 'missing.img' cannot be read")]
    public void What_makes_no_sense_is_one_sentence(string flag, string value, string sentence)
    {
        DiscoEnd end = DiscoProgram.Run("run", flag, value);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.TrimEnd().Split('\n'));
    }

    /// <summary>A value with commas stands in double quotes.</summary>
    [Fact]
    public void Values_in_double_quotes_may_have_commas()
    {
        DiscoEnd end = DiscoProgram.Run(
            "run", "--cpus", "1", "--vm", "k=kernel,bootargs=\"jobs=1 size=4 check=0 hal=disk,clear\",vcpus=1");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Contains("hal clear,disk\n", end.Output, StringComparison.Ordinal);
    }

    private static string[] Kernel(string disk) =>
        ["run", "--cpus", "1", "--vm", $"k=kernel,{disk},bootargs=jobs=1 size=4 check=0"];

    private string FileOf(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
