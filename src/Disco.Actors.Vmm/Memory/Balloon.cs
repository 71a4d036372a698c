using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// How many pages each virtual machine should use when together they were promised more than there is. A target is a
/// wish: guests ask for it and give pages back; who exceeds it is refused only when no frame is left.
/// </summary>
public static class Balloon
{
    /// <summary>Everybody the same part of what was promised, rounded down; all of it when there is enough.</summary>
    /// <param name="pages">Promised to each virtual machine.</param>
    /// <param name="frames">There are for all of them, 0 or more.</param>
    public static int[] TargetsOf(IReadOnlyList<int> pages, long frames)
    {
        Invariant.Holds(frames >= 0);
        long promised = pages.Sum(count => (long)count);
        return [.. pages.Select(count => frames >= promised ? count : (int)(count * frames / promised))];
    }
}
