namespace Disco.Actors.Engines;

/// <summary>
/// Lets some threads wait for each other, many times a millisecond. Spins for a bounded time, which costs little while
/// every thread has a core; then gives the core away; then sleeps. How long to spin follows how often it helped,
/// because spinning against a thread that has lost its core only keeps it from coming back.
/// </summary>
internal sealed class WindowBarrier(int threads)
{
    private const int SpinsMin = 16;
    private const int SpinsMax = 2048;
    private const int Yields = 32;

    private readonly object _gate = new();
    private volatile int _phase;
    private int _arrived;
    private int _sleepers;
    private int _spins = SpinsMax;

    /// <summary>Returns when all threads have called; what they wrote before is visible after.</summary>
    public void SignalAndWait()
    {
        int phase = _phase;
        if (Interlocked.Increment(ref _arrived) == threads)
        {
            _arrived = 0;
            Interlocked.Increment(ref _phase);
            if (Volatile.Read(ref _sleepers) != 0)
            {
                Wake();
            }
            return;
        }
        if (!Spin(phase))
        {
            Sleep(phase);
        }
    }

    private bool Spin(int phase)
    {
        int spins = _spins;
        for (int i = 0; i < spins; i++)
        {
            if (_phase != phase)
            {
                _spins = Math.Min(spins + (spins / 4), SpinsMax);
                return true;
            }
            Thread.SpinWait(1);
        }
        _spins = Math.Max(spins / 2, SpinsMin);
        for (int i = 0; i < Yields; i++)
        {
            if (_phase != phase)
            {
                return true;
            }
            Thread.Yield();
        }
        return _phase != phase;
    }

    private void Sleep(int phase)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleepers);
            while (_phase == phase)
            {
                Monitor.Wait(_gate);
            }
            Interlocked.Decrement(ref _sleepers);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
