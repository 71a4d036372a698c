namespace Disco.Actors.Machine.Caches;

/// <summary>
/// The state of a line in one cache. Stable states are MESI's; a transient is named for what it comes from and waits
/// for: IS is I on its way to S.
/// </summary>
public enum CacheState : byte
{
    I,
    S,
    E,
    M,

    /// <summary>GetS sent.</summary>
    IS,

    /// <summary>GetS sent, then an Inval overtook the answer: what comes may be old and serves one access.</summary>
    ISI,

    /// <summary>GetX sent, or Upgrade sent and the copy lost since.</summary>
    IM,

    /// <summary>Upgrade sent; the copy is still readable.</summary>
    SM,

    /// <summary>As IS, IM and SM, but refused: pausing before the retry.</summary>
    ISPause,
    IMPause,
    SMPause,

    /// <summary>Granted to a pending access that has not been performed: the line stays until then.</summary>
    SPending,
    EPending,
    MPending,

    /// <summary>Granted for the pending access alone; no longer, or never, a coherent copy.</summary>
    Once,

    /// <summary>Evicted clean or dirty, PutClean or PutDirty sent: the bytes wait in the writeback buffer.</summary>
    EI,
    MI,

    /// <summary>Evicted, and the bytes already given to another; waits only for the WbAck.</summary>
    II,
}

public enum CacheEvent : byte
{
    Load,
    Store,
    Evict,
    DataShared,
    DataExclusive,
    DataModified,
    UpgradeAck,
    Nack,
    Retry,
    Inval,
    FwdGetS,
    FwdGetX,
    WbAck,

    /// <summary>The pending access has been performed (or given up by its owner).</summary>
    Performed,
}

/// <summary>What the cache does in a step, besides entering the next state.</summary>
[Flags]
public enum CacheDo
{
    None = 0,

    /// <summary>The access may be performed now.</summary>
    Hit = 1 << 0,
    SendGetS = 1 << 1,
    SendGetX = 1 << 2,
    SendUpgrade = 1 << 3,

    /// <summary>Move the bytes to the writeback buffer and tell the home; with the bytes when dirty.</summary>
    SendPutClean = 1 << 4,
    SendPutDirty = 1 << 5,
    InstallLine = 1 << 6,
    SendInvalAck = 1 << 7,

    /// <summary>The line to the requester of the forwarded request.</summary>
    SendDataShared = 1 << 8,
    SendDataExclusive = 1 << 9,
    SendDataModified = 1 << 10,

    /// <summary>The end of a forwarded request to the home.</summary>
    SendSharingWriteback = 1 << 11,
    SendSharingWritebackDirty = 1 << 12,
    SendOwnershipTransfer = 1 << 13,
    StartPause = 1 << 14,

    /// <summary>Keep the forwarded request until the pending access has been performed.</summary>
    DeferForward = 1 << 15,

    /// <summary>The access waits until the line's writeback is acknowledged.</summary>
    WaitForWriteback = 1 << 16,

    /// <summary>Tell the listener that the copy is gone, or lost its right to be written.</summary>
    LineLost = 1 << 17,
    LineDowngraded = 1 << 18,
    FreeWriteback = 1 << 19,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct CacheStep(CacheState Next, CacheDo Do);
