using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The nodes spread over host threads, one partition each. In a window every thread runs its partition alone, as far
/// as the others' earliest events allow; at its end a barrier, where envelopes and clocks are exchanged.
/// </summary>
/// <remarks>
/// Window k of each thread: publish the own earliest events and those just sent to others; barrier; fetch what others
/// sent in window k-1; from all that was published work out the limits; run, sending into the outboxes of window k.
/// One barrier a window is enough because everything shared exists twice, for odd and even windows. All threads read
/// the same published values, so all leave at the same window.
/// </remarks>
public sealed class ParallelEngine : Engine
{
    private readonly Bulletin[][] _bulletins;
    private readonly Outbox[][][] _outboxes;
    private readonly WindowBarrier _barrier;
    private readonly Thread[] _workers;
    private readonly int _threads;

    // Written by the caller's thread before a barrier, read by the workers after it.
    private long _limit;
    private bool _ending;

    public ParallelEngine(World world, EngineOptions options)
        : base(world, options, options.Threads)
    {
        _threads = Partitions.Length;
        _barrier = new WindowBarrier(_threads);
        _workers = new Thread[_threads];
        _bulletins = new Bulletin[2][];
        _outboxes = new Outbox[2][][];
        for (int parity = 0; parity < 2; parity++)
        {
            _bulletins[parity] = Array(() => new Bulletin());
            _outboxes[parity] = Array(() => Array(() => new Outbox()));
        }
    }

    private protected override void Begin()
    {
        _ending = false;
        for (int i = 1; i < _threads; i++)
        {
            int partition = i;
            _workers[i] = new Thread(() => Work(partition)) { IsBackground = true, Name = $"partition {i}" };
            _workers[i].Start();
        }
    }

    private protected override void End()
    {
        if (_threads == 1)
        {
            return;
        }
        _ending = true;
        _barrier.SignalAndWait();
        for (int i = 1; i < _threads; i++)
        {
            _workers[i].Join();
        }
    }

    private protected override void RunWindows(long limit)
    {
        if (_threads == 1)
        {
            Partitions[0].RunWindow(limit, limit);
            return;
        }
        _limit = limit;
        _barrier.SignalAndWait();
        Exchange(0);
        _barrier.SignalAndWait();
    }

    private void Work(int partition)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_ending)
            {
                return;
            }
            Exchange(partition);
            _barrier.SignalAndWait();
        }
    }

    /// <summary>Window after window until the limit; nothing is left in an outbox afterwards.</summary>
    private void Exchange(int self)
    {
        Partition partition = Partitions[self];
        partition.NextCarried = Timing.Never;
        for (int window = 0; ; window ^= 1)
        {
            Bulletin[] bulletins = _bulletins[window];
            bulletins[self].Publish(partition);
            _barrier.SignalAndWait();
            Outbox[][] arriving = _outboxes[window ^ 1];
            for (int other = 0; other < _threads; other++)
            {
                partition.Fetch(arriving[other][self]);
            }
            if (!FindLimits(bulletins, self, out long deliveryLimit, out long runLimit, out StopRequest stop))
            {
                return;
            }
            partition.Stop = stop;
            partition.Outboxes = _outboxes[window][self];
            partition.NextCarried = Timing.Never;
            partition.RunWindow(deliveryLimit, runLimit);
        }
    }

    /// <summary>The limits of one partition in the window; false when all are through or one has failed.</summary>
    private bool FindLimits(
        Bulletin[] bulletins, int self, out long deliveryLimit, out long runLimit, out StopRequest stop)
    {
        long first = Timing.Never;
        long othersEnvelope = Timing.Never;
        long othersStep = Timing.Never;
        bool failed = false;
        stop = StopRequest.None;
        for (int i = 0; i < bulletins.Length; i++)
        {
            Bulletin bulletin = bulletins[i];
            stop = StopRequest.First(stop, bulletin.Stop);
            failed |= bulletin.Failed;
            // What is on its way may be going anywhere, so it counts for everybody.
            othersEnvelope = Math.Min(othersEnvelope, bulletin.NextCarried);
            first = Math.Min(first, Math.Min(bulletin.NextEnvelope, bulletin.NextStep));
            if (i != self)
            {
                othersEnvelope = Math.Min(othersEnvelope, bulletin.NextEnvelope);
                othersStep = Math.Min(othersStep, bulletin.NextStep);
            }
        }
        first = Math.Min(first, othersEnvelope);
        long limit = Math.Min(_limit, stop.At);
        deliveryLimit = Math.Min(limit, Timing.Crossing(Math.Min(othersEnvelope, othersStep)));
        runLimit = Math.Min(limit, Timing.Crossing(othersEnvelope));
        runLimit = Math.Min(runLimit, Timing.RemoteReach(othersStep));
        return first < limit && !failed;
    }

    private T[] Array<T>(Func<T> make) => [.. Enumerable.Range(0, _threads).Select(_ => make())];
}
