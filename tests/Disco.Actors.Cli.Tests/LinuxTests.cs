using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.TestKit;
using Xunit;

namespace Disco.Actors.Cli.Tests;

/// <summary>A test that boots Debian's Linux; skipped where it has not been prepared.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (GuestDescription.Find("linux") is null)
        {
            Skip = "there is no guest linux: scripts/linux-guest --initrd-only fetches and prepares it";
        }
    }
}

/// <summary>A test of NFS; takes minutes, so only where it is asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LinuxNfsFactAttribute : FactAttribute
{
    public LinuxNfsFactAttribute()
    {
        if (GuestDescription.Find("linux") is null || Environment.GetEnvironmentVariable("DISCO_LINUX_NFS") is null)
        {
            Skip = "set DISCO_LINUX_NFS=1 with a guest linux of scripts/linux-guest --add nfs-kernel-server";
        }
    }
}

/// <summary>Guests with a description, scripts at the console, and Debian's unmodified kernel.</summary>
public sealed class LinuxTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("disco-linux").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The kernel's own report of its CPUs; the word that the shell's command adds up is in no echo.</summary>
    [LinuxFact]
    public void Linux_boots_on_two_CPUs_to_a_shell_whose_exit_code_is_returned()
    {
        string script = Write("shell.script", """
            within 20
            expect "linux# "
            send "echo on $(grep -c ^processor /proc/cpuinfo) CPUs; uname -r\n"
            expect "on 2 CPUs"
            expect "linux# "
            send "power-off 3\n"
            wait
            """);

        DiscoEnd end = DiscoProgram.Run(
            "run", "--guest", "linux", "--cpus", "2", "--fidelity", "fast", "--script", script, "--for", "30s");

        Assert.True(end.ExitCode == 3, end.Error + end.Output);
        Assert.Contains("Brought up 1 node, 2 CPUs", end.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// The unmodified kernel in supervisor mode, in two virtual machines that boot from one image and find each other
    /// on the subnet; a file is the same at both ends.
    /// </summary>
    [LinuxFact]
    public void Linux_boots_in_two_virtual_machines_that_talk_to_each_other()
    {
        string server = Write("server.script", """
            within 60
            expect "linux# "
            send "ifconfig eth0 10.0.0.1 up; nc -l -p 5000 >x; md5sum x; grep -c ^processor /proc/cpuinfo\n"
            expect "e071f707df7bbeee2a6a1eb48011ddd0  x"
            expect "linux# "
            send "power-off 4\n"
            wait
            """);
        string client = Write("client.script", """
            within 60
            expect "linux# "
            send "ifconfig eth0 10.0.0.2 up; until ping -c 1 -W 1 10.0.0.1; do :; done; "
            send "seq 20000 >x; nc 10.0.0.1 5000 <x; md5sum x\n"
            expect "e071f707df7bbeee2a6a1eb48011ddd0  x"
            expect "linux# "
            send "power-off 2\n"
            wait
            """);

        DiscoEnd end = DiscoProgram.Run(
            "run", "--cpus", "2", "--fidelity", "fast", "--vm", $"a=linux,vcpus=2,disk=none,script={server}",
            "--vm", $"b=linux,disk=none,script={client}", "--for", "60s");

        Assert.True(end.ExitCode == 4, end.Error + end.Output);
        Assert.Contains("a | 2\n", end.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(" 0% packet loss", end.Output, StringComparison.Ordinal);
    }

    /// <summary>The kernel's server in one virtual machine, its client in another, twice: a file there and back.
    /// </summary>
    [LinuxNfsFact]
    public void Linux_serves_files_by_NFS_to_another_and_does_so_alike_each_time()
    {
        string server = Write("server.script", """
            within 300
            expect "linux# "
            send "TERM=dumb; busybox ifconfig eth0 10.0.0.1 up; echo '10.0.0.2 b' >>/etc/hosts\n"
            expect "linux# "
            send "busybox modprobe nfsd; mount -t nfsd nfsd /proc/fs/nfsd; mkdir -p /tmp/x /var/lib/nfs\n"
            expect "linux# "
            send "touch /var/lib/nfs/etab; dd if=/dev/urandom of=/tmp/x/f bs=64k count=64\n"
            expect "linux# "
            send "echo 10 >/proc/fs/nfsd/nfsv4leasetime; echo 10 >/proc/fs/nfsd/nfsv4gracetime\n"
            expect "linux# "
            send "exportfs -o rw,fsid=0,no_root_squash,insecure,no_subtree_check '*:/tmp/x'\n"
            expect "linux# "
            send "rpc.nfsd -N 3 2; rpc.mountd -N 3; until [ -e /tmp/x/done ]; do sleep 1; done\n"
            expect "linux# "
            send "busybox cmp /tmp/x/f /tmp/x/g && power-off 4\n"
            wait
            """);
        string client = Write("client.script", """
            within 300
            expect "linux# "
            send "TERM=dumb; busybox ifconfig eth0 10.0.0.2 up; busybox modprobe nfsv4\n"
            expect "linux# "
            send "until mount -t nfs4 -o sec=sys 10.0.0.1:/ /mnt; do sleep 1; done\n"
            expect "linux# "
            send "cp /mnt/f /tmp/f; cp /tmp/f /mnt/g; touch /mnt/done; umount /mnt; power-off 2\n"
            wait
            """);
        string[] arguments =
        [
            "run", "--cpus", "2", "--fidelity", "fast", "--json",
            "--vm", $"a=linux,bootargs=root=/dev/vda,script={server}",
            "--vm", $"b=linux,bootargs=root=/dev/vda,script={client}",
        ];

        DiscoEnd first = DiscoProgram.Run(arguments);
        DiscoEnd second = DiscoProgram.Run(arguments);

        Assert.True(first.ExitCode == 4, first.Error + first.Output);
        Assert.Equal(StateHashOf(first), StateHashOf(second));
    }

    /// <summary>A program of the host talks to one of the guest's over a port of the host; the recording of that is
    /// repeated without it.</summary>
    [LinuxFact]
    public void Linux_answers_at_a_port_of_the_host()
    {
        string trace = Path.Combine(_folder, "served.tr");
        int port = FreePort();
        byte[] said = [.. Enumerable.Range(0, 40_000).Select(at => (byte)(at / 3))];
        string script = Write("served.script", $"""
            within 60
            expect "linux# "
            send "(echo hello from a guest | nc -l -p 80 >x; sha256sum x) & sleep 1; ifconfig eth0 10.0.0.1 up\n"
            expect "{Convert.ToHexStringLower(SHA256.HashData(said))}  x"
            send "power-off 6\n"
            wait
            """);
        Task<string> heard = Task.Run(() => Converse(port, said));

        DiscoEnd end = DiscoProgram.Run(
            "run", "--cpus", "1", "--fidelity", "fast", "--vm", $"web=linux,disk=none,script={script}",
            "--forward", $"{port}=web:80", "--for", "60s", "--record", trace, "--set", "record.mark=10s");

        Assert.True(end.ExitCode == 6, end.Error + end.Output);
        Assert.Equal("hello from a guest\n", heard.Result);
        DiscoEnd again = DiscoProgram.Run("replay", trace);
        Assert.True(again.ExitCode == 0, again.Error + again.Output);
    }

    [Theory]
    [InlineData("0.0.0.0:8080=a:80", "only ports of the loopback interface are opened")]
    [InlineData("8080=b:80", "there is no virtual machine 'b'; there are a")]
    [InlineData("8080=a", "write [127.0.0.1:]PORT=VM:PORT")]
    public void Forward_that_cannot_be_is_one_sentence(string forward, string sentence)
    {
        DiscoEnd end = DiscoProgram.Run("run", "--vm", "a=hello", "--forward", forward);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains(sentence, end.Error, StringComparison.Ordinal);
        Assert.Single(end.Error.TrimEnd().Split('\n'));
    }

    /// <summary>Booted once, then another script: what experiments do.</summary>
    [LinuxFact]
    public void Booted_Linux_goes_on_from_its_checkpoint_with_another_script()
    {
        string kept = Path.Combine(_folder, "linux.ckpt");
        string[] machine = ["run", "--guest", "linux", "--cpus", "1", "--fidelity", "fast", "--for"];
        string script = Write("more.script", """
            send "\n"
            expect "linux# "
            send "echo $((6 * 7)) from PID $$; power-off 9\n"
            expect "42 from PID"
            wait
            """);

        DiscoEnd boot = DiscoProgram.Run([.. machine, "2500ms", "--checkpoint-save", kept]);
        DiscoEnd more = DiscoProgram.Run([.. machine, "30s", "--checkpoint-load", kept, "--script", script]);
        DiscoEnd other = DiscoProgram.Run(
            [.. machine, "30s", "--checkpoint-load", kept, "--bootargs", "quiet"]);

        Assert.True(boot.Output.Contains("linux# ", StringComparison.Ordinal), boot.Error + boot.Output);
        Assert.True(more.ExitCode == 9, more.Error + more.Output);
        Assert.DoesNotContain("Linux version", more.Output, StringComparison.Ordinal);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("only the same machine and guest go on", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Guest_that_was_not_prepared_is_answered_with_the_command_that_does()
    {
        DiscoEnd end = DiscoProgram.Run(
            new Dictionary<string, string> { ["XDG_CACHE_HOME"] = _folder }, "run", "--guest", "linux");

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("scripts/linux-guest", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Description_names_the_kernel_its_words_and_its_memory()
    {
        string conf = Describe("kernel = \"hello.elf\", bootargs = \"a=1\", memory = 96 MiB");

        DiscoEnd end = DiscoProgram.Run("run", "--guest", conf, "--cpus", "1", "--json");

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Contains("hello: ok", end.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Initial_RAM_disk_that_does_not_fit_is_refused_with_a_sentence()
    {
        string conf = Describe("kernel = \"hello.elf\", initrd = \"disk.cpio\"");
        Write("disk.cpio", "070701");

        DiscoEnd end = DiscoProgram.Run("run", "--guest", conf, "--cpus", "1");

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("give the machine more memory", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Script_reads_what_the_guest_prints_and_ends_the_run_with_its_code()
    {
        string script = Write("hello.script", "expect \"hello from CPU 0\"\nend 5\n");

        DiscoEnd end = DiscoProgram.Run("run", "--guest", "hello", "--cpus", "1", "--script", script);

        Assert.True(end.ExitCode == 5, end.Error + end.Output);
        Assert.Contains("line 2 of the script ends the run", end.Output, StringComparison.Ordinal);
    }

    /// <summary>A guest that writes nothing leaves it as it was; what is written is the disk's own test.</summary>
    [Fact]
    public void Disk_is_kept_as_the_guest_left_it()
    {
        string image = Path.Combine(_folder, "disk.img");
        string kept = Path.Combine(_folder, "kept.img");
        File.WriteAllBytes(image, [.. Enumerable.Range(0, 2048).Select(at => (byte)(at / 7))]);

        DiscoEnd end = DiscoProgram.Run(
            "run", "--guest", "hello", "--cpus", "1", "--disk", image, "--disk-save", kept);

        Assert.True(end.ExitCode == 0, end.Error + end.Output);
        Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(kept));
    }

    [Theory]
    [InlineData("a letter", 'a', ConsoleKey.A, false, "a")]
    [InlineData("a letter that is none of ASCII", 'ä', ConsoleKey.None, false, "ä")]
    [InlineData("enter", '\r', ConsoleKey.Enter, false, "\r")]
    [InlineData("an arrow", '\0', ConsoleKey.UpArrow, false, "\u001b[A")]
    [InlineData("Ctrl-C", '\u0003', ConsoleKey.C, true, "\u0003")]
    [InlineData("Ctrl-], which consoles call Ctrl-5", '\0', ConsoleKey.D5, true, "\u001d")]
    [InlineData("a shift key alone", '\0', ConsoleKey.None, false, "")]
    public void Key_sends_what_a_terminal_would(string title, char character, ConsoleKey key, bool control, string sent)
    {
        Assert.NotEmpty(title);

        byte[] bytes = Keyboard.BytesOf(new ConsoleKeyInfo(character, key, shift: false, alt: false, control));

        Assert.Equal(sent, Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Script_with_a_wrong_line_is_refused_with_its_place()
    {
        string script = Write("wrong.script", "expect hello\n");

        DiscoEnd end = DiscoProgram.Run("run", "--guest", "hello", "--script", script);

        Assert.Equal(2, end.ExitCode);
        Assert.Contains("wrong.script:1: ", end.Error, StringComparison.Ordinal);
    }

    private static string StateHashOf(DiscoEnd end) =>
        JsonDocument.Parse(end.Output).RootElement.GetProperty("stateHash").GetString()!;

    // The port is open as soon as the program has begun, and the guest answers when it has its address; by then
    // somebody listens there.
    private static string Converse(int port, byte[] said)
    {
        while (true)
        {
            using TcpClient client = new();
            try
            {
                client.Connect(IPAddress.Loopback, port);
            }
            catch (SocketException)
            {
                continue;
            }
            NetworkStream stream = client.GetStream();
            stream.Write(said);
            client.Client.Shutdown(SocketShutdown.Send);
            return new StreamReader(stream).ReadToEnd();
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Describe(string keys)
    {
        File.WriteAllBytes(Path.Combine(_folder, "hello.elf"), Embedded.Bytes("guests/hello.elf")!);
        return Write("guest.conf", $"guest {{ {keys} }}\n");
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
