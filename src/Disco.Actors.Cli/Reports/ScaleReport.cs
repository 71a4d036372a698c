using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Scaling;
using Disco.Actors.Engines;
using Spectre.Console;

namespace Disco.Actors.Cli.Reports;

/// <summary>A scaling run for people (tables) and machines (JSON).</summary>
internal static class ScaleReport
{
    private const int KindsMax = 12;

    public static string ToJson(ScaleMatrix matrix) => JsonSerializer.Serialize(
        new
        {
            matrix.Workload,
            engine = matrix.EngineName.ToLowerInvariant(),
            matrix.Window,
            matrix.Processes,
            matrix.Repeats,
            hostCores = Environment.ProcessorCount,
            agree = matrix.Agrees,
            sizes = matrix.Sizes.Select(size => new
            {
                size.Cpus,
                agree = size.Agrees,
                sameState = size.HasOneState,
                stateHash = Hash(size.Any),
                size.Any.Figures.Cycles,
                size.Any.Figures.Instructions,
                simulatedSpeedUp = matrix.SimulatedSpeedUp(size),
                size.Any.Deliveries,
                messages = size.Any.Figures.Messages.ToDictionary(message => message.Name, message => message.Count),
                windowDelayCycles = size.Delay.MeanCycles,
                bytesByKind = size.Prediction?.BytesByKind,
                residentBytesPerCpu = size.ResidentBytes / size.Cpus,
                cells = size.Cells.Select(cell => new
                {
                    cell.Threads,
                    sameEnd = size.EndsEqually(cell),
                    exitCode = cell.Median.End.ExitCode,
                    hostSeconds = cell.Median.HostSeconds,
                    cell.FastestSeconds,
                    cell.SlowestSeconds,
                    guestMips = cell.Median.GuestMips,
                    speedUp = size.SpeedUp(cell),
                    efficiency = size.Efficiency(cell),
                    predictedSpeedUp = size.Predicted(cell),
                    sideBySideSpeedUp = size.SideBySideSpeedUp(cell),
                    threadTimes = cell.Median.ThreadTimes.Select(time => new
                    {
                        windowsSeconds = time.Windows.TotalSeconds,
                        waitingSeconds = time.Waiting.TotalSeconds,
                        idleSeconds = time.Idle.TotalSeconds,
                        time.Waits,
                    }),
                }),
                prediction = size.Prediction is { } prediction
                    ? new { prediction.Work, prediction.Parallelism, prediction.SpeedUps }
                    : null,
            }),
        },
        JsonReport.Options);

    public static void Print(ScaleMatrix matrix)
    {
        Console.WriteLine($"{matrix.Title}, {matrix.Repeats} runs of every cell in turn, "
            + $"{Environment.ProcessorCount} host cores");
        Tables.Print(Hosts(matrix));
        Tables.Print(Machines(matrix));
        Tables.Print(Messages(matrix.Sizes[^1]));
        if (matrix.Sizes.Any(size => size.Prediction is not null))
        {
            Tables.Print(Predictions(matrix));
            Console.WriteLine("Predicted from the messages' causes: a node's actors stay on one core, cores wait for "
                + "nothing but what their work needs.");
        }
        Console.WriteLine(Agreement(matrix));
        foreach (ScaleSize size in matrix.Sizes.Where(size => !size.Agrees))
        {
            Console.WriteLine($"{size.Cpus} CPUs: {Difference(size)}");
        }
    }

    /// <summary>What all runs of a machine have in common, in a sentence.</summary>
    public static string Agreement(ScaleMatrix matrix) => matrix switch
    {
        { Agrees: false } => "Runs of one machine ended differently.",
        { IsExact: true } => "Every run of a machine ended in the same state.",
        _ => "Every run of a machine ended with the same exit code and output, printed times aside; order is lax, so "
            + "cycles, messages and states differ from run to run.",
    };

    /// <summary>A cell's state where order is exact; elsewhere whether it ended as the first cell did.</summary>
    public static string End(ScaleMatrix matrix, ScaleSize size, ScaleCell cell) => matrix.IsExact
        ? Hash(cell.Median)
        : size.EndsEqually(cell) ? "equal" : "DIFFERS";

    public static string EndColumn(ScaleMatrix matrix) => matrix.IsExact ? "state" : "output";

    public static string Hash(ScaleRun run) => run.StateHash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The share of its time that the threads spent in windows, waiting and idle.</summary>
    public static (double Windows, double Waiting, double Idle) Shares(IReadOnlyList<ThreadTime> times)
    {
        double windows = times.Sum(time => time.Windows.TotalSeconds);
        double waiting = times.Sum(time => time.Waiting.TotalSeconds);
        double idle = times.Sum(time => time.Idle.TotalSeconds);
        double all = windows + waiting + idle;
        return all == 0 ? default : (windows / all, waiting / all, idle / all);
    }

