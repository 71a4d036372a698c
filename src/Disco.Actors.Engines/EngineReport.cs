using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>The pictures that explain a run that ended badly: the fault, the mailboxes, who waits for whom.</summary>
internal static class EngineReport
{
    private const int EnvelopesPerTargetMax = 8;

    public static RunResult Faulted(Engine engine, Fault fault)
    {
        string what = fault.Handling is { } envelope
            ? $"handling {engine.World.Names.Describe(in envelope.Message)} from {envelope.Source}"
            : "acting by itself";
        string reason = $"{fault.Actor} failed at c{fault.Cycle} {what}: {fault.Exception.Message}";
        StringBuilder report = new();
        report.Append(reason).Append('\n');
        report.Append($"seed {engine.Options.Seed}; to replay: the same machine and input, deterministic engine, ")
            .Append($"seed {engine.Options.Seed}, jitter {engine.Options.JitterCycles}, ")
            .Append($"window {engine.Options.WindowCycles}, run to c{fault.Cycle + 1}\n");
        report.Append(Mailboxes(engine));
        report.Append(fault.Exception).Append('\n');
        return new RunResult(Outcome.Faulted, new Cycle(fault.Cycle), 1, reason, report.ToString());
    }

    public static RunResult NoProgress(Engine engine, long lastDelivery) => new(
        Outcome.NoProgress,
        new Cycle(lastDelivery),
        1,
        $"nothing can happen after c{lastDelivery}: no envelope is under way and no actor acts by itself",
        Mailboxes(engine));

    public static string Mailboxes(Engine engine)
    {
        StringBuilder text = new();
        AppendEnvelopes(text, engine);
        AppendWaiting(text, engine.World);
        return text.ToString();
    }

    private static void AppendEnvelopes(StringBuilder text, Engine engine)
    {
        List<Envelope> envelopes = engine.Undelivered();
        text.Append($"{envelopes.Count} envelopes under way\n");
        foreach (IGrouping<Address, Envelope> mailbox in
            envelopes.GroupBy(envelope => envelope.Target).OrderBy(group => group.Key))
        {
            text.Append($"  to {mailbox.Key}:\n");
            foreach (Envelope envelope in mailbox.Take(EnvelopesPerTargetMax))
            {
                Message message = envelope.Message;
                text.Append($"    {envelope.Arrival} {engine.World.Names.Describe(in message)} ")
                    .Append($"from {envelope.Source}\n");
            }
            if (mailbox.Count() > EnvelopesPerTargetMax)
            {
                text.Append($"    and {mailbox.Count() - EnvelopesPerTargetMax} more\n");
            }
        }
    }

    private static void AppendWaiting(StringBuilder text, World world)
    {
        SortedDictionary<Address, WaitsFor> waiting = [];
        foreach (Actor actor in world.Actors)
        {
            if (actor.NextStep != Cycle.Never)
            {
                text.Append($"  {actor.Address} acts next at {actor.NextStep}\n");
            }
            if (actor.Waiting is { } waits)
            {
                waiting[actor.Address] = waits;
                text.Append($"  {actor.Address} waits for {waits.Whom}: {waits.What}\n");
            }
        }
        if (FindCircle(waiting) is { } circle)
        {
            text.Append($"  a circle of waiting: {string.Join(" -> ", circle)}\n");
        }
    }

    /// <summary>Each actor waits for at most one other, so a circle shows by following the edges.</summary>
    private static List<Address>? FindCircle(SortedDictionary<Address, WaitsFor> waiting)
    {
        foreach (Address start in waiting.Keys)
        {
            List<Address> path = [start];
            while (waiting.TryGetValue(path[^1], out WaitsFor? waits))
            {
                path.Add(waits.Whom);
                if (waits.Whom == start)
                {
                    return path;
                }
                if (path.IndexOf(waits.Whom) < path.Count - 1)
                {
                    break;
                }
            }
        }
        return null;
    }
}
