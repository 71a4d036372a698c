using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>Mistakes in shootdowns; see <see cref="Mutants"/>.</summary>
internal static class ShootdownMutants
{
    [Conditional(Mutants.Constant)]
    public static void Change(RoundEvent e, Round? round, ref RoundStep step)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.RoundCompletesAtFirstAck && e == RoundEvent.Ack && round is not null)
        {
            round.Missing = CpuSet.None;
            step = RoundProtocol.Next(RoundState.Collecting, RoundEvent.LastAck);
        }
        else if (Mutants.Active == Mutant.RoundForgetsRelease && e == RoundEvent.LastEnd)
        {
            step = step with { Do = step.Do & ~RoundDo.Release };
        }
#endif
    }

    /// <summary>Whose acknowledgement it is taken for.</summary>
    [Conditional(Mutants.Constant)]
    public static void Mistake(List<Round> rounds, ref Round? round, ref ShootdownMessage ack)
    {
#if DISCO_MUTANTS
        byte cpu = ack.Cpu;
        if (Mutants.Active == Mutant.RoundCountsAcksOfOthers && (round is null || !round.Missing.Contains(cpu)))
        {
            round = rounds.Find(other => other.State == RoundState.Collecting && other.Missing.Contains(cpu)) ?? round;
        }
        else if (Mutants.Active == Mutant.RoundIgnoresWhoAcks && round is not null && !round.Missing.IsEmpty)
        {
            ack = ack with { Cpu = (byte)round.Missing.First };
        }
#endif
    }

    [Conditional(Mutants.Constant)]
    public static void Forget(ref CpuSet targets)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.RoundForgetsLastTarget && targets.Count > 1)
        {
            targets = targets.Without(63 - System.Numerics.BitOperations.LeadingZeroCount(targets.Bits));
        }
#endif
    }

    /// <summary>Whose acknowledgement is awaited.</summary>
    [Conditional(Mutants.Constant)]
    public static void Await(Round round, List<Order> orders)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.RoundAwaitsOneAckLess && orders.Count > 1)
        {
            round.Missing = round.Missing.Without(orders[^1].Cpu);
        }
#endif
    }

    [Conditional(Mutants.Constant)]
    public static void Remove(ref Invalidation what, ref bool removes)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.RemovalSkipsDowngrades)
        {
            removes = what.Kind == InvalidationKind.Invalidate;
        }
        else if (Mutants.Active == Mutant.RemovalTakesFirstPage && !what.Pages.IsAll)
        {
            what = what with { Pages = PageRange.Of(what.Pages.First) };
        }
#endif
    }

    [Conditional(Mutants.Constant)]
    public static void Change(GatheringEvent e, ref GatheringStep step)
    {
#if DISCO_MUTANTS
        step = (Mutants.Active, e) switch
        {
            (Mutant.GathererAcksEarly, GatheringEvent.Multicast) =>
                step with { Do = step.Do | GatheringDo.Acknowledge },
            (Mutant.GathererKeepsItsOwn, GatheringEvent.Multicast) =>
                step with { Do = GatheringDo.PassOn },
            _ => step,
        };
#endif
    }

    [Conditional(Mutants.Constant)]
    public static void Change(RendezvousEvent e, ref RendezvousStep step)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.RendezvousSkipsIdle && e == RendezvousEvent.RendezvousIdle)
        {
            step = step with { Do = step.Do & ~RendezvousDo.Queue };
        }
#endif
    }

    [Conditional(Mutants.Constant)]
    public static void Change(BatchState state, BatchEvent e, ref BatchDo step)
    {
#if DISCO_MUTANTS
        if (Mutants.Active == Mutant.BatchRemovesRangesBehind
            && state == BatchState.Behind && e == BatchEvent.Ranges)
        {
            step = BatchDo.RemoveRanges;
        }
#endif
    }
}
