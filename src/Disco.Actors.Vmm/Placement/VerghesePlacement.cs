using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Placement;

/// <summary>
/// The decision tree of Verghese et al. 1996, which Disco uses: is another node near the threshold too? No: migrate,
/// unless the page has migrated in this interval. Yes: replicate, unless it was written; written pages stay. Memory
/// being scarce is seen to by whoever has to give the frame.
/// </summary>
internal sealed class VerghesePlacement(PlacementConfig config) : IPagePlacement
{
    public long ResetCycles => config.ResetCycles;

    public uint SharingMisses => (uint)config.SharingMisses;

    public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses)
    {
        if (page.Moves >= config.MovesMax)
        {
            return PageMove.None;
        }
        // Frames that others use cannot migrate; they are read-only, so a copy serves as well.
        if (page.IsPrivate && !IsShared(page.HotNode, misses))
        {
            return page.MovesOfInterval < config.MigrateMoves ? PageMove.Migrate : PageMove.None;
        }
        return page.Writes < config.WriteMisses ? PageMove.Replicate : PageMove.None;
    }

    private bool IsShared(int hotNode, ReadOnlySpan<uint> misses)
    {
        for (int node = 0; node < misses.Length; node++)
        {
            if (node != hotNode && misses[node] >= config.SharingMisses)
            {
                return true;
            }
        }
        return false;
    }
}
