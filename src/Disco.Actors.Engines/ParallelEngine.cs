using System.Diagnostics;
using Disco.Actors.Core;

namespace Disco.Actors.Engines;

/// <summary>
/// The nodes spread over host threads, one partition each (<see cref="Worker"/>). A run is cut into slices, at whose
/// ends all threads meet; there, now and then, nodes change their partition to share the load evenly.
/// </summary>
public sealed class ParallelEngine : ExactEngine
{
    private const int SlicesPerSharing = 32;

    private readonly Worker[] _workers;
    private readonly Thread[] _threads;
    private readonly SliceBarrier _barrier;
    private int _slices;
    private ThreadPin? _pin;

    // Written by the caller's thread before a barrier, read by the others after it.
    private bool _ending;

    public ParallelEngine(World world, EngineOptions options)
        : base(world, options, options.Threads)
    {
        int count = Partitions.Length;
        _barrier = new SliceBarrier(count);
        _threads = new Thread[count];
        Bulletin[] bulletins = All(count, _ => new Bulletin(new Notice(0, count).Length));
        Channel?[][] channels = All(count, from => All(count, to => from == to ? null : new Channel(Timing)));
        Doorbell doorbell = new();
        _workers = All(count, i => new Worker(i, Partitions, bulletins, channels, doorbell));
    }

    /// <summary>True when <see cref="EngineOptions.PinThreads"/> can be granted on this host.</summary>
    public static bool CanPinThreads => ThreadPin.IsSupported;

    public override IReadOnlyList<ThreadTime> ThreadTimes =>
        _threads.Length == 1 ? base.ThreadTimes : [.. _workers.Select(worker => worker.TimeOf(RunTicks))];

    private protected override void Begin()
    {
        base.Begin();
        _ending = false;
        for (int i = 1; i < _threads.Length; i++)
        {
            int partition = i;
            _threads[i] = new Thread(() => Work(partition)) { IsBackground = true, Name = $"partition {i}" };
            _threads[i].Start();
        }
        _pin = Options.PinThreads ? ThreadPin.Pin(0) : null;
    }

    private protected override void End()
    {
        _pin?.Release();
        if (_threads.Length == 1)
        {
            return;
        }
        _ending = true;
        _barrier.SignalAndWait();
        for (int i = 1; i < _threads.Length; i++)
        {
            _threads[i].Join();
        }
    }

    private protected override void RunWindows(long limit)
    {
        if (_threads.Length == 1)
        {
            Partitions[0].Prepare(limit);
            Partitions[0].RunToEnd();
            return;
        }
        if (++_slices % SlicesPerSharing == 0)
        {
            ShareNodes();
        }
        foreach (Worker worker in _workers)
        {
            worker.Prepare(limit);
        }
        foreach (Worker worker in _workers)
        {
            worker.Meet();
        }
        _barrier.SignalAndWait();
        RunSlice(_workers[0]);
        foreach (Worker worker in _workers)
        {
            worker.Drain();
        }
    }

    private static T[] All<T>(int count, Func<int, T> make) => [.. Enumerable.Range(0, count).Select(make)];

    private void Work(int partition)
    {
        if (Options.PinThreads)
        {
            ThreadPin.Pin(partition);
        }
        while (true)
        {
            _barrier.SignalAndWait();
            if (_ending)
            {
                return;
            }
            RunSlice(_workers[partition]);
        }
    }

    private void RunSlice(Worker worker)
    {
        long start = Stopwatch.GetTimestamp();
        worker.Run();
        long done = Stopwatch.GetTimestamp();
        _barrier.SignalAndWait();
        worker.Account(done - start, Stopwatch.GetTimestamp() - done);
    }
}
