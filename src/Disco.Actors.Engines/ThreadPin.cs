using System.Runtime.InteropServices;

namespace Disco.Actors.Engines;

/// <summary>Keeps host threads on one core each. On Linux only; elsewhere nothing happens.</summary>
internal sealed class ThreadPin
{
    // As many cores as a cpu_set_t of the C library has bits: 1024.
    private const int MaskWords = 16;

    private readonly ulong[]? _before;

    private ThreadPin(ulong[]? before) => _before = before;

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Puts the calling thread on one of the cores it may use, taken in turn by number.</summary>
    public static ThreadPin Pin(int number)
    {
        ulong[] allowed = new ulong[MaskWords];
        if (!IsSupported || GetAffinity(0, MaskWords * sizeof(ulong), allowed) <= 0)
        {
            return new ThreadPin(null);
        }
        int[] cores = [.. Enumerable.Range(0, MaskWords * 64).Where(core => (allowed[core / 64] >> core & 1) != 0)];
        int chosen = cores[number % cores.Length];
        ulong[] mask = new ulong[MaskWords];
        mask[chosen / 64] = 1UL << chosen;
        return new ThreadPin(SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0 ? allowed : null);
    }

    /// <summary>On the same thread: lets it run where it could before.</summary>
    public void Release()
    {
        if (_before is not null)
        {
            _ = SetAffinity(0, MaskWords * sizeof(ulong), _before);
        }
    }

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetAffinity(int thread, nint bytes, [Out] ulong[] mask);

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAffinity(int thread, nint bytes, [In] ulong[] mask);
}
