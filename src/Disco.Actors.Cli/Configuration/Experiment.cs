using System.Net;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Hocon;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Cli.Configuration;

public enum EngineKind
{
    Deterministic,
    Parallel,
    Akka,
}

/// <summary>What one run is: the machine, what runs on it and the engine, read from <see cref="Settings"/>.</summary>
/// <param name="Board">The hardware.</param>
/// <param name="Bare">A guest without monitor; null with one.</param>
/// <param name="Monitor">The monitor and its virtual machines; null for a bare guest.</param>
/// <param name="Engine">Which.</param>
/// <param name="Options">Its options.</param>
/// <param name="Until">When to stop at the latest.</param>
/// <param name="Inputs">The files that were read.</param>
public sealed record Experiment(
    BoardConfig Board,
    GuestSetup? Bare,
    DiscoConfig? Monitor,
    EngineKind Engine,
    EngineOptions Options,
    Cycle Until,
    IReadOnlyList<TraceInput> Inputs)
{
    private const long CyclesMax = 1L << 50;

    /// <summary>Where a GDB is waited for; null to run without.</summary>
    public IPEndPoint? GdbAt { get; init; }

    /// <summary>What is typed meanwhile.</summary>
    public TypedKeys Keys { get; init; } = new([], 0, 0);

    /// <summary>Nodes that are lost meanwhile.</summary>
    public PlannedLosses Losses { get; init; } = new([]);

    /// <summary>How far actors on the Akka engine may be apart.</summary>
    public required long AkkaWindowCycles { get; init; }

    /// <summary>How long an actor on the Akka engine acts by itself before it looks into its mailbox.</summary>
    public required long AkkaSliceCycles { get; init; }

    /// <summary>What is beyond the gateway of the virtual subnet.</summary>
    public Gateway Gateway { get; init; } = new([], 0, 0, null);

    /// <summary>Ports of the host that lead to virtual machines.</summary>
    public IReadOnlyList<Forward> Forwards { get; init; } = [];

    /// <summary>UDP ports, from which frames come into the subnet of virtio interfaces, and to which they leave it;
    /// null for none.</summary>
    public (IPEndPoint Here, IPEndPoint There)? Frames { get; init; }

    /// <summary>Processes of the Akka engine; 1 for this one alone.</summary>
    public int ClusterMembers { get; init; } = 1;

    /// <summary>What it was read from.</summary>
    public required Settings Settings { get; init; }

    /// <summary>Names of what runs, for reports.</summary>
    public string Guests => Bare?.Image.Name
        ?? string.Join(", ", Monitor!.Vms.Select(vm => vm.Image.Name).Distinct(StringComparer.Ordinal));

    /// <summary>Errors: <see cref="UserError"/> with the key and its place.</summary>
    public static Experiment Of(Settings settings)
    {
        BoardConfig board = BoardSettings.Of(settings);
        if (board.Problems() is [string problem, ..])
        {
            throw UserError.Sentence(problem);
        }
        EngineKind kind = settings.Word<EngineKind>("engine.kind");
        bool isThreaded = kind != EngineKind.Deterministic;
        if (isThreaded && board.Fidelity == Fidelity.Fast)
        {
            throw new UserError(
                "In the fast fidelity all CPUs share memory, so one runs at a time: use --engine deterministic.");
        }
        if (kind == EngineKind.Akka && settings.Text("engine.window") != "exact")
        {
            throw new UserError(
                "engine.window is the exact engines': the Akka engine has engine.akka.window, with --set.");
        }
        EngineOptions options = new()
        {
            Seed = board.Seed,
            JitterCycles = Cycles(settings.Nanoseconds("engine.jitter"), board),
            WindowCycles = settings.Text("engine.window") == "exact"
                ? 0
                : settings.Whole("engine.window", 1, CyclesMax),
            Threads = isThreaded ? (int)settings.Whole("engine.threads", 1, BoardConfig.CpusMax) : 1,
            SerialiseMessages = settings.OnOrOff("engine.serialise-messages"),
            PinThreads = kind == EngineKind.Parallel && Pins(settings),
        };
        GuestFiles files = new();
        DiscoConfig? monitor = settings.VirtualMachines.Count == 0
            ? null
            : MonitorSettings.Of(settings, board, files);
        return new Experiment(
            board,
            monitor is null ? BareOf(settings, files) : null,
            monitor,
            kind,
            options,
            UntilOf(settings, board),
            files.Inputs)
        {
            Settings = settings,
            ClusterMembers = kind == EngineKind.Akka
                ? (int)settings.Whole("engine.akka.cluster.members", 1, board.Nodes)
                : 1,
            Keys = TypedKeys.Of(settings, board.ClockHz),
            Losses = PlannedLosses.Of(settings, board, kind),
            AkkaWindowCycles = settings.Whole("engine.akka.window", 1, CyclesMax),
            AkkaSliceCycles = settings.Whole("engine.akka.slice", 1, CyclesMax),
            Gateway = monitor is null ? new Gateway([], 0, 0, null) : Gateway.Of(settings, board.ClockHz),
            Forwards = monitor is null ? [] : Forward.Of(settings, [.. monitor.Vms.Select(vm => vm.Name)]),
            Frames = monitor is null ? null : Forward.FramesOf(settings),
        };
    }

    /// <summary>
    /// The engine the experiment asks for; dispose of it when it is disposable. Errors: UserError when it is not in
    /// this build.
    /// </summary>
    public Engine MakeEngine(World world) => Engine switch
    {
        EngineKind.Deterministic => new DeterministicEngine(world, Options),
        EngineKind.Parallel => new ParallelEngine(world, Options),
        EngineKind.Akka => AkkaSupport.MakeEngine(world, this),
    };

    /// <summary>Errors: <see cref="UserError"/> when the machine cannot be built or a guest does not fit.</summary>
    public BuiltMachine Build()
    {
        try
        {
            if (Monitor is not null)
            {
                DiscoMachine disco = DiscoBuilder.Build(Monitor);
                return new BuiltMachine(disco.Hardware, disco);
            }
            return new BuiltMachine(MachineBuilder.Build(Board, Bare!), null);
        }
        catch (BoardException e)
        {
            throw new UserError(e.Message);
        }
    }

    private static bool Pins(Settings settings)
    {
        if (settings.OneOf("engine.pin", "on", "off") == "off")
        {
            return false;
        }
        return ParallelEngine.CanPinThreads
            ? true
            : throw new UserError("Threads can be kept on one core each on Linux only: use engine.pin = off.");
    }

    private static GuestSetup BareOf(Settings settings, GuestFiles files)
    {
        string image = settings.Text("guest.image");
        return new GuestSetup(files.Image(image))
        {
            BootArguments = GuestFiles.Bootargs(image, settings.Text("guest.bootargs")),
            Disk = files.Disk(settings.Text("guest.disk"), image),
            Initrd = files.Initrd(image),
            Script = files.Script(settings.Text("guest.script")),
        };
    }

    private static long Cycles(double nanoseconds, BoardConfig board) =>
        InterconnectConfig.FromNanoseconds(nanoseconds, board.ClockHz / 1e6);

    private static Cycle UntilOf(Settings settings, BoardConfig board)
    {
        string text = settings.Text("run.for");
        if (text == "none")
        {
            return Cycle.Never;
        }
        if (long.TryParse(text, out long cycles) && cycles is > 0 and <= CyclesMax)
        {
            return new Cycle(cycles);
        }
        return HoconUnits.Duration(text) is { } nanoseconds and > 0
            ? new Cycle(Cycles((double)nanoseconds, board))
            : throw settings.Misfit("run.for", "none, a length of time such as 2 ms, or a number of cycles");
    }
}

/// <summary>A machine that has been put together.</summary>
/// <param name="Hardware">Its CPUs, caches, directories and memories.</param>
/// <param name="Disco">The monitor and its virtual machines; null for a bare guest.</param>
public sealed record BuiltMachine(Multiprocessor Hardware, DiscoMachine? Disco)
{
    public World World => Hardware.World;
}
