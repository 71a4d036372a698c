namespace Disco.Actors.Engines;

/// <summary>Where all threads meet, at the beginning and the end of a slice.</summary>
internal sealed class SliceBarrier(int threads)
{
    private readonly Doorbell _doorbell = new();
    private int _phase;
    private int _arrived;

    /// <summary>Returns when all threads have called; what they wrote before is visible after.</summary>
    public void SignalAndWait()
    {
        int phase = Volatile.Read(ref _phase);
        if (Interlocked.Increment(ref _arrived) == threads)
        {
            _arrived = 0;
            Volatile.Write(ref _phase, phase + 1);
            _doorbell.Ring();
        }
        else
        {
            _doorbell.Wait(() => Volatile.Read(ref _phase) != phase);
        }
    }
}