    private static string Difference(ScaleSize size)
    {
        ScaleRun[] runs = [.. size.Cells.SelectMany(cell => cell.Runs)];
        if (runs.FirstOrDefault(run => run.End != size.Any.End) is not { } other)
        {
            return "runs ended in different states: " + string.Join(", ", runs.Select(Hash).Distinct());
        }
        string? lines = GuestText.FirstDifference(size.Any.End.Results, other.End.Results);
        return lines is null
            ? $"runs ended with {Word(size.Any.End)} and with {Word(other.End)}"
            : $"guests printed {lines}";
    }

    private static string Word(ScaleEnd end) =>
        end.Outcome == Outcome.Stopped ? $"exit code {end.ExitCode}" : "the time asked for";

    private static Table Hosts(ScaleMatrix matrix)
    {
        Table table = Numbers([
            "CPUs", "threads", "host s", "fastest", "slowest", "guest MIPS", "speed-up", "efficiency", "predicted",
            .. (string[])(matrix.HasSideBySide ? ["side by side"] : []), "windows", "waiting", "idle",
            EndColumn(matrix)]);
        foreach (ScaleSize size in matrix.Sizes)
        {
            foreach (ScaleCell cell in size.Cells)
            {
                (double windows, double waiting, double idle) = Shares(cell.Median.ThreadTimes);
                string[] sideBySide = matrix.HasSideBySide ? [Text($"{size.SideBySideSpeedUp(cell):F2}")] : [];
                table.AddRow([
                    Text($"{size.Cpus}"), Text($"{cell.Threads}"), Text($"{cell.Median.HostSeconds:F2}"),
                    Text($"{cell.FastestSeconds:F2}"), Text($"{cell.SlowestSeconds:F2}"),
                    Text($"{cell.Median.GuestMips:F1}"), Text($"{size.SpeedUp(cell):F2}"),
                    Text($"{size.Efficiency(cell):P0}"),
                    Text($"{size.Predicted(cell):F2}"), .. sideBySide,
                    Text($"{windows:P0}"), Text($"{waiting:P0}"), Text($"{idle:P0}"),
                    End(matrix, size, cell)]);
            }
        }
        return table;
    }

    private static Table Machines(ScaleMatrix matrix)
    {
        Table table = Numbers("CPUs", "cycles", "simulated speed-up", "instructions", "messages", "late on average",
            "host MB a CPU");
        foreach (ScaleSize size in matrix.Sizes)
        {
            ScaleRun run = size.Any;
            table.AddRow(
                Text($"{size.Cpus}"), Text($"{run.Figures.Cycles:N0}"), Text($"{matrix.SimulatedSpeedUp(size):F2}"),
                Text($"{run.Figures.Instructions:N0}"), Text($"{run.Deliveries:N0}"),
                Text($"{size.Delay.MeanCycles:F0} cycles"), Text($"{size.ResidentBytes / 1e6 / size.Cpus:F1}"));
        }
        return table;
    }

    private static Table Messages(ScaleSize size)
    {
        Table table = Numbers($"messages on {size.Cpus} CPUs", "count", "per 1,000 instructions", "KB");
        foreach (var message in size.Any.Figures.Messages.Take(KindsMax))
        {
            table.AddRow(
                message.Name, Text($"{message.Count:N0}"),
                Text($"{message.Count * 1e3 / size.Any.Figures.Instructions:F3}"),
                size.Prediction is { } graph ? Text($"{graph.BytesByKind[message.Name] / 1e3:N0}") : "");
        }
        return table;
    }

    private static Table Predictions(ScaleMatrix matrix)
    {
        ScaleSize[] sizes = [.. matrix.Sizes.Where(size => size.Prediction is not null)];
        Table table = Numbers(["CPUs", "at most", .. sizes[0].Prediction!.SpeedUps.Select(s => Text($"{s.Cores}"))]);
        foreach (ScaleSize size in sizes)
        {
            table.AddRow([
                Text($"{size.Cpus}"), Text($"{size.Prediction!.Parallelism:F1}"),
                .. size.Prediction.SpeedUps.Select(speedUp => Text($"{speedUp.ByNode:F2}"))]);
        }
        return table;
    }

    private static Table Numbers(params string[] columns)
    {
        Table table = Tables.New(columns);
        foreach (TableColumn column in table.Columns)
        {
            column.RightAligned();
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
