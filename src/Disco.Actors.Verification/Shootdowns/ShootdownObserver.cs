using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Verification.Shootdowns;

/// <summary>
/// Watches translations: none older than a complete shootdown is used, every shootdown begun becomes complete, every
/// order is acknowledged once, every CPU that stopped is released.
/// </summary>
public sealed class ShootdownObserver : IObserver
{
    // Shootdowns that are complete, newest generations of each kind by vm and page; those of whole machines apart.
    private readonly Dictionary<(int Vm, uint Page), (ulong Read, ulong Write)> _floors = [];
    private readonly Dictionary<int, (ulong Read, ulong Write)> _floorsOfAll = [];
    private readonly HashSet<(Address Vm, ulong Transaction)> _open = [];

    /// <summary>Uses of translations seen.</summary>
    public long Uses { get; private set; }

    public long Completed { get; private set; }

    /// <summary>Orders that CPUs received, and acknowledgements that came back.</summary>
    public long Orders { get; private set; }

    public long Acks { get; private set; }

    /// <summary>Acknowledgements of CPUs that stopped, and releases that reached them.</summary>
    public long Stops { get; private set; }

    public long Releases { get; private set; }

    public void Delivered(in Envelope envelope, Actor actor)
    {
        if (!ShootdownMessage.IsOne(envelope.Message) || Fabric.TargetOf(envelope.Message) != actor.Address)
        {
            return;
        }
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        switch (message.Kind)
        {
            case ShootdownMessageKind.Ack:
                Acks++;
                Stops += message.Stopped ? 1 : 0;
                break;
            case ShootdownMessageKind.GoOn:
                Releases++;
                break;
            case ShootdownMessageKind.Handled or ShootdownMessageKind.Tick:
                break;
            default:
                Orders++;
                break;
        }
    }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
        switch (traceEvent.Kind)
        {
            case ShootdownTrace.Begun:
                Expect(_open.Add((actor.Address, traceEvent.C)), $"{actor.Address}: {traceEvent.C} begins twice");
                break;
            case ShootdownTrace.Completed:
                Complete(actor.Address, ShootdownTrace.WhatOf(traceEvent), traceEvent.C);
                break;
            case ShootdownTrace.Used:
                Uses++;
                CheckUse(cycle, traceEvent);
                break;
        }
    }

    /// <summary>What must hold when nothing is under way any more.</summary>
    public void CheckRest()
    {
        Expect(_open.Count == 0, $"{_open.Count} shootdowns never ended");
        Expect(Orders == Acks, $"{Orders} orders, {Acks} acknowledgements");
        Expect(Stops == Releases, $"{Stops} stops, {Releases} releases");
    }

    private void Complete(Address vm, in Invalidation what, ulong transaction)
    {
        Expect(_open.Remove((vm, transaction)), $"{vm}: {transaction} is complete and was not open");
        Completed++;
        if (what.Pages.IsAll)
        {
            _floorsOfAll[what.Vm] = Raise(_floorsOfAll.GetValueOrDefault(what.Vm), what);
            return;
        }
        for (uint i = 0; i < what.Pages.Count; i++)
        {
            (int, uint) key = (what.Vm, what.Pages.First.Number + i);
            _floors[key] = Raise(_floors.GetValueOrDefault(key), what);
        }
    }

    private static (ulong Read, ulong Write) Raise((ulong Read, ulong Write) floor, in Invalidation what) => (
        what.Kind == InvalidationKind.Invalidate ? Math.Max(floor.Read, what.Generation) : floor.Read,
        Math.Max(floor.Write, what.Generation));

    private void CheckUse(Cycle cycle, in TraceEvent use)
    {
        int vm = (int)(use.A >> 32);
        PhysicalPage page = new((uint)use.A);
        (ulong read, ulong write) = _floors.GetValueOrDefault((vm, page.Number));
        (ulong readAll, ulong writeAll) = _floorsOfAll.GetValueOrDefault(vm);
        bool writes = (use.C & ShootdownTrace.WriteBit) != 0;
        ulong oldest = writes ? Math.Max(write, writeAll) : Math.Max(read, readAll);
        Expect(
            use.B >= oldest,
            $"cpu/{(byte)use.C} {(writes ? "writes" : "reads")} {page} of vm/{vm} at {cycle} by a translation of "
            + $"generation {use.B}; the shootdown of generation {oldest} is complete");
    }

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            Invariant.Broken(what);
        }
    }
}
