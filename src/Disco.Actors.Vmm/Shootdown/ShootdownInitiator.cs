using System.Buffers.Binary;
using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// The initiating side of a shootdown, part of a virtual machine's monitor. Its owner:
/// <list type="number">
/// <item>marks the pages so that no fill is answered from the old mapping, takes a new generation, and calls
/// <see cref="Begin"/>;</item>
/// <item>hands it every message of family 0x08 it receives (<see cref="Receive"/>);</item>
/// <item>after each of both takes the transactions that are complete (<see cref="TryTakeCompleted"/>): now no CPU uses
/// an older translation; the mapping may change and the frame be reused;</item>
/// <item>changes the mapping and calls <see cref="End"/>, always, and soon: CPUs may stand still until then. A copy of
/// the page need not be made before it.</item>
/// </list>
/// Several transactions may be open, also for one page.
/// </summary>
public sealed partial class ShootdownInitiator
{
    private readonly ShootdownConfig _config;
    private readonly Fabric _fabric;
    private readonly Address _address;
    private readonly Dissemination _dissemination;
    private readonly List<Order> _orders = [];
    private readonly Queue<ulong> _completed = [];

    // State: rounds in the order of their beginning.
    private readonly List<Round> _rounds = [];
    private uint _lastEpoch;
    private long _busyUntil;

    /// <param name="config">The protocol and its costs.</param>
    /// <param name="fabric">Knows the owner and all CPUs.</param>
    /// <param name="address">Of the owner.</param>
    /// <param name="machine">All CPUs of the machine.</param>
    public ShootdownInitiator(ShootdownConfig config, Fabric fabric, Address address, CpuSet machine)
    {
        config.Check();
        _config = config;
        _fabric = fabric;
        _address = address;
        _dissemination = new Dissemination(config.Protocol, fabric, fabric.NodeOf(address), machine);
    }

    public ShootdownStatistics Statistics { get; } = new();

    /// <summary>Transactions begun and not ended.</summary>
    public int Open
    {
        get
        {
            int open = 0;
            foreach (Round round in _rounds)
            {
                open += round.Requests.Count;
            }
            return open;
        }
    }

    /// <summary>Whom a transaction waits for; null when none does.</summary>
    public WaitsFor? WaitingFor
    {
        get
        {
            Round? round = _rounds.Find(round => !round.Missing.IsEmpty);
            return round is null
                ? null
                : new WaitsFor(Address.Cpu(round.Missing.First), $"acknowledgements of shootdown round {round.Epoch}");
        }
    }

    /// <summary>Begins a transaction; it may be complete at once.</summary>
    public void Begin(in ShootdownRequest request, Context context)
    {
        ulong transaction = request.Transaction;
        Trace(ShootdownTrace.Begun, request.What, transaction, context);
        Invariant.Holds(!_rounds.Exists(round => round.Requests.Exists(open => open.Transaction == transaction)));
        CpuSet targets = _dissemination.TargetsOf(request);
        ShootdownMutants.Forget(ref targets);
        Round? waiting = null;
        RoundEvent e = targets.IsEmpty ? RoundEvent.BeginAlone : RoundEvent.Begin;
        if (_dissemination.OneAtATime && _rounds.Exists(round => round.State != RoundState.Complete))
        {
            e = RoundEvent.BeginBehind;
            waiting = _rounds.Find(round => round.State == RoundState.Waiting);
        }
        Round round = waiting ?? Add();
        round.Targets |= targets;
        round.IsPutOff = _dissemination.PutsOff && !request.Urgent && CountPutOff() < _config.LazyRecords;
        Step(round, e, new RoundRequest(transaction, request.What, context.Now.Value), context);
    }

    /// <summary>Handles a message of family 0x08.</summary>
    public void Receive(in Envelope envelope, Context context)
    {
        ShootdownMessage message = ShootdownMessage.From(envelope.Message);
        Round? round = _rounds.Find(round => round.Epoch == message.Epoch && message.Epoch != 0);
        switch (message.Kind)
        {
            case ShootdownMessageKind.Ack:
                _busyUntil = Math.Max(_busyUntil, context.Now.Value) + _config.ReceiveCycles;
                Statistics.AcksReceived++;
                ReceiveAck(round, message, context);
                break;
            case ShootdownMessageKind.Handled:
                Step(round, RoundEvent.Handled, default, context);
                break;
            default:
                Invariant.Broken($"{_address} initiates shootdowns and does not understand {message}");
                break;
        }
    }

