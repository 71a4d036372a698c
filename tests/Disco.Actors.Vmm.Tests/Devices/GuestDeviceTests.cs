using Disco.Actors.Machine.Boards;
using Disco.Actors.TestKit;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Tests.VirtualCpus;
using Xunit;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>The guest kernel on shared disks and on the subnet: the devices as guests use them.</summary>
public sealed class GuestDeviceTests
{
    /// <summary>Of 8 jobs of 8 KB: what the sources on the disk compile to, on any machine.</summary>
    private const string Objects = "objects 245eeef0b802a3d1";

    private readonly byte[] _image = File.ReadAllBytes(Repository.PathOf("guests", "images", "kernel.disk"));

    /// <summary>"Sharing the root disk": each kernel compiles from one image and writes its objects to it, as it
    /// believes. [Disco 4.2.5, 5.3]</summary>
    [Theory]
    [InlineData(Fidelity.Fast, 4, 2)]
    [InlineData(Fidelity.Coherent, 2, 2)]
    public void Kernels_compile_from_one_image_and_write_each_its_own(Fidelity fidelity, int vms, int cpus)
    {
        DiscoMachine machine = DiscoBuilder.Build(Sharing(fidelity, vms, cpus, "jobs=8 size=8 check=0"));
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new(), 0));

        Assert.All(end.Consoles, console => Assert.Contains(Objects, console, StringComparison.Ordinal));
        CowDisk disk = machine.Devices.Disks[0];
        Assert.True(disk.Statistics.PagesMapped > 0);
        Assert.True(disk.Statistics.CacheHits > 0);
        Assert.True(disk.Statistics.Writes > 0);
    }

    /// <summary>A file server and its client: whole pages of the server's buffer cache appear in the client's memory.
    /// [Disco 4.2.6]</summary>
    [Fact]
    public void Files_of_a_server_reach_its_client()
    {
        DiscoConfig config = Sharing(Fidelity.Fast, 2, 2, "jobs=0 check=0 ");
        VmConfig server = config.Vms[0] with { BootArguments = "jobs=0 check=0 serve=1 transfer=1" };
        VmConfig client = config.Vms[1] with { BootArguments = "jobs=0 check=0 server=0 transfer=1" };
        DiscoMachine machine = DiscoBuilder.Build(config with { Vms = [server, client] });
        VmsEnd end = Machines.Run(machine, Machines.EngineOf(machine, new(), 0));

        Assert.True(
            end.Consoles[1].Contains("net: ok", StringComparison.Ordinal),
            $"{end.Run.Outcome} {end.Run.Reason}\n{string.Join("\n--\n", end.Consoles)}");
        SwitchStatistics statistics = machine.Devices.Switch.Statistics;
        Assert.True(statistics.PagesRemapped >= 256, $"{statistics.PagesRemapped} pages remapped");
        Assert.True(statistics.CopiedBytes > 0);
    }

    private DiscoConfig Sharing(Fidelity fidelity, int vms, int cpus, string bootArguments) =>
        Machines.On(
            Machines.Board(cpus, fidelity),
            [.. Enumerable.Range(0, vms).Select(vm => Machines.Vm("kernel", bootArguments) with
            {
                Name = $"kernel{vm}",
                Disks = [0],
            })]) with
        {
            Disks = [new DiskSpec("root", _image, Persistent: false)],
        };
}
