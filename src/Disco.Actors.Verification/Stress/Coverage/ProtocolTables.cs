using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Directory;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Stress;

/// <summary>A protocol's table as coverage sees it.</summary>
/// <param name="Role">Who takes its steps.</param>
/// <param name="Kind">Of the trace event that reports one.</param>
/// <param name="Subject">Where it is attacked.</param>
/// <param name="States">Names, by number.</param>
/// <param name="Events">Names, by number.</param>
/// <param name="IsPossible">False for the pairs that the table says cannot occur.</param>
public sealed record ProtocolTable(
    string Role, ushort Kind, SubjectKind Subject, string[] States, string[] Events, Func<int, int, bool> IsPossible)
{
    public string NameOf(int state, int e) => $"{Role} {States[state]} {Events[e]}";
}

/// <summary>Every table of the shipping protocols under stress.</summary>
public static class ProtocolTables
{
    public static readonly IReadOnlyList<ProtocolTable> All =
    [
        Table<HomeState, HomeEvent>(
            "home", CoherenceTrace.HomeStep, SubjectKind.Coherence,
            (state, e) => (HomeProtocol.Next(state, e).Do & HomeDo.Impossible) == 0),
        Table<CacheState, CacheEvent>(
            "cache", CoherenceTrace.CacheStep, SubjectKind.Coherence,
            (state, e) => (CacheProtocol.Next(state, e).Do & CacheDo.Impossible) == 0),
        Table<RoundState, RoundEvent>(
            "round", ShootdownTrace.RoundStep, SubjectKind.Shootdown,
            (state, e) => (RoundProtocol.Next(state, e).Do & RoundDo.Impossible) == 0),
        Table<GatheringState, GatheringEvent>(
            "gathering", ShootdownTrace.GatheringStep, SubjectKind.Shootdown,
            (state, e) => (GatheringProtocol.Next(state, e).Do & GatheringDo.Impossible) == 0),
        Table<RendezvousState, RendezvousEvent>(
            "rendezvous", ShootdownTrace.RendezvousStep, SubjectKind.Shootdown,
            (state, e) => (RendezvousProtocol.Next(state, e).Do & RendezvousDo.Impossible) == 0),
        Table<LazyState, LazyEvent>(
            "lazy", ShootdownTrace.LazyStep, SubjectKind.Shootdown,
            (state, e) => (LazyProtocol.Next(state, e).Do & LazyDo.Impossible) == 0),
        Table<BatchState, BatchEvent>(
            "batch", ShootdownTrace.BatchStep, SubjectKind.Shootdown, (_, _) => true),
        Table<PageState, PageEvent>(
            "page", MappingTrace.PageStep, SubjectKind.Placement,
            (state, e) => (PageProtocol.Next(state, e).Do & PageDo.Impossible) == 0),
    ];

    private static ProtocolTable Table<TState, TEvent>(
        string role, ushort kind, SubjectKind subject, Func<TState, TEvent, bool> isPossible)
        where TState : struct, Enum
        where TEvent : struct, Enum
    {
        TState[] states = Enum.GetValues<TState>();
        TEvent[] events = Enum.GetValues<TEvent>();
        return new ProtocolTable(
            role, kind, subject, Enum.GetNames<TState>(), Enum.GetNames<TEvent>(),
            (state, e) => isPossible(states[state], events[e]));
    }
}
