using System.CommandLine;
using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Commands;

/// <summary>Which deliveries of a recording the user wants to see.</summary>
internal sealed class TraceFilterFlags
{
    private readonly Option<string[]> _actors = new("--actor")
    {
        Description = "sent or received by it, e.g. cpu/3; may be repeated",
    };

    private readonly Option<string[]> _kinds = new("--kind")
    {
        Description = "message kind by name, e.g. GetX; may be repeated",
    };

    private readonly Option<string> _address = new("--address")
    {
        Description = "about this machine address, in hex: its line, or a device's register",
    };

    private readonly Option<string> _transaction = new("--transaction")
    {
        Description = "set off by this message, e.g. cpu/3#17",
    };

    private readonly Option<string> _from = new("--from") { Description = "first cycle, or a time such as \"1.5 ms\"" };
    private readonly Option<string> _until = new("--until") { Description = "first cycle, or time, not wanted" };
    private readonly Option<int?> _limit = new("--limit") { Description = "at most so many" };

    public void AddTo(Command command)
    {
        foreach (Option option in
            new Option[] { _actors, _kinds, _address, _transaction, _from, _until, _limit })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The deliveries in the total order. Errors: UserError for a recording without any.</summary>
    public IEnumerable<CausedDelivery> Apply(ParseResult parsed, TraceReader trace)
    {
        RecordedMessages messages = RecordedMessages.Of(trace.Header);
        HashSet<Address> actors = [.. (parsed.GetValue(_actors) ?? []).Select(actor => ActorOf(actor, trace.Header))];
        HashSet<ushort> kinds = [.. (parsed.GetValue(_kinds) ?? []).SelectMany(KindsOf)];
        ulong? address = WordOf(parsed.GetValue(_address));
        TransactionId? transaction = TransactionOf(parsed.GetValue(_transaction));
        (long from, long until) = TimeOf(parsed, messages);
        return RecordedMessages.Deliveries(trace)
            .SkipWhile(delivery => delivery.Envelope.Arrival.Value < from)
            .TakeWhile(delivery => delivery.Envelope.Arrival.Value < until)
            .Where(delivery => actors.Count == 0
                || actors.Contains(delivery.Envelope.Source) || actors.Contains(delivery.Envelope.Target))
            .Where(delivery => kinds.Count == 0 || kinds.Contains(delivery.Envelope.Message.Kind))
            .Where(delivery => address is not { } wanted || messages.IsAbout(delivery.Envelope.Message, wanted))
            .Where(delivery => transaction is not { } wanted || delivery.Transaction == wanted)
            .Take(parsed.GetValue(_limit) ?? int.MaxValue);
    }

    /// <summary>The cycles wanted. Errors: UserError when anything else is asked for, too.</summary>
    public (long From, long Until) TimeAlone(ParseResult parsed, TraceReader trace)
    {
        Option[] others = [_actors, _kinds, _address, _transaction, _limit];
        if (Array.Find(others, option => parsed.GetResult(option) is { Implicit: false }) is { } other)
        {
            throw new UserError($"{other.Name} chooses messages of actors; frames of the virtual network are chosen by "
                + "--from and --until alone.");
        }
        return TimeOf(parsed, RecordedMessages.Of(trace.Header));
    }

    private (long From, long Until) TimeOf(ParseResult parsed, RecordedMessages messages) => (
        parsed.GetValue(_from) is { } first ? messages.Cycle("--from", first) : 0,
        parsed.GetValue(_until) is { } last ? messages.Cycle("--until", last) : long.MaxValue);

    private static Address ActorOf(string text, TraceHeader header)
    {
        if (!Address.TryParse(text, out Address address))
        {
            throw new UserError($"--actor {text}: an actor is written as a role and a number, e.g. cpu/3 or dir/0.");
        }
        return address.Role == Role.Outside || header.Actors.Any(actor => actor.Address == text)
            ? address
            : throw new UserError($"--actor {text}: the recorded machine has no such actor."
                + UserError.DidYouMean(text, header.Actors.Select(actor => actor.Address)));
    }

    private static IEnumerable<ushort> KindsOf(string name) => RecordedMessages.Kinds.Contains(name)
        ? RecordedMessages.Kinds[name]
        : throw new UserError($"--kind {name}: there is no such kind of message."
            + UserError.DidYouMean(name, RecordedMessages.Kinds.Select(kind => kind.Key)));

    private static TransactionId? TransactionOf(string? text) =>
        text is null ? null
        : TransactionId.TryParse(text, out TransactionId id) ? id
        : throw new UserError($"--transaction {text}: a transaction is written as its first message's sender and "
            + "number, e.g. cpu/3#17; disco trace list shows them.");

    private static ulong? WordOf(string? text)
    {
        if (text is null)
        {
            return null;
        }
        string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong word)
            ? word
            : throw new UserError($"--address {text}: write a number in hex, e.g. 0x1f80.");
    }
}
