using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Spectre.Console;

namespace Disco.Actors.Cli.Commands;

/// <summary><c>disco trace diff</c>: where two recordings first differ. Exit code 1 when they do.</summary>
internal static class TraceDiffCommand
{
    public static Command Create()
    {
        Argument<string> first = TraceCommand.FileArgument("A");
        Argument<string> second = TraceCommand.FileArgument("B");
        Option<int> context = new("--context")
        {
            Description = "how many messages before the difference to show",
            DefaultValueFactory = _ => 8,
        };
        Option<bool> json = new("--json") { Description = "print one JSON object" };
        Command command = new("diff", "the first difference of two recordings") { first, second, context, json };
        command.SetAction(parsed =>
        {
            int count = parsed.GetValue(context);
            if (count is < 0 or > 10_000)
            {
                throw new UserError($"--context {count}: write a number from 0 to 10000.");
            }
            using TraceReader one = TraceReader.Open(parsed.GetValue(first)!);
            using TraceReader other = TraceReader.Open(parsed.GetValue(second)!);
            TraceComparison found = TraceDiff.Compare(one, other, count);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ToJson(found));
            }
            else
            {
                Print(found);
            }
            return found.Equal ? ExitCode.Success : ExitCode.RunFailed;
        });
        return command;
    }

    private static string ToJson(TraceComparison found) => JsonSerializer.Serialize(
        new
        {
            found.Equal,
            found.Deliveries,
            found.Marks,
            found.Remarks,
            difference = found.Difference is not { } at ? null : new
            {
                cycle = at.Cycle.Value,
                actor = at.Actor?.ToString(),
                at.Number,
                at.What,
                first = Json(at.First),
                second = Json(at.Second),
                before = at.Before.Select(delivery => Json(delivery)),
                beforeAtActor = at.BeforeAtActor.Select(delivery => Json(delivery)),
                causes = at.Causes.Select(delivery => Json(delivery)),
            },
        },
        JsonReport.Options);

    private static object? Json(CausedDelivery? delivery) => delivery is not { } at ? null : new
    {
        number = at.Number,
        cycle = at.Envelope.Arrival.Value,
        source = at.Envelope.Source.ToString(),
        sequence = at.Envelope.Sequence,
        target = at.Envelope.Target.ToString(),
        transaction = at.Transaction.ToString(),
        message = RecordedMessages.Names.Describe(at.Envelope.Message),
    };

    private static void Print(TraceComparison found)
    {
        IAnsiConsole console = Tables.To(Console.Out, Console.IsOutputRedirected);
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow("verdict", found.Equal ? "equal" : "different");
        grid.AddRow("the same", $"{found.Deliveries:N0} deliveries; {found.Marks} state hashes compared");
        foreach (string remark in found.Remarks)
        {
            grid.AddRow("remark", Markup.Escape(remark));
        }
        if (found.Difference is not { } at)
        {
            console.Write(grid);
            return;
        }
        grid.AddRow("where", at.Actor is { } actor
            ? $"{at.Cycle}, {actor}, delivery {at.Number} of the total order" : at.Cycle.ToString());
        grid.AddRow("what", Markup.Escape(at.What));
        console.Write(grid);
        Lines("in A", at.First is { } first ? [first] : []);
        Lines("in B", at.Second is { } second ? [second] : []);
        Lines("before", at.Before);
        Lines($"before, at {at.Actor}", at.BeforeAtActor);
        Lines("what led there, the latest first", at.Causes);
    }

    private static void Lines(string title, IReadOnlyList<CausedDelivery> deliveries)
    {
        if (deliveries.Count == 0)
        {
            return;
        }
        Console.WriteLine(title);
        foreach (CausedDelivery delivery in deliveries)
        {
            Console.WriteLine(RecordedMessages.Line(delivery));
        }
    }
}
