using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace stats</c>: counts, latencies, and how much of the run could be done at once.</summary>
internal static class TraceStatsCommand
{
    private const int RowsMax = 20;

    public static Command Create()
    {
        Argument<string> file = TraceCommand.FileArgument();
        Option<bool> json = new("--json") { Description = "print one JSON object, with every pair" };
        Option<int> runCost = new("--run-cost")
        {
            Description = "cycles of a CPU's own running that are as much work for the host as one message; 0 does "
                + "not count them",
            DefaultValueFactory = _ => 0,
        };
        Command command = new("stats", "messages and latencies by kind and pair, critical path")
        {
            file, json, runCost,
        };
        command.SetAction(parsed =>
        {
            int cycles = parsed.GetValue(runCost);
            if (cycles < 0)
            {
                throw new UserError($"--run-cost {cycles}: write a number of cycles, 0 or more.");
            }
            using TraceReader trace = TraceReader.Open(parsed.GetValue(file)!);
            long clockHz = RecordedMessages.Of(trace.Header).ClockHz;
            TraceStatistics statistics = new();
            CriticalPath path = new(trace.Header.Actors, cycles);
            foreach (CausedDelivery delivery in RecordedMessages.Deliveries(trace))
            {
                statistics.Add(delivery);
                path.Add(delivery.Delivery);
            }
            statistics.Close();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ToJson(statistics, path, cycles, clockHz));
            }
            else
            {
                Print(statistics, path, cycles, clockHz);
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static string ToJson(TraceStatistics statistics, CriticalPath path, int runCost, long clockHz) =>
        JsonSerializer.Serialize(
            new
            {
                statistics.Deliveries,
                firstCycle = statistics.Deliveries == 0 ? 0 : statistics.First.Value,
                lastCycle = statistics.Last.Value,
                clockHz,
                kinds = statistics.Kinds.Select(group => new
                {
                    kind = RecordedMessages.Names.NameOf(group.Key),
                    group.Value.Count,
                    group.Value.PayloadBytes,
                    latencyCycles = Json(group.Value.Latency),
                }),
                pairs = statistics.Pairs.Select(group => new
                {
                    source = group.Key.Source.ToString(),
                    target = group.Key.Target.ToString(),
                    group.Value.Count,
                    group.Value.PayloadBytes,
                    latencyCycles = Json(group.Value.Latency),
                }),
                transactions = statistics.Transactions.Select(group => new
                {
                    first = RecordedMessages.Names.NameOf(group.Key),
                    group.Value.Span.Count,
                    messages = Json(group.Value.Messages),
                    spanCycles = Json(group.Value.Span),
                }),
                criticalPath = new
                {
                    runCostCycles = runCost,
                    path.Work,
                    path.Length,
                    path.Parallelism,
                    speedUps = path.SpeedUps,
                    consists = path.OnPath().Select(share =>
                        new { actors = share.Role.ToString(), what = NameOf(share), share.Count, share.Work }),
                },
            },
            JsonReport.Options);

    private static object Json(Distribution values) => new
    {
        values.Count,
        values.Mean,
        p50 = values.Percentile(0.50),
        p90 = values.Percentile(0.90),
        p99 = values.Percentile(0.99),
        p999 = values.Percentile(0.999),
        values.Max,
    };

    private static void Print(TraceStatistics statistics, CriticalPath path, int runCost, long clockHz)
    {
        double milliseconds = (statistics.Last.Value + 1) * 1e3 / clockHz;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{statistics.Deliveries:N0} messages of {statistics.Kinds.Count} kinds between {statistics.Pairs.Count} "
            + $"pairs of actors until {statistics.Last} ({milliseconds:F3} ms)"));
        Console.WriteLine("Cycles under way are of messages sent in the handling of another: the cycle in which an "
            + "actor sends by itself is not recorded.");
        Groups("message", statistics.Kinds.Select(group =>
            (RecordedMessages.Names.NameOf(group.Key), group.Value)));
        Groups("from -> to", statistics.Pairs.Select(group =>
            ($"{group.Key.Source} -> {group.Key.Target}", group.Value)));
        Transactions(statistics);
        Path(path, runCost);
    }

