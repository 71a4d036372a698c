using System.Globalization;
using Disco.Actors.Cli.Commands;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Shrinking;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// A failing run as a recording, which <c>disco trace</c> reads. A message arrives in the cycle that is the number of
/// its delivery, from 1; sequence numbers count the messages of all actors.
/// </summary>
internal static class StressTrace
{
    private const string EngineName = "stress";
    private const string Prefix = "stress.";
    private const string ReproKey = Prefix + "repro";

    /// <param name="file">The recording.</param>
    /// <param name="reproFile">The run's own file.</param>
    /// <param name="repro">The same.</param>
    /// <param name="run">What it delivers.</param>
    public static void Write(string file, string reproFile, Repro repro, DeliveredRun run)
    {
        using DeliveryRecorder recorder = new(File.Create(file), HeaderOf(reproFile, repro, run));
        int delivered = 0;
        foreach (DeliveredMessage message in run.Messages)
        {
            recorder.Add(EnvelopeOf(message, ++delivered), message.FirstSent, message.NextSent);
        }
        TraceMark mark = new(new Cycle(delivered + 1), delivered, run.State, 0);
        Outcome outcome = run.IsStuck ? Outcome.NoProgress : Outcome.Faulted;
        recorder.End(new TraceEnd(outcome, 1, run.Violation ?? "", mark));
    }

    /// <summary>What <c>disco stress</c> recorded has no machine to build. Errors: UserError for such a recording.
    /// </summary>
    public static void Refuse(TraceHeader header)
    {
        if (header.Engine == EngineName)
        {
            string file = header.Settings.GetValueOrDefault(ReproKey, "FILE.json");
            throw new UserError("This recording is a run of disco stress, whose order no engine has; "
                + $"repeat it with 'disco stress repro {file}'.");
        }
    }

    /// <summary>The machine's settings of a recording, without what only <c>disco stress</c> writes.</summary>
    public static SortedDictionary<string, string> MachineSettings(TraceHeader header) =>
        header.Engine != EngineName
            ? header.Settings
            : new SortedDictionary<string, string>(
                header.Settings.Where(setting => !setting.Key.StartsWith(Prefix, StringComparison.Ordinal))
                    .ToDictionary(setting => setting.Key, setting => setting.Value),
                StringComparer.Ordinal);

    private static TraceHeader HeaderOf(string reproFile, Repro repro, DeliveredRun run)
    {
        SortedDictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["cache.l2.line"] = run.LineBytes.ToString(CultureInfo.InvariantCulture),
            [ReproKey] = reproFile,
            [Prefix + "subject"] = repro.Shape.Subject.ToString().ToLowerInvariant(),
            [Prefix + "shape"] = StressPort.Write(repro.Shape),
            [Prefix + "operations"] = string.Join("; ", repro.Ops),
            [Prefix + "seed"] = repro.Seed.ToString(CultureInfo.InvariantCulture),
            [Prefix + "strategy"] = repro.Strategy,
            [Prefix + "mutant"] = repro.Mutant,
            [Prefix + "violation"] = repro.Violation,
            [Prefix + "faults"] = string.Join("; ", run.Others),
        };
        return new TraceHeader
        {
            Build = RecordedRuns.Build,
            Level = RecordLevel.Messages,
            Engine = EngineName,
            Seed = repro.Seed,
            Settings = settings,
            Inputs = [],
            Actors = [.. run.Actors.Select(actor => new TraceActor(actor.Address, actor.Node))],
        };
    }

    private static Envelope EnvelopeOf(DeliveredMessage message, long cycle)
    {
        Envelope envelope = new()
        {
            Arrival = new Cycle(cycle),
            Sequence = message.Number,
            Source = AddressOf(message.Source),
            Target = AddressOf(message.Target),
            Message = new Message
            {
                Kind = message.Kind,
                Lane = message.Lane,
                PayloadBytes = (byte)message.Payload.Length,
                A = message.A,
                B = message.B,
                C = message.C,
                D = message.D,
            },
        };
        message.Payload.CopyTo((Span<byte>)envelope.Payload);
        return envelope;
    }

    private static Address AddressOf(string text)
    {
        bool isOne = Address.TryParse(text, out Address address);
        Invariant.Holds(isOne);
        return address;
    }
}
