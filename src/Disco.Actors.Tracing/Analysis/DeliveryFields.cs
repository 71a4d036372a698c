using System.Globalization;
using Disco.Actors.Core;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>What two deliveries have different, field by field.</summary>
public static class DeliveryFields
{
    /// <summary>Names and both values, as text.</summary>
    public static IReadOnlyList<(string Name, string First, string Second)> Different(
        in RecordedDelivery first, in RecordedDelivery second)
    {
        Envelope a = first.Envelope;
        Envelope b = second.Envelope;
        (string Name, string First, string Second)[] fields =
        [
            ("cycle", a.Arrival.ToString(), b.Arrival.ToString()),
            ("source", a.Source.ToString(), b.Source.ToString()),
            ("sequence", Number(a.Sequence), Number(b.Sequence)),
            ("target", a.Target.ToString(), b.Target.ToString()),
            ("lane", a.Message.Lane.ToString(), b.Message.Lane.ToString()),
            ("kind", Hex(a.Message.Kind), Hex(b.Message.Kind)),
            ("word a", Hex(a.Message.A), Hex(b.Message.A)),
            ("word b", Hex(a.Message.B), Hex(b.Message.B)),
            ("word c", Hex(a.Message.C), Hex(b.Message.C)),
            ("word d", Hex(a.Message.D), Hex(b.Message.D)),
            ("payload length", Number(a.Message.PayloadBytes), Number(b.Message.PayloadBytes)),
            ("payload", PayloadOf(first, second), PayloadOf(second, first)),
            ("first envelope sent", Number(first.FirstSent), Number(second.FirstSent)),
            ("envelopes sent", Number(first.NextSent - first.FirstSent), Number(second.NextSent - second.FirstSent)),
        ];
        return [.. fields.Where(field => field.First != field.Second)];
    }

    /// <summary>The hash, and the first byte that differs where both bytes are there.</summary>
    private static string PayloadOf(in RecordedDelivery delivery, in RecordedDelivery other)
    {
        string hash = delivery.PayloadHash.ToString("x16", CultureInfo.InvariantCulture);
        Envelope mine = delivery.Envelope;
        Envelope its = other.Envelope;
        ReadOnlySpan<byte> bytes = ((ReadOnlySpan<byte>)mine.Payload)[..mine.Message.PayloadBytes];
        int at = bytes.CommonPrefixLength(((ReadOnlySpan<byte>)its.Payload)[..its.Message.PayloadBytes]);
        return at < bytes.Length
            ? string.Create(CultureInfo.InvariantCulture, $"hash {hash}, byte {at} is 0x{bytes[at]:x2}")
            : $"hash {hash}";
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Hex(ulong word) => "0x" + word.ToString("x", CultureInfo.InvariantCulture);
}
