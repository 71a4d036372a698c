using Disco.Actors.Core;
using Disco.Actors.Verification.Exploration;
using Disco.Actors.Verification.Stress.Subjects;

namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>An actor of a run.</summary>
public sealed record DeliveredActor(string Address, int Node);

/// <summary>A message as it was delivered. Messages are numbered from 0 in the order they were sent.</summary>
public sealed record DeliveredMessage
{
    public required string Source { get; init; }
    public required string Target { get; init; }

    /// <summary>Of the message; twice in a run when the network brought it twice.</summary>
    public required long Number { get; init; }

    /// <summary>Its receiver sent the messages from the first up to, not including, the next.</summary>
    public required long FirstSent { get; init; }
    public required long NextSent { get; init; }

    public required Lane Lane { get; init; }
    public required ushort Kind { get; init; }
    public ulong A { get; init; }
    public ulong B { get; init; }
    public ulong C { get; init; }
    public uint D { get; init; }
    public byte[] Payload { get; init; } = [];
}

/// <summary>What a failing run delivered, to be written where other runs are recorded.</summary>
public sealed record DeliveredRun
{
    /// <summary>In order of address.</summary>
    public required IReadOnlyList<DeliveredActor> Actors { get; init; }

    /// <summary>In their order.</summary>
    public required IReadOnlyList<DeliveredMessage> Messages { get; init; }

    /// <summary>Steps that deliver nothing: what was refused or happened unasked, with the deliveries before it.
    /// </summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>Null when nothing broke.</summary>
    public string? Violation { get; init; }

    /// <summary>What had to happen did not.</summary>
    public bool IsStuck { get; init; }

    /// <summary>Hash of all actors and of the messages under way at the end.</summary>
    public ulong State { get; init; }

    /// <summary>Of a line of its caches.</summary>
    public int LineBytes { get; init; }

    /// <summary>Repeats a file's run.</summary>
    public static DeliveredRun Of(Repro repro)
    {
        Subject subject = SubjectFactory.Create(repro.Shape);
        StressNetwork network = subject.Network;
        List<DeliveredMessage> messages = [];
        List<string> others = [];
        bool isOpen = false;
        ReplayResult run = TraceText.Run(repro, subject, choice =>
        {
            Close();
            isOpen = choice.Kind is ChoiceKind.Deliver or ChoiceKind.Duplicate;
            if (isOpen)
            {
                messages.Add(MessageOf(network, choice.Value));
            }
            else
            {
                others.Add($"after {network.Delivered} deliveries: {StepText.Write(subject, choice)}");
            }
        });
        Close();
        return new DeliveredRun
        {
            Actors = [.. network.Actors.Select(actor => new DeliveredActor(actor.Address.ToString(), actor.Node))],
            Messages = messages,
            Others = others,
            Violation = run.Violation?.What,
            IsStuck = run.Violation?.IsLiveness ?? false,
            State = HashOf(subject),
            LineBytes = CoherenceGhosts.LineBytes,
        };

        void Close()
        {
            if (isOpen)
            {
                messages[^1] = messages[^1] with { NextSent = network.Sent };
            }
            isOpen = false;
        }
    }

    private static DeliveredMessage MessageOf(StressNetwork network, int channel)
    {
        ref readonly Envelope envelope = ref network.HeadOf(channel);
        ReadOnlySpan<byte> payload = envelope.Payload;
        Message message = envelope.Message;
        return new DeliveredMessage
        {
            Source = envelope.Source.ToString(),
            Target = envelope.Target.ToString(),
            Number = network.BirthOf(channel).Message,
            FirstSent = network.Sent,
            NextSent = network.Sent,
            Lane = message.Lane,
            Kind = message.Kind,
            A = message.A,
            B = message.B,
            C = message.C,
            D = message.D,
            Payload = payload[..message.PayloadBytes].ToArray(),
        };
    }

    private static ulong HashOf(Subject subject)
    {
        StatePacker packer = new();
        subject.Save(packer);
        StateHash hash = new();
        hash.Write("state", packer.Bytes);
        return hash.Value;
    }
}
