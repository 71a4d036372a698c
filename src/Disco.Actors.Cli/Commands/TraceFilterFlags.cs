using System.CommandLine;
using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Cli.Commands;

/// <summary>Which deliveries of a recording the user wants to see.</summary>
internal sealed class TraceFilterFlags
{
    private readonly Option<string> _actor = new("--actor") { Description = "sent or received by it, e.g. cpu/3" };
    private readonly Option<string> _kind = new("--kind") { Description = "message kind by name, e.g. GetX" };
    private readonly Option<string> _address = new("--address") { Description = "first word of the message, in hex" };
    private readonly Option<long?> _from = new("--from") { Description = "first cycle" };
    private readonly Option<long?> _until = new("--until") { Description = "first cycle not wanted" };
    private readonly Option<int?> _limit = new("--limit") { Description = "at most so many" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _actor, _kind, _address, _from, _until, _limit })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The deliveries in the total order. Errors: UserError for a recording without any.</summary>
    public IEnumerable<RecordedDelivery> Apply(ParseResult parsed, TraceReader trace, IMessageNames names)
    {
        if (trace.Header.Level == RecordLevel.Order)
        {
            throw new UserError(
                "This recording has level order and holds no deliveries; record with --record-level messages or full.");
        }
        Address? actor = ActorOf(parsed.GetValue(_actor));
        ulong? address = WordOf(parsed.GetValue(_address));
        string? kind = parsed.GetValue(_kind);
        long from = parsed.GetValue(_from) ?? 0;
        long until = parsed.GetValue(_until) ?? long.MaxValue;
        return trace.Deliveries()
            .SkipWhile(delivery => delivery.Envelope.Arrival.Value < from)
            .TakeWhile(delivery => delivery.Envelope.Arrival.Value < until)
            .Where(delivery => actor is null
                || delivery.Envelope.Source == actor || delivery.Envelope.Target == actor)
            .Where(delivery => address is null || delivery.Envelope.Message.A == address)
            .Where(delivery => kind is null || names.NameOf(delivery.Envelope.Message.Kind) == kind)
            .Take(parsed.GetValue(_limit) ?? int.MaxValue);
    }

    private static Address? ActorOf(string? text) =>
        text is null ? null
        : Address.TryParse(text, out Address address) ? address
        : throw new UserError($"--actor {text}: an actor is written as a role and a number, e.g. cpu/3 or dir/0.");

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
