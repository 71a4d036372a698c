namespace Disco.Actors.Machine.Interconnect;

/// <summary>
/// The kinds of trace events the memory system and its agents report; see <see cref="Core.TraceEvent"/>.
/// In all of them A is the line address, or the byte address of an access.
/// </summary>
public static class CoherenceTrace
{
    /// <summary>A cache enters a state. B: old state in bits 8-15, new state in bits 0-7. C: the agent.</summary>
    public const ushort CacheState = 0x0101;

    /// <summary>A home enters a state. B: as above. C: the owner, or the requester while busy.</summary>
    public const ushort HomeState = 0x0102;

    /// <summary>In C of a load: the line was granted for this access alone.</summary>
    public const ulong OnceBit = 1 << 8;

    /// <summary>
    /// In C of a CPU's access: where in the aligned doubleword that A names it begins, in bits 16 to 18.
    /// </summary>
    public const int OffsetShift = 16;

    /// <summary>A load was performed. B: the value. C: the agent, and perhaps <see cref="OnceBit"/>.</summary>
    public const ushort Load = 0x0103;

    /// <summary>A store was performed. B: the value. C: the agent.</summary>
    public const ushort Store = 0x0104;

    /// <summary>An access begins that has to wait for a line. C: the agent.</summary>
    public const ushort Miss = 0x0105;

    /// <summary>A home, or a cache, takes a step of its table. B: the state. C: the event.</summary>
    public const ushort HomeStep = 0x0106;
    public const ushort CacheStep = 0x0107;
}