    private static void Groups(string title, IEnumerable<(string Name, MessageGroup Group)> groups)
    {
        (string Name, MessageGroup Group)[] all = [.. groups.OrderByDescending(group => group.Group.Count)];
        Table table = Numbers(title, "count", "bytes", "known", "mean", "p50", "p90", "p99", "max");
        foreach ((string name, MessageGroup group) in all.Take(RowsMax))
        {
            table.AddRow([name, Number(group.Count), Number(group.PayloadBytes), Number(group.Latency.Count),
                .. Cells(group.Latency)]);
        }
        Tables.Print(table);
        More(all.Length);
    }

    private static void Transactions(TraceStatistics statistics)
    {
        KeyValuePair<ushort, TransactionGroup>[] all =
            [.. statistics.Transactions.OrderByDescending(group => group.Value.Span.Count)];
        Table table = Numbers("transaction begun by", "count", "messages", "most", "mean", "p50", "p90", "p99", "max");
        foreach ((ushort kind, TransactionGroup group) in all.Take(RowsMax))
        {
            table.AddRow([RecordedMessages.Names.NameOf(kind), Number(group.Span.Count),
                group.Messages.Mean.ToString("F1", CultureInfo.InvariantCulture), Number(group.Messages.Max),
                .. Cells(group.Span)]);
        }
        Tables.Print(table);
        More(all.Length);
    }

    private static void Path(CriticalPath path, int runCost)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"critical path: {path.Length:N0} of {path.Work:N0} messages' work one after the other; no number of "
            + $"cores makes it faster than {path.Parallelism:F1} times one."));
        Console.WriteLine(runCost == 0
            ? "To handle a message is one piece of work; what CPUs do between messages is not counted (--run-cost)."
            : $"To handle a message is one piece of work, so are {runCost} cycles of a CPU's own running.");
        Table table = Numbers("host cores", "at most", "any actor anywhere", "a node's actors together");
        foreach (HostSpeedUp speedUp in path.SpeedUps)
        {
            table.AddRow(Number(speedUp.Cores), Ratio(speedUp.AtMost), Ratio(speedUp.AnyActor), Ratio(speedUp.ByNode));
        }
        Tables.Print(table);
        Table consists = Numbers("on the critical path", "pieces", "work", "% of it");
        IReadOnlyList<PathShare> shares = path.OnPath();
        foreach (PathShare share in shares.Take(RowsMax))
        {
            consists.AddRow($"{share.Role}: {NameOf(share)}", Number(share.Count),
                share.Work.ToString("N0", CultureInfo.InvariantCulture),
                (100 * share.Work / path.Length).ToString("F1", CultureInfo.InvariantCulture));
        }
        Tables.Print(consists);
        More(shares.Count);
    }

    private static string NameOf(PathShare share) =>
        share.Kind is { } kind ? RecordedMessages.Names.NameOf(kind) : "running by itself";

    private static Table Numbers(params string[] columns)
    {
        Table table = Tables.New(columns);
        foreach (TableColumn column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }
        return table;
    }

    private static void More(int rows)
    {
        if (rows > RowsMax)
        {
            Console.WriteLine($"  and {rows - RowsMax} more; --json has them all");
        }
    }

    private static string[] Cells(Distribution cycles) => cycles.Count == 0
        ? ["", "", "", "", ""]
        :
        [
            cycles.Mean.ToString("F1", CultureInfo.InvariantCulture),
            Number(cycles.Percentile(0.50)), Number(cycles.Percentile(0.90)), Number(cycles.Percentile(0.99)),
            Number(cycles.Max),
        ];

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);
}
