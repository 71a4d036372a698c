namespace Disco.Actors.Vmm.Memory;

/// <summary>Kinds of <see cref="Core.TraceEvent"/> that the owners of pages and frames report.</summary>
public static class MappingTrace
{
    /// <summary>A: vm in the high half, page. B: old state in the second byte, new state. C: frame plus 1.</summary>
    public const ushort PageState = 0x0501;

    /// <summary>A: vm in the high half, page. B: <see cref="TransactionKind"/>. C: the request's event.</summary>
    public const ushort TransactionEnd = 0x0502;

    /// <summary>A use of a frame began or ended. A: frame. B: owner. C: page.</summary>
    public const ushort UseBegan = 0x0503;
    public const ushort UseEnded = 0x0504;

    /// <summary>A page takes a step of its table. A: as above. B: the state. C: the event.</summary>
    public const ushort PageStep = 0x0506;

    /// <summary>All uses of an owner ended. A: node. B: owner.</summary>
    public const ushort AllUsesEnded = 0x0505;
}
