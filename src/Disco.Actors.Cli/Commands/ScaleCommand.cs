using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Cli.Scaling;
using Disco.Actors.Machine.Boards;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>disco scale</c>: one workload on machines of several sizes with several numbers of host threads. Every cell of a
/// machine size must end in the same state, on the Akka engine, whose order is lax, with the same output; what differs
/// is the host time.
/// </summary>
internal static class ScaleCommand
{
    // What a message costs the host in cycles that a CPU runs, about: 100 ns against 3 ns (benchmarks/results).
    private const int MessageCycles = 30;

    private static readonly Option<string> _workload = new("--workload", "-w")
    {
        Description = "a guest by name, jobs (kernels under the monitor), an ELF file or a .conf file",
        HelpName = "WORKLOAD",
        DefaultValueFactory = _ => "radix",
    };

    private static readonly Option<string> _cpus = Named("--cpus", "machine sizes", "N,N,...", "1,2,4,8,16");
    private static readonly Option<string> _threads =
        Named("--threads", "host threads; 0 is the deterministic engine", "N,N,...", "1,2");
    private static readonly Option<string> _engine =
        Named("--engine", "parallel or, where built in, akka", "ENGINE", "parallel");
    private static readonly Option<string> _repeat = Named("--repeat", "runs of every cell, in turn", "N", "3");
    private static readonly Option<string> _out = new("--out")
    {
        Description = "write the report as one HTML file with plots",
        HelpName = "FILE",
    };

    private static readonly Option<bool> _json = new("--json") { Description = "print the report as one JSON object" };
    private static readonly Option<bool> _noPrediction = new("--no-prediction")
    {
        Description = "leave out the run that predicts the speed-up on more host cores",
    };

    private static readonly Option<bool> _sideBySide = new("--side-by-side")
    {
        Description = "also run as many machines at once as a cell has threads: what the host's cores get done when "
            + "nobody waits for anybody",
    };

    private static readonly Option<string> _board = new("--board", "-b")
    {
        Description = "a board by name (disco machines) or a .conf file",
        HelpName = "BOARD",
    };

    private static readonly (Option<string?> Option, string Key)[] _keys =
    [
        (Key("--bootargs", "words the guest finds in its device tree, e.g. keys=4194304", "WORDS"), "guest.bootargs"),
        (Key("--memory", "machine memory, e.g. 256MiB", "SIZE"), "board.memory"),
        (Key("--nodes", "NUMA nodes; without it they follow the CPUs", "N"), "board.nodes"),
        (Key("--window", "exact, or a number of cycles", "N"), "engine.window"),
        (Key("--seed", "decides the order of concurrent messages", "N"), "engine.seed"),
        (Key("--for", "stop after this much virtual time (2ms) or cycles (800000)", "TIME"), "run.for"),
    ];

    private static readonly Option<string[]> _set = new("--set", "-s")
    {
        Description = "set any key, e.g. --set latency.transit='600 ns'; may be repeated",
        HelpName = "KEY=VALUE",
    };

    public static Command Create()
    {
        Command command = new("scale", "run a matrix of machine sizes and host threads, compare states and speed")
        {
            _workload, _cpus, _threads, _engine, _repeat, _out, _json, _noPrediction, _sideBySide, _board,
            _set,
        };
        foreach ((Option<string?> option, _) in _keys)
        {
            command.Options.Add(option);
        }
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        EngineKind engine = EngineOf(parsed.GetValue(_engine)!);
        int[] sizes = Numbers("--cpus", parsed.GetValue(_cpus)!, 1, BoardConfig.CpusMax);
        int[] threads = Numbers("--threads", parsed.GetValue(_threads)!, 0, BoardConfig.CpusMax);
        int repeats = Numbers("--repeat", parsed.GetValue(_repeat)!, 1, 1000)[0];
        bool sideBySide = parsed.GetValue(_sideBySide);
        CheckSideBySide(sideBySide, engine, threads);
        Dictionary<string, string> keys = Keys(parsed);
        ScaleWorkload workload = ScaleWorkload.Of(parsed.GetValue(_workload)!, parsed.GetValue(_board), keys, engine);
        Experiment first = workload.Cell(sizes[0], threads.Max());
        bool json = parsed.GetValue(_json);
        using Interruption interruption = new();
        using StreamWriter? html = Open(parsed.GetValue(_out));
        int cells = threads.Length + (sideBySide ? Several(threads) : 0);
        ScaleProgress progress = new(
            sizes.Length * ((cells * repeats) + 1), enabled: !json && !Console.IsErrorRedirected);

        List<ScaleSize> done = [];
        foreach (int cpus in sizes)
        {
            ScaleSize? size = Measure(
                workload, cpus, threads, repeats, !parsed.GetValue(_noPrediction), sideBySide, progress,
                () => interruption.Requested);
            if (size is null)
            {
                break;
            }
            done.Add(size);
        }
        progress.Clear();
        if (done.Count == 0)
        {
            return ExitCode.Interrupted;
        }
        ScaleMatrix matrix = new(workload.Name, engine, WindowOf(first), first.ClusterMembers, repeats, done);
        html?.Write(ScaleHtml.Of(matrix));
        if (json)
        {
            Console.WriteLine(ScaleReport.ToJson(matrix));
        }
        else
        {
            ScaleReport.Print(matrix);
        }
        return done.Count < sizes.Length ? ExitCode.Interrupted
            : matrix.Agrees ? ExitCode.Success
            : ExitCode.RunFailed;
    }