    /// <summary>A transaction that has become complete; false when there is no other.</summary>
    public bool TryTakeCompleted(out ulong transaction) => _completed.TryDequeue(out transaction);

    /// <summary>Tells that the mapping of a complete transaction has been changed.</summary>
    public void End(ulong transaction, Context context)
    {
        Round? round = _rounds.Find(round => round.Requests.Exists(request => request.Transaction == transaction));
        Invariant.Holds(round is not null);
        RoundRequest ended = round.Requests.Find(request => request.Transaction == transaction);
        Step(round, round.Requests.Count == 1 ? RoundEvent.LastEnd : RoundEvent.End, ended, context);
    }

    public void Save(StateWriter writer)
    {
        Invariant.Holds(_completed.Count == 0);
        writer.Write("rounds", (ulong)_rounds.Count);
        foreach (Round round in _rounds)
        {
            round.Save(writer);
        }
        writer.Write("lastEpoch", (ulong)_lastEpoch);
        writer.Write("busyUntil", _busyUntil);
        Statistics.Save(writer);
    }

    public void Load(StateReader reader)
    {
        _completed.Clear();
        _rounds.Clear();
        int rounds = reader.ReadInt32("rounds");
        for (int i = 0; i < rounds; i++)
        {
            _rounds.Add(Round.Load(reader));
        }
        _lastEpoch = (uint)reader.ReadUInt64("lastEpoch");
        _busyUntil = reader.ReadInt64("busyUntil");
        Statistics.Load(reader);
    }

    private int CountPutOff()
    {
        int count = 0;
        foreach (Round round in _rounds)
        {
            count += round.IsPutOff ? 1 : 0;
        }
        return count;
    }

    private Round Add()
    {
        Round round = new();
        _rounds.Add(round);
        return round;
    }

    private void ReceiveAck(Round? round, ShootdownMessage ack, Context context)
    {
        ShootdownMutants.Mistake(_rounds, ref round, ref ack);
        if (round is null || !round.Missing.Contains(ack.Cpu))
        {
            RoundStep step = RoundProtocol.Next(round?.State ?? RoundState.Free, RoundEvent.StrangeAck);
            Invariant.Holds(step.Do == RoundDo.IgnoreAck);
            RoundState state = round?.State ?? RoundState.Free;
            ShootdownTrace.Step(ShootdownTrace.RoundStep, (ulong)state, (ulong)RoundEvent.StrangeAck, context);
            Statistics.AcksIgnored++;
            return;
        }
        round.Missing = round.Missing.Without(ack.Cpu);
        round.Stopped = ack.Stopped ? round.Stopped.With(ack.Cpu) : round.Stopped;
        Step(round, round.Missing.IsEmpty ? RoundEvent.LastAck : RoundEvent.Ack, default, context);
    }

    /// <summary>The one place where a round changes its state.</summary>
    private void Step(Round? round, RoundEvent e, in RoundRequest request, Context context)
    {
        RoundState state = round?.State ?? RoundState.Free;
        RoundStep step = RoundProtocol.Next(state, e);
        ShootdownTrace.Step(ShootdownTrace.RoundStep, (ulong)state, (ulong)e, context);
        ShootdownMutants.Change(e, round, ref step);
        if (round is null || step.Do == RoundDo.Impossible)
        {
            Invariant.Broken($"{_address}: {e} in state {round?.State} of shootdown round {round?.Epoch}");
        }
        round.State = step.Next;
        if ((step.Do & RoundDo.AddRequest) != 0)
        {
            round.Requests.Add(request);
        }
        if ((step.Do & RoundDo.Ask) != 0)
        {
            Ask(round, context);
        }
        if ((step.Do & RoundDo.TakeIn) != 0)
        {
            TakeIn(round, context);
        }
        if ((step.Do & RoundDo.Complete) != 0)
        {
            Complete(round, context);
        }
        if ((step.Do & RoundDo.EndRequest) != 0)
        {
            round.Requests.Remove(request);
        }
        if ((step.Do & RoundDo.Release) != 0)
        {
            Release(round, request.What, context);
        }
        if ((step.Do & RoundDo.Forget) != 0)
        {
            _rounds.Remove(round);
        }
    }

