using System.Globalization;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Stress;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Container;
using Disco.Actors.Vmm.Boards;

namespace Disco.Actors.Cli.Commands;

/// <summary>The messages of a recording in the user's words.</summary>
internal sealed class RecordedMessages
{
    public static readonly IMessageNames Names = new DiscoMessageNames(new MachineMessageNames());

    private RecordedMessages(long clockHz, ulong lineBytes)
    {
        ClockHz = clockHz;
        LineBytes = lineBytes;
    }

    /// <summary>Cycles per second of the recorded machine.</summary>
    public long ClockHz { get; }

    /// <summary>The unit of coherence.</summary>
    public ulong LineBytes { get; }

    /// <summary>Every kind that has a name; families share some.</summary>
    public static ILookup<string, ushort> Kinds { get; } = KindsByName();

    /// <summary>Errors: UserError when the recorded configuration is none of this program.</summary>
    public static RecordedMessages Of(TraceHeader header)
    {
        Settings settings = Settings.Load(null, null, StressTrace.MachineSettings(header));
        return new RecordedMessages(
            settings.Whole("board.clock-hz", 1, long.MaxValue), (ulong)settings.Bytes("cache.l2.line"));
    }

    /// <summary>Errors: UserError for a recording without deliveries.</summary>
    public static IEnumerable<CausedDelivery> Deliveries(TraceReader trace) =>
        trace.Header.Level == RecordLevel.Order
            ? throw new UserError("This recording has level order and holds no deliveries; record with "
                + "--record-level messages or full.")
            : Causality.Of(trace.Deliveries());

    /// <summary>One line: cycle, sender, receiver, transaction, message.</summary>
    public static string Line(in CausedDelivery delivery)
    {
        Envelope at = delivery.Envelope;
        return string.Create(CultureInfo.InvariantCulture,
            $"{at.Arrival.Value,12} {at.Source,-10} -> {at.Target,-10} {delivery.Transaction,-12} "
            + $"{Names.Describe(at.Message)}");
    }

    /// <summary>True when the message is about a machine address: its line, or the register there.</summary>
    public bool IsAbout(in Message message, ulong address) => CoherenceMessage.IsOne(message)
        ? message.A == address - (address % LineBytes)
        : message.A == address;

    /// <summary>A cycle as the user writes it. Errors: UserError with the flag.</summary>
    /// <param name="flag">For the sentence.</param>
    /// <param name="text">A number of cycles, or a length of time since power-on such as 1.5 ms.</param>
    public long Cycle(string flag, string text)
    {
        decimal? cycles = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : Hocon.HoconUnits.Duration(text) * ClockHz / 1_000_000_000m;
        return cycles is >= 0 and <= long.MaxValue
            ? (long)Math.Round(cycles.Value)
            : throw new UserError($"{flag} {text}: write a number of cycles, or a time such as \"1.5 ms\".");
    }

    // A kind without a name is shown as a number.
    private static ILookup<string, ushort> KindsByName() => Enumerable.Range(0x100, 0xF00)
        .Select(kind => (Kind: (ushort)kind, Name: Names.NameOf((ushort)kind)))
        .Where(kind => char.IsAsciiLetterUpper(kind.Name[0]) && kind.Name != "None")
        .ToLookup(kind => kind.Name, kind => kind.Kind, StringComparer.OrdinalIgnoreCase);
}
