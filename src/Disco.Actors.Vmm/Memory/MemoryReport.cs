namespace Disco.Actors.Vmm.Memory;

/// <summary>
/// What memory is used for: V, the pages as the virtual machines see them, against M, the frames really used.
/// [Disco Figure 6]
/// </summary>
/// <param name="Vms">In the order of the machine's virtual machines.</param>
/// <param name="Classes">One row for each <see cref="PageClass"/>, in its order.</param>
/// <param name="ReplicaFrames">Frames with replicas; they are in no class.</param>
/// <param name="DeviceFrames">Frames that devices use, of those counted in the classes.</param>
/// <param name="FreeFrames">Frames nobody uses.</param>
/// <param name="Transactions">One row for each <see cref="TransactionKind"/>, in its order.</param>
/// <param name="CopiedBytes">By the page engines.</param>
/// <param name="ClearedBytes">By the page engines.</param>
public sealed record MemoryReport(
    IReadOnlyList<VmMemoryReport> Vms, IReadOnlyList<ClassReport> Classes, int ReplicaFrames, int DeviceFrames,
    int FreeFrames, IReadOnlyList<TransactionReport> Transactions, long CopiedBytes, long ClearedBytes)
{
    /// <summary>Pages with frames, of all virtual machines.</summary>
    public int VirtualPages => Vms.Sum(vm => vm.Pages);

    /// <summary>Frames in use, the monitor's own and replicas included.</summary>
    public int MachineFrames => Classes.Sum(row => row.MachineFrames) + ReplicaFrames;

    /// <summary>Pages of a virtual machine that no other uses, in the mean of those that have any.</summary>
    public double OwnPagesOfVm => Vms.Where(vm => vm.Pages > 0).Select(vm => (double)(vm.Pages - vm.SharedPages))
        .DefaultIfEmpty().Average();

    /// <summary>Frames the monitor has for a virtual machine, in the mean.</summary>
    public double MonitorPagesOfVm =>
        Vms.Count == 0 ? 0 : (double)Classes[(int)PageClass.Monitor].MachineFrames / Vms.Count;

    /// <summary>Counts; may be called between any two events of a run.</summary>
    public static MemoryReport Of(MonitorMemory memory)
    {
        int classes = Enum.GetValues<PageClass>().Length;
        int[] pages = new int[classes];
        int[] frames = new int[classes + 1];
        List<VmMemoryReport> vms = [];
        foreach (VmMonitor vm in memory.Vms)
        {
            VmMemoryReport report = vm.Report();
            vms.Add(report);
            for (int i = 0; i < classes; i++)
            {
                pages[i] += report.PagesByClass[i];
            }
        }
        foreach (MemMap memMap in memory.MemMaps)
        {
            int[] counts = memMap.CountByClass();
            for (int i = 0; i < counts.Length; i++)
            {
                frames[i] += counts[i];
            }
        }
        return new MemoryReport(
            vms,
            [.. Enum.GetValues<PageClass>().Select(row => new ClassReport(row, pages[(int)row], frames[(int)row]))],
            frames[classes],
            memory.MemMaps.Sum(memMap => memMap.CountDeviceFrames()),
            memory.MemMaps.Sum(memMap => memMap.FreeFrames),
            [.. Enum.GetValues<TransactionKind>().Select(kind => RowOf(kind, memory.Vms))],
            memory.MemMaps.Sum(memMap => memMap.CopiedBytes),
            memory.MemMaps.Sum(memMap => memMap.ClearedBytes));
    }

    private static TransactionReport RowOf(TransactionKind kind, IReadOnlyList<VmMonitor> vms)
    {
        long count = vms.Sum(vm => vm.Transactions.CountOf(kind));
        long cycles = vms.Sum(vm => vm.Transactions.CyclesOf(kind));
        long refused = vms.Sum(vm => vm.Transactions.RefusedOf(kind));
        return new TransactionReport(kind, count, count == 0 ? 0 : (double)cycles / count, refused);
    }
}

/// <summary>Memory as one virtual machine sees it.</summary>
/// <param name="Vm">Its number.</param>
/// <param name="Pages">Pages with a frame.</param>
/// <param name="PagesByClass">The same by <see cref="PageClass"/>.</param>
/// <param name="SharedPages">Of these, pages whose frame others may use too.</param>
/// <param name="Replicas">Further frames with replicas of its pages.</param>
/// <param name="Target">Pages it should use at most, as the balloon says.</param>
public sealed record VmMemoryReport(
    int Vm, int Pages, IReadOnlyList<int> PagesByClass, int SharedPages, int Replicas, int Target);

/// <summary>V and M of one class.</summary>
/// <param name="Class">The class.</param>
/// <param name="VirtualPages">Pages as the virtual machines see them.</param>
/// <param name="MachineFrames">Frames really used.</param>
public sealed record ClassReport(PageClass Class, int VirtualPages, int MachineFrames);

/// <summary>Transactions of one kind, of all virtual machines.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Count">That ended well.</param>
/// <param name="MeanCycles">From their beginning to their end; 0 when there was none.</param>
/// <param name="Refused">That found no frame.</param>
public sealed record TransactionReport(TransactionKind Kind, long Count, double MeanCycles, long Refused);