    /// <summary>
    /// All cells of one size. Each is run once before, unmeasured, so that the first does not pay for compiling; then
    /// in turn, so that what else the host does falls on all of them. Null when interrupted.
    /// </summary>
    private static ScaleSize? Measure(
        ScaleWorkload workload, int cpus, int[] threads, int repeats, bool predict, bool sideBySide,
        ScaleProgress progress, Func<bool> cancelled)
    {
        progress.Begin($"{workload.Name}, {cpus} CPUs, to warm up");
        ScalePrediction? prediction = predict
            ? ScalePrediction.Of(workload, cpus, MessageCycles, cancelled)
            : null;
        if (!predict && ScaleRun.Of(workload, cpus, threads[0], cancelled) is null)
        {
            return null;
        }
        List<ScaleRun>[] runs = [.. threads.Select(_ => new List<ScaleRun>())];
        List<double>[] beside = [.. threads.Select(_ => new List<double>())];
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            for (int i = 0; i < threads.Length; i++)
            {
                progress.Begin($"{workload.Name}, {cpus} CPUs, {threads[i]} threads, run {repeat + 1} of {repeats}");
                if (cancelled() || ScaleRun.Of(workload, cpus, threads[i], cancelled) is not { } run)
                {
                    return null;
                }
                runs[i].Add(run);
                if (!sideBySide || threads[i] < 2)
                {
                    continue;
                }
                progress.Begin($"{workload.Name}, {threads[i]} machines of {cpus} CPUs side by side, "
                    + $"run {repeat + 1} of {repeats}");
                if (SideBySide.SecondsOf(workload, cpus, threads[i], cancelled) is not { } seconds)
                {
                    return null;
                }
                beside[i].Add(seconds);
            }
        }
        return new ScaleSize(cpus, [.. runs.Zip(beside, (cell, seconds) => new ScaleCell(cell, seconds))], prediction,
            IsExact: workload.Engine != EngineKind.Akka);
    }

    private static int Several(int[] threads) => threads.Count(count => count > 1);

    private static void CheckSideBySide(bool asked, EngineKind engine, int[] threads)
    {
        if (asked && engine == EngineKind.Akka)
        {
            throw new UserError("--side-by-side is for the parallel engine: leave --engine out.");
        }
        if (asked && (!threads.Contains(1) || Several(threads) == 0))
        {
            throw new UserError("--side-by-side compares with one thread: let --threads have 1 and a larger number.");
        }
    }

    private static EngineKind EngineOf(string word)
    {
        if (word == "akka")
        {
            AkkaSupport.Check();
            return EngineKind.Akka;
        }
        return word == "parallel"
            ? EngineKind.Parallel
            : throw new UserError($"--engine {word}: host threads are the parallel engine's or, where built in, "
                + "akka's, and --threads 0 is the deterministic one.");
    }

    /// <summary>How far actors may be apart: <c>exact</c>, or cycles.</summary>
    private static string WindowOf(Experiment cell)
    {
        long cycles = cell.Engine == EngineKind.Akka ? cell.AkkaWindowCycles : cell.Options.WindowCycles;
        return cycles == 0 ? "exact" : cycles.ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string> Keys(ParseResult parsed)
    {
        Dictionary<string, string> keys = [];
        foreach ((Option<string?> option, string key) in _keys)
        {
            if (parsed.GetValue(option) is { } value)
            {
                keys[key] = value;
            }
        }
        Flags.AddPairs(parsed.GetValue(_set) ?? [], keys);
        return keys;
    }

    private static int[] Numbers(string flag, string text, int min, int max)
    {
        string[] words = text.Split(',', StringSplitOptions.TrimEntries);
        int[] numbers = [.. words.Select(word => int.TryParse(word, out int number) ? number : int.MinValue)];
        return numbers.All(number => number >= min && number <= max)
            ? numbers
            : throw new UserError($"{flag} {text}: write whole numbers from {min} to {max} with commas between them.");
    }

    private static StreamWriter? Open(string? file)
    {
        try
        {
            return file is null ? null : File.CreateText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The report '{file}' cannot be written: {e.Message}");
        }
    }

    private static Option<string> Named(string name, string description, string value, string whenAbsent) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => whenAbsent };

    private static Option<string?> Key(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };

    /// <summary>Which run of how many, and how long the rest will take if it goes on like this.</summary>
    private sealed class ScaleProgress(int runs, bool enabled)
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private int _begun;
        private int _columns;

        public void Begin(string what)
        {
            if (!enabled)
            {
                return;
            }
            TimeSpan left = _begun == 0 ? default : _watch.Elapsed / _begun * (runs - _begun);
            string rest = _begun == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", about {left:m\\:ss} left");
            string text = $"{++_begun}/{runs}: {what}{rest}";
            Console.Error.Write("\r" + text.PadRight(_columns));
            _columns = text.Length;
        }

        public void Clear()
        {
            if (_columns > 0)
            {
                Console.Error.Write("\r" + new string(' ', _columns) + "\r");
            }
        }
    }
}
