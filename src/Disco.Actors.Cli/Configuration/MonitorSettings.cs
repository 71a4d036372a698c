using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Placement;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.Shootdown;
using Disco.Actors.Vmm.VirtualCpus;

namespace Disco.Actors.Cli.Configuration;

/// <summary>The keys of the monitor and of its virtual machines.</summary>
internal static class MonitorSettings
{
    private const int CostMax = 1 << 24;

    /// <summary>Errors: UserError for what cannot be built.</summary>
    public static DiscoConfig Of(Settings settings, BoardConfig board, GuestFiles files)
    {
        List<DiskSpec> disks = [];
        VmConfig[] vms = [.. settings.VirtualMachines.SelectMany(name => Machines(settings, name, files, disks))];
        DiscoConfig config = new()
        {
            Board = board,
            Vms = vms,
            Disks = disks,
            Monitor = new MonitorConfig
            {
                Costs = Costs(settings),
                Shootdown = new ShootdownConfig { Protocol = settings.Word<ShootdownProtocol>("monitor.shootdown") },
            },
            Scheduler = new SchedulerConfig
            {
                QuantumCycles = settings.Cycles("monitor.quantum", board.ClockHz),
                Stealing = settings.OnOrOff("monitor.stealing"),
                Gangs = [.. Enumerable.Range(0, vms.Length).Where(vm => IsGang(settings, vms[vm].Name))],
            },
            Mapping = new MappingConfig
            {
                First = settings.Word<FirstFrame>("monitor.placement.first"),
                LowPermille = (int)settings.Whole("monitor.balloon.low", 0, 500),
                RoundCycles = settings.Cycles("monitor.balloon.round", board.ClockHz),
                PatienceCycles = settings.Cycles("monitor.balloon.patience", board.ClockHz),
                MergeCycles = settings.OnOrOff("monitor.merging")
                    ? settings.Cycles("monitor.merging-after", board.ClockHz)
                    : 0,
            },
            Placement = PlacementOf(settings, board),
            SecondLevelTlbEntries = (int)settings.Whole("monitor.l2tlb", 0, 1 << 18),
        };
        return config.Problems() is [string problem, ..] ? throw UserError.Sentence(problem) : config;
    }

    /// <summary>The name of one of several machines of a description leads back to it.</summary>
    private static bool IsGang(Settings settings, string machine) => settings.VirtualMachines
        .Where(name => machine == name || machine.StartsWith(name + ".", StringComparison.Ordinal))
        .Any(name => settings.OnOrOff($"vm.{name}.gang"));

    private static IEnumerable<VmConfig> Machines(
        Settings settings, string name, GuestFiles files, List<DiskSpec> disks)
    {
        string key = $"vm.{name}.";
        string frames = settings.Text(key + "frames");
        VmConfig one = new()
        {
            Name = name,
            Image = files.Image(settings.Text(key + "guest")),
            BootArguments = GuestFiles.Bootargs(settings.Text(key + "guest"), settings.Text(key + "bootargs")),
            Initrd = files.Initrd(settings.Text(key + "guest")),
            Script = files.Script(settings.Text(key + "script")),
            Disks = DisksOf(settings, key, files, disks),
            Vcpus = (int)settings.Whole(key + "vcpus", 1, VmConfig.VcpusMax),
            MemoryBytes = (ulong)settings.Bytes(key + "memory"),
            HasNetwork = settings.OnOrOff(key + "network"),
            Weight = (int)settings.Whole(key + "weight", 1, 1 << 20),
            Nodes = NodesOf(settings, key),
            FrameBytesMax = frames == "all" ? null : (ulong)settings.Bytes(key + "frames"),
        };
        long count = settings.Whole(key + "count", 1, DiscoConfig.VmsMax);
        return count == 1
            ? [one]
            : Enumerable.Range(0, (int)count).Select(number => one with { Name = $"{name}.{number}" });
    }

    private static NodeSet NodesOf(Settings settings, string key)
    {
        string text = settings.Text(key + "nodes");
        return text == "all" ? NodeSet.None
            : NodeSet.TryParse(text, out NodeSet nodes) ? nodes
            : throw new UserError($"{key}nodes = '{text}': write the nodes it stays on as 0-1 or 0;2, or all.");
    }

    /// <summary>The disks of a virtual machine: those it shares with all that name the same images, then its own.
    /// </summary>
    private static int[] DisksOf(Settings settings, string key, GuestFiles files, List<DiskSpec> disks)
    {
        string shared = settings.Text(key + "disk");
        string guest = settings.Text(key + "guest");
        List<int> numbers = [];
        foreach (string path in shared.Length == 0 ? [""] : shared == "none" ? [] : PathsIn(shared))
        {
            Add(path, isPersistent: false);
        }
        foreach (string path in PathsIn(settings.Text(key + "persistent")))
        {
            Add(path, isPersistent: true);
        }
        return [.. numbers];

        void Add(string path, bool isPersistent)
        {
            if (files.Disk(path, guest) is not { } image)
            {
                return;
            }
            string name = path.Length == 0 ? GuestFiles.OwnDisk(guest) : path;
            int number = disks.FindIndex(disk => disk.Name == name);
            if (number < 0)
            {
                number = disks.Count;
                disks.Add(new DiskSpec(name, image, isPersistent));
            }
            disks[number] = disks[number] with { Persistent = disks[number].Persistent || isPersistent };
            numbers.Add(number);
        }
    }

    private static string[] PathsIn(string list) =>
        list.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static PlacementConfig PlacementOf(Settings settings, BoardConfig board)
    {
        int Whole(string name, int max) => (int)settings.Whole("monitor.placement" + name, 1, max);
        return new PlacementConfig
        {
            Policy = settings.Word<PlacementPolicy>("monitor.placement.policy"),
            TriggerMisses = Whole(".trigger", ushort.MaxValue),
            SharingMisses = Whole(".sharing", ushort.MaxValue),
            WriteMisses = Whole(".write", ushort.MaxValue),
            MigrateMoves = Whole(".migrate", byte.MaxValue),
            MovesMax = Whole(".moves", byte.MaxValue),
            ResetCycles = settings.Cycles("monitor.placement.reset", board.ClockHz),
        };
    }

    private static MonitorCosts Costs(Settings settings)
    {
        long Cost(string name) => settings.Whole("monitor.cost" + name, 0, CostMax);
        return new MonitorCosts
        {
            TrapCycles = Cost(".trap"),
            SecondLevelCycles = Cost(".second-level"),
            VirtualTlbCycles = Cost(".virtual-tlb"),
            TlbWriteCycles = Cost(".tlb-write"),
            PrivilegedCycles = Cost(".privileged"),
            RegisterCycles = Cost(".register"),
            DeliverCycles = Cost(".deliver"),
            RequestCycles = Cost(".request"),
            AnswerCycles = Cost(".answer"),
            SwitchCycles = Cost(".switch"),
            MessageCycles = Cost(".message"),
        };
    }
}
