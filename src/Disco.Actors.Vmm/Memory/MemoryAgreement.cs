using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// At rest the pmaps and the memmaps say the same: every page's frames have the page among their users, exactly once
/// each, nobody else uses a frame that is not shared, and no use is left over. For observers and tests.
/// </summary>
public static class MemoryAgreement
{
    /// <param name="memory">Of the machine.</param>
    /// <param name="lost">Nodes that are lost; nothing there is looked at.</param>
    /// <returns>Null, or the first contradiction in words.</returns>
    public static string? Check(MonitorMemory memory, NodeSet lost = default)
    {
        Dictionary<(ushort Owner, uint Page, Frame Frame), int> uses = [];
        foreach (VmMonitor vm in memory.Vms.Where(vm => !lost.Contains(vm.Node)))
        {
            if (!vm.IsAtRest)
            {
                return $"{vm.Address} is not at rest";
            }
            for (uint page = 0; page < (uint)vm.Pages; page++)
            {
                if (CheckPage(memory, vm, new PhysicalPage(page), uses) is { } broken)
                {
                    return broken;
                }
            }
        }
        foreach (MemMap memMap in memory.MemMaps.Where(memMap => !lost.Contains(memMap.Node)))
        {
            if (CheckUsers(memMap, uses) is { } broken)
            {
                return broken;
            }
        }
        return uses.Count == 0 ? null : $"{uses.Keys.First()} is in a pmap and in no memmap";
    }

    private static string? CheckPage(
        MonitorMemory memory, VmMonitor vm, PhysicalPage page, Dictionary<(ushort, uint, Frame), int> uses)
    {
        PageView view = vm.ViewOf(page);
        if (view.State > PageState.Replicated)
        {
            return $"{vm.Address} {page} is {view.State} at rest";
        }
        if (view.Frame.Exists != (view.State != PageState.Empty))
        {
            return $"{vm.Address} {page} is {view.State} with {view.Frame}";
        }
        if (!view.Frame.Exists)
        {
            return null;
        }
        foreach (Frame frame in (IEnumerable<Frame>)[view.Frame, .. view.Replicas])
        {
            uses[((ushort)vm.Vm, page.Number, frame)] = 1;
            int users = memory.MemMapOf(frame).UsersOf(frame).Count;
            bool mayShare = view.IsShared && frame == view.Frame;
            if (users != 1 && !mayShare)
            {
                return $"{vm.Address} {page}: {frame} has {users} users";
            }
        }
        return null;
    }

    private static string? CheckUsers(MemMap memMap, Dictionary<(ushort, uint, Frame), int> uses)
    {
        foreach (Frame frame in memMap.FramesInUse())
        {
            foreach (FrameUser user in memMap.UsersOf(frame))
            {
                if (user.IsVm && !uses.Remove((user.Owner, user.Page.Number, frame)))
                {
                    return $"{memMap.Address} says {user} uses {frame}; its pmap does not, or not twice";
                }
            }
        }
        return null;
    }
}
