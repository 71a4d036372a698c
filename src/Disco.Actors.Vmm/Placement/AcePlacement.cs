using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Placement;

/// <summary>
/// Bolosky et al. 1989, for the ACE: a page that is only read is copied to whoever reads it, a page that is written
/// moves to its writer, and after a number of moves it is pinned where it is. There every reference to another's memory
/// asked; here it is asked when a node's misses reach the trigger.
/// </summary>
internal sealed class AcePlacement(PlacementConfig config) : IPagePlacement
{
    public long ResetCycles => config.ResetCycles;

    public uint SharingMisses => (uint)config.SharingMisses;

    public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses)
    {
        if (page.Moves >= config.MovesMax)
        {
            return PageMove.None;
        }
        if (page.Writes == 0)
        {
            return PageMove.Replicate;
        }
        return page.IsPrivate ? PageMove.Migrate : PageMove.None;
    }
}
