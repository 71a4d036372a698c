namespace Disco.Actors.Engines;

/// <summary>
/// Lets a thread wait for something others tell by writing to memory. Spins for a bounded time, which costs little
/// while every thread has a core; then gives the core away; then sleeps until somebody rings. How long to spin follows
/// how often it helped, because spinning against a thread that has lost its core only keeps it from coming back.
/// </summary>
internal sealed class Doorbell
{
    private const int SpinsMin = 64;
    private const int SpinsMax = 4096;
    private const int Yields = 32;

    private readonly object _gate = new();
    private int _sleepers;
    private int _spins = SpinsMax;

    /// <summary>After a write that others may wait for.</summary>
    public void Ring()
    {
        if (Volatile.Read(ref _sleepers) != 0)
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Returns when the condition, which reads what others write, is true.</summary>
    public void Wait(Func<bool> condition)
    {
        if (!Spin(condition))
        {
            Sleep(condition);
        }
    }

    private bool Spin(Func<bool> condition)
    {
        int spins = Volatile.Read(ref _spins);
        for (int i = 0; i < spins; i++)
        {
            if (condition())
            {
                int more = Math.Min(spins + (spins / 4), SpinsMax);
                if (more != spins)
                {
                    // Rarely: who rings reads the same cache line.
                    Volatile.Write(ref _spins, more);
                }
                return true;
            }
            Thread.SpinWait(1);
        }
        Volatile.Write(ref _spins, Math.Max(spins / 2, SpinsMin));
        for (int i = 0; i < Yields; i++)
        {
            if (condition())
            {
                return true;
            }
            Thread.Yield();
        }
        return condition();
    }

    private void Sleep(Func<bool> condition)
    {
        lock (_gate)
        {
            Volatile.Write(ref _sleepers, _sleepers + 1);
            // Whoever writes from now on sees the sleeper, or has written already: no cost for those who ring.
            Interlocked.MemoryBarrierProcessWide();
            while (!condition())
            {
                Monitor.Wait(_gate);
            }
            Volatile.Write(ref _sleepers, _sleepers - 1);
        }
    }
}
