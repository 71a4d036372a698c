using System.CommandLine;
using System.Text.Json;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Verification.Shootdowns;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Vmm.Shootdown;
using Spectre.Console;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// <c>disco stress compare</c>: every shootdown protocol on machines of several sizes and topologies. Times are virtual
/// and the same on every host. Exit code 1 when a protocol breaks a rule.
/// </summary>
internal static class StressCompareCommand
{
    private const double NanosecondsPerCycle = 2.5;

    public static Command Create()
    {
        Option<string> cpus = new("--cpus")
        {
            Description = "numbers of CPUs, powers of two up to 64; 4,16,64 without it", HelpName = "N,N...",
        };
        Option<string> topologies = new("--topologies")
        {
            Description = "some of hypercube, mesh, ring, uma; hypercube without it", HelpName = "NAMES",
        };
        Option<int> perNode = new("--cpus-per-node")
        {
            Description = "CPUs of a node", HelpName = "N", DefaultValueFactory = _ => 2,
        };
        Option<int?> holders = new("--holders")
        {
            Description = "CPUs that hold the page, from CPU 0 on; all without it", HelpName = "N",
        };
        Option<int> shootdowns = new("--shootdowns")
        {
            Description = "shootdowns to time on each machine", HelpName = "N", DefaultValueFactory = _ => 200,
        };
        Option<ulong> schedules = new("--schedules")
        {
            Description = "stress runs of each protocol", HelpName = "N", DefaultValueFactory = _ => 1000,
        };
        Option<string> html = new("--html") { Description = "write the figures as a page", HelpName = "FILE" };
        Option<bool> json = new("--json") { Description = "print one JSON array" };
        Command command = new("compare", "all shootdown protocols: violations, latencies, messages")
        {
            cpus, topologies, perNode, holders, shootdowns, schedules, html, json,
        };
        command.SetAction(parsed =>
        {
            int each = parsed.GetValue(perNode);
            (TopologyKind Topology, int Cpus)[] machines =
            [
                .. from topology in TopologiesOf(parsed.GetValue(topologies))
                   from count in CpusOf(parsed.GetValue(cpus), each)
                   select (topology, count),
            ];
            if (parsed.GetValue(shootdowns) is < 1 or > 100_000)
            {
                throw new UserError("--shootdowns: write a number from 1 to 100000.");
            }
            int held = parsed.GetValue(holders) ?? int.MaxValue;
            if (held < 1)
            {
                throw new UserError("--holders: write a number from 1 on.");
            }
            CompareRow[] rows = Measure(
                machines, each, held, parsed.GetValue(shootdowns), parsed.GetValue(schedules));
            return Report(rows, parsed.GetValue(html), parsed.GetValue(json));
        });
        return command;
    }

    private static CompareRow[] Measure(
        (TopologyKind Topology, int Cpus)[] machines, int perNode, int holders, int shootdowns, ulong schedules)
    {
        using Interruption interruption = new();
        List<CompareRow> rows = [];
        foreach (ShootdownProtocol protocol in Enum.GetValues<ShootdownProtocol>())
        {
            StressRequest request = new()
            {
                Subject = nameof(SubjectKind.Shootdown),
                Protocol = protocol.ToString(),
                Last = schedules,
                Faults = StressFlags.AllFaults,
            };
            string? violation = schedules == 0
                ? null
                : StressEngine.For("None").Run(request, null, () => interruption.Requested).Failure?.Violation;
            foreach ((TopologyKind topology, int cpus) in machines)
            {
                if (interruption.Requested)
                {
                    return [.. rows];
                }
                ShootdownReport report = ShootdownMeasurement.Run(
                    protocol, cpus / perNode, perNode, Math.Min(cpus, holders), shootdowns, seed: 1,
                    topology: topology);
                rows.Add(new CompareRow(
                    StressFlags.NameOf(protocol.ToString()), topology.ToString(), cpus, violation,
                    report.Latency.MeanCycles * NanosecondsPerCycle, report.Latency.P50 * NanosecondsPerCycle,
                    report.Latency.P90 * NanosecondsPerCycle, report.Latency.P99 * NanosecondsPerCycle,
                    report.MessagesPerShootdown, report.CpuCyclesPerShootdown * NanosecondsPerCycle));
            }
        }
        return [.. rows];
    }

    private static int Report(CompareRow[] rows, string? html, bool json)
    {
        if (html is not null)
        {
            try
            {
                File.WriteAllText(html, CompareChart.Page(rows));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserError($"{html} cannot be written: {e.Message}");
            }
        }
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonReport.Options));
        }
        else
        {
            Table table = Tables.New(
                "protocol", "topology", "CPUs", "p50 ns", "p90 ns", "p99 ns", "messages", "CPU time ns", "violation");
            foreach (CompareRow row in rows)
            {
                table.AddRow(
                    row.Protocol, row.Topology, $"{row.Cpus}", $"{row.P50Ns:N0}", $"{row.P90Ns:N0}", $"{row.P99Ns:N0}",
                    $"{row.Messages:F1}", $"{row.CpuNs:N0}", Markup.Escape(row.Violation ?? "none"));
            }
            Tables.Print(table);
        }
        return Array.Exists(rows, row => row.Violation is not null) ? ExitCode.RunFailed : ExitCode.Success;
    }

    private static TopologyKind[] TopologiesOf(string? text) =>
    [
        .. (text ?? "hypercube").Split(',').Select(name =>
            Enum.TryParse(name, true, out TopologyKind kind) && Enum.IsDefined(kind)
                ? kind
                : throw new UserError($"--topologies {name}: there are hypercube, mesh, ring and uma.")),
    ];

    private static int[] CpusOf(string? text, int perNode) =>
    [
        .. (text ?? "4,16,64").Split(',').Select(number =>
            int.TryParse(number, out int cpus) && int.IsPow2(cpus) && cpus is >= 2 and <= 64 && perNode >= 1
                && cpus % perNode == 0
                ? cpus
                : throw new UserError(
                    $"--cpus {number}: write powers of two from 2 to 64 that {perNode} CPUs a node divide.")),
    ];
}

/// <summary>One protocol on one machine; times in nanoseconds at 400 MHz.</summary>
internal sealed record CompareRow(
    string Protocol, string Topology, int Cpus, string? Violation, double MeanNs, double P50Ns, double P90Ns,
    double P99Ns, double Messages, double CpuNs);