    private void Ask(Round round, Context context)
    {
        round.Epoch = ++_lastEpoch;
        Statistics.Rounds++;
        _orders.Clear();
        _dissemination.AddOrders(round.Targets, round.IsPutOff, _orders);
        Invalidation what = WhatOf(round);
        Span<byte> payload = stackalloc byte[Payload.BytesMax];
        foreach (Order order in _orders)
        {
            round.Missing = round.Missing.With(order.Cpu);
            int bytes = WritePayload(order, round, what, payload);
            Send(order.Cpu, new ShootdownMessage(order.Kind, what, round.Epoch), payload[..bytes], context);
        }
        ShootdownMutants.Await(round, _orders);
    }

    /// <summary>What the orders say: the one request, or all of a batch as far as one message holds it.</summary>
    private Invalidation WhatOf(Round round)
    {
        Invalidation what = round.Requests[0].What;
        int pages = 0;
        foreach (RoundRequest request in round.Requests)
        {
            pages = Math.Min(pages + request.What.Pages.Count, PageRange.CountAll);
            what = what with { Generation = Math.Max(what.Generation, request.What.Generation) };
        }
        bool fits = round.Requests.Count <= ShootdownMessage.RangesMax && pages < _config.FlushPages;
        Mutants.Set(Mutant.BatchLosesOverrun, ref fits, true);
        return round.Requests.Count == 1 || fits
            ? what
            : what with { Pages = PageRange.All, Kind = InvalidationKind.Invalidate };
    }

    private static int WritePayload(in Order order, Round round, in Invalidation what, Span<byte> payload)
    {
        if (order.Kind == ShootdownMessageKind.Multicast)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(payload, order.Others.Bits);
            return sizeof(ulong);
        }
        if (order.Kind != ShootdownMessageKind.Batch || what.Pages.IsAll)
        {
            return 0;
        }
        int ranges = round.Requests.Count;
        Mutants.Set(Mutant.BatchLosesOverrun, ref ranges, 1);
        for (int i = 0; i < ranges; i++)
        {
            ulong range = ShootdownMessage.PackWhat(round.Requests[i].What);
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(i * sizeof(ulong))..], range);
        }
        return ranges * sizeof(ulong);
    }

    private void Send(int cpu, in ShootdownMessage message, ReadOnlySpan<byte> payload, Context context)
    {
        _busyUntil = Math.Max(_busyUntil, context.Now.Value) + _config.SendCycles;
        Statistics.MessagesSent++;
        long delayCycles = _busyUntil - context.Now.Value;
        _fabric.Send(context, _address, Address.Cpu(cpu), delayCycles, message.Pack(), payload);
    }

    private void TakeIn(Round round, Context context)
    {
        long cycles = _busyUntil - context.Now.Value;
        if (cycles > 0)
        {
            context.After(cycles, new ShootdownMessage(ShootdownMessageKind.Handled, default, round.Epoch).Pack());
        }
        else
        {
            Step(round, RoundEvent.Handled, default, context);
        }
    }

    private void Complete(Round round, Context context)
    {
        foreach (RoundRequest request in round.Requests)
        {
            Statistics.Count(round.Epoch == 0, context.Now.Value - request.BegunAt);
            _completed.Enqueue(request.Transaction);
            Trace(ShootdownTrace.Completed, request.What, request.Transaction, context);
        }
        Round? waiting = _rounds.Find(other => other.State == RoundState.Waiting);
        if (waiting is not null)
        {
            RoundEvent e = waiting.Targets.IsEmpty ? RoundEvent.StartAlone : RoundEvent.Start;
            Step(waiting, e, default, context);
        }
    }

    private void Release(Round round, in Invalidation what, Context context)
    {
        foreach (int cpu in round.Stopped)
        {
            ShootdownMessage message = new(ShootdownMessageKind.GoOn, what, round.Epoch);
            Send(cpu, message, [], context);
        }
    }

    private static void Trace(ushort kind, in Invalidation what, ulong transaction, Context context)
    {
        if (context.Tracing)
        {
            ulong packed = ShootdownMessage.PackWhat(what);
            context.Trace(new TraceEvent(kind, packed, what.Generation, transaction));
        }
    }
}
