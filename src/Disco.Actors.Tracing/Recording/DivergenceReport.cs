using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Container;

namespace Disco.Actors.Tracing.Recording;

/// <summary>A field of an actor's state that is not as recorded.</summary>
/// <param name="Actor">Whose.</param>
/// <param name="Field">Its name, with its number among those of the same name where there are several.</param>
/// <param name="Recorded">Its first bytes in hex, the lowest first.</param>
/// <param name="Found">The same in the repeated run.</param>
public sealed record FieldDifference(Address Actor, string Field, string Recorded, string Found);

/// <summary>What is known about a divergence beyond its place.</summary>
/// <param name="Predecessors">Deliveries that led to it, the last first; none in a recording of level order.</param>
/// <param name="Actors">Whose states differ at <see cref="ActorsAt"/>; none where the recording does not say.</param>
/// <param name="ActorsAt">The first mark after the divergence.</param>
/// <param name="Fields">What differs at <see cref="FieldsAt"/>, the first few.</param>
/// <param name="FieldsAt">The first snapshot in the recording after the divergence; null when there is none.</param>
public sealed record DivergenceReport(
    IReadOnlyList<RecordedDelivery> Predecessors,
    IReadOnlyList<Address> Actors, Cycle ActorsAt,
    IReadOnlyList<FieldDifference> Fields, Cycle? FieldsAt)
{
    private const int PredecessorsMax = 20;
    private const int FieldsMax = 20;
    private const int BytesShown = 16;

    // How far back the recording is searched for predecessors.
    private const long BackCycles = 400_000;

    /// <summary>Runs the engine on to where the recording says more. Errors: TraceException for damage.</summary>
    internal static DivergenceReport Of(TraceReader trace, Engine engine, Divergence divergence)
    {
        IReadOnlyList<RecordedDelivery> predecessors = trace.Header.Level == RecordLevel.Order
            ? [] : PredecessorsOf(trace, divergence);
        (IReadOnlyList<Address> actors, Cycle actorsAt) = ActorsAfter(trace, engine);
        (IReadOnlyList<FieldDifference> fields, Cycle? fieldsAt) = FieldsAfter(trace, engine, divergence.Actor);
        return new DivergenceReport(predecessors, actors, actorsAt, fields, fieldsAt);
    }

    /// <summary>
    /// The last delivery to the same actor, and the one that made its sender send; then the same of these.
    /// </summary>
    private static List<RecordedDelivery> PredecessorsOf(TraceReader trace, Divergence divergence)
    {
        Dictionary<Address, List<RecordedDelivery>> byTarget = [];
        Cycle from = Cycle.Max(Cycle.Zero, divergence.Cycle - BackCycles);
        foreach (int node in trace.Header.Actors.Select(actor => actor.Node).Distinct())
        {
            foreach (RecordedDelivery delivery in trace.Deliveries(node, from))
            {
                if (delivery.Envelope.Arrival > divergence.Cycle)
                {
                    break;
                }
                Address target = delivery.Envelope.Target;
                byTarget.TryAdd(target, []);
                byTarget[target].Add(delivery);
            }
        }
        PriorityQueue<RecordedDelivery, Envelope> frontier = new(
            Comparer<Envelope>.Create((left, right) => Envelope.Compare(in right, in left)));
        HashSet<(Address, long)> seen = [];
        if ((divergence.Expected ?? divergence.Found) is { } start)
        {
            AddParents(start);
        }
        List<RecordedDelivery> predecessors = [];
        while (predecessors.Count < PredecessorsMax && frontier.TryDequeue(out RecordedDelivery next, out _))
        {
            predecessors.Add(next);
            AddParents(next);
        }
        return predecessors;

        void AddParents(in RecordedDelivery of)
        {
            Envelope at = of.Envelope;
            Add(at.Target, delivery => Envelope.Compare(delivery.Envelope, at) < 0);

            // It was sent while this one was handled, or by the actor itself after it.
            Add(at.Source, delivery => delivery.FirstSent <= at.Sequence && delivery.Envelope.Arrival < at.Arrival);
        }

        void Add(Address target, Predicate<RecordedDelivery> isBefore)
        {
            List<RecordedDelivery> deliveries = byTarget.GetValueOrDefault(target, []);
            int last = deliveries.FindLastIndex(isBefore);
            if (last >= 0 && seen.Add((deliveries[last].Envelope.Source, deliveries[last].Envelope.Sequence)))
            {
                frontier.Enqueue(deliveries[last], deliveries[last].Envelope);
            }
        }
    }

    private static (IReadOnlyList<Address> Actors, Cycle At) ActorsAfter(TraceReader trace, Engine engine)
    {
        foreach (BlockPlace place in trace.Blocks.Where(block => block.Type == BlockType.Mark))
        {
            ByteCursor cursor = new(trace.Read(place));
            Cycle cycle = TraceMark.Read(ref cursor).Cycle;
            ulong[] recorded = ActorHashes.Read(ref cursor, engine.World.Actors.Length);
            if (cycle < engine.Now || recorded.Length == 0 || !RunTo(trace, engine, cycle))
            {
                continue;
            }
            ulong[] found = ActorHashes.Of(engine.World);
            return ([.. engine.World.Actors.Where((_, i) => recorded[i] != found[i]).Select(actor => actor.Address)],
                cycle);
        }
        return ([], Cycle.Zero);
    }

    private static (IReadOnlyList<FieldDifference> Fields, Cycle? At) FieldsAfter(
        TraceReader trace, Engine engine, Address? first)
    {
        foreach (BlockPlace place in trace.Blocks.Where(block => block.Type == BlockType.Snapshot))
        {
            Cycle cycle = StoredSnapshot.Place(trace.ReadStart(place)).Cycle;
            if (cycle >= engine.Now && RunTo(trace, engine, cycle))
            {
                Snapshot found = new();
                engine.Save(found);
                Snapshot recorded = StoredSnapshot.FromBlock(trace.Read(place)).State;
                return ([.. Differences(recorded, found, first).Take(FieldsMax)], cycle);
            }
        }
        return ([], null);
    }

    /// <summary>The fields that differ, the named actor's first, the engine's own (envelopes under way) last.</summary>
    internal static IEnumerable<FieldDifference> Differences(Snapshot recorded, Snapshot found, Address? first)
    {
        foreach (Address actor in recorded.Parts.Select(part => part.Actor)
            .OrderBy(actor => actor == first ? 0 : actor.Role == Role.Outside ? 2 : 1))
        {
            Dictionary<string, int> numbers = [];
            using IEnumerator<(string Name, ReadOnlyMemory<byte> Bytes)> now = found.FieldsOf(actor).GetEnumerator();
            foreach ((string name, ReadOnlyMemory<byte> was) in recorded.FieldsOf(actor))
            {
                int number = numbers[name] = numbers.GetValueOrDefault(name, -1) + 1;
                if (!now.MoveNext() || now.Current.Name != name)
                {
                    yield return new FieldDifference(actor, name, "(another list of fields from here on)", "");
                    break;
                }
                ReadOnlyMemory<byte> present = now.Current.Bytes;
                if (!was.Span.SequenceEqual(present.Span))
                {
                    string label = number == 0 ? name : $"{name}[{number}]";
                    int at = was.Span.CommonPrefixLength(present.Span);
                    label += was.Length > sizeof(ulong) ? $" from byte {at}" : "";
                    at = was.Length > sizeof(ulong) ? at : 0;
                    yield return new FieldDifference(actor, label, Hex(was.Span[at..]), Hex(present.Span[at..]));
                }
            }
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == sizeof(ulong))
        {
            return $"0x{System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes):x}";
        }
        return Convert.ToHexStringLower(bytes[..Math.Min(BytesShown, bytes.Length)])
            + (bytes.Length > BytesShown ? ".." : "");
    }

    private static bool RunTo(TraceReader trace, Engine engine, Cycle cycle)
    {
        foreach (OutsideInput input in trace.OutsideInputs())
        {
            if (input.Posted >= engine.Now && input.Posted < cycle)
            {
                engine.Run(input.Posted);
                engine.Post(input.Outside, input.Target, input.Message, input.Arrival);
            }
        }
        return engine.Now == cycle || engine.Run(cycle).Outcome == Outcome.ReachedLimit;
    }
}
