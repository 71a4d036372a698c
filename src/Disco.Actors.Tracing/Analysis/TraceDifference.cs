using Disco.Actors.Core;

namespace Disco.Actors.Tracing.Analysis;

/// <summary>The first place where two recordings are not the same.</summary>
/// <param name="Cycle">When.</param>
/// <param name="Actor">The receiver of the delivery; null when the difference is none of a delivery.</param>
/// <param name="Number">Of the delivery in the total order, from 0; -1 when it is none.</param>
/// <param name="What">One sentence.</param>
/// <param name="First">The delivery of the first recording there; null when it has none.</param>
/// <param name="Second">That of the second.</param>
public sealed record TraceDifference(
    Cycle Cycle, Address? Actor, long Number, string What, CausedDelivery? First, CausedDelivery? Second)
{
    /// <summary>The deliveries before, in the total order; both recordings have them.</summary>
    public IReadOnlyList<CausedDelivery> Before { get; init; } = [];

    /// <summary>Those among them, and some before, of the same actor.</summary>
    public IReadOnlyList<CausedDelivery> BeforeAtActor { get; init; } = [];

    /// <summary>What led to the delivery, the latest first.</summary>
    public IReadOnlyList<CausedDelivery> Causes { get; init; } = [];

    internal static TraceDifference OfMachine(string what) => new(Cycle.Zero, null, -1, what, null, null);

    internal static TraceDifference OfState(Cycle cycle, string what) => new(cycle, null, -1, what, null, null);
}

/// <summary>What two recordings were found to be.</summary>
/// <param name="Difference">The first; null when there is none.</param>
/// <param name="Deliveries">Compared one by one.</param>
/// <param name="Marks">State hashes compared.</param>
/// <param name="Remarks">Whatever the headers have different; it need not make the runs different.</param>
public sealed record TraceComparison(
    TraceDifference? Difference, long Deliveries, int Marks, IReadOnlyList<string> Remarks)
{
    public bool Equal => Difference is null;
}
