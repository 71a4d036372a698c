namespace Disco.Actors.Machine.Directory;

/// <summary>The state of a line at its home. While busy, the home refuses every new request for the line.</summary>
public enum HomeState : byte
{
    /// <summary>No cache has a right to the line; memory is current.</summary>
    Unowned,

    /// <summary>Caches may have readable copies; memory is current.</summary>
    Shared,

    /// <summary>One cache owns the line; memory may be old.</summary>
    Exclusive,

    /// <summary>Sharers are being invalidated; then the requester gets the line, or only the right to write.</summary>
    BusyInvalidate,
    BusyUpgrade,

    /// <summary>A read, or a request to own, was forwarded to the owner.</summary>
    BusyForwardS,
    BusyForwardX,

    /// <summary>As above, and the owner's Put has crossed the forward: its WbAck is owed.</summary>
    BusyForwardSPut,
    BusyForwardXPut,

    /// <summary>The requester got the line from the owner and gave it back before the owner's answer came here; and
    /// the same when the former owner's WbAck is owed besides.</summary>
    BusyReturned,
    BusyReturnedPut,
}

public enum HomeEvent : byte
{
    GetS,

    /// <summary>A request for the line with ownership; an Upgrade of a cache that is no sharer counts as one.</summary>
    GetX,

    /// <summary>The same when no other cache is a sharer.</summary>
    GetXAlone,

    /// <summary>An Upgrade by a sharer.</summary>
    Upgrade,
    UpgradeAlone,

    /// <summary>A request of one agent while the line is promised to another.</summary>
    OutOfTurn,

    /// <summary>From the owner, or from the agent a request was forwarded to.</summary>
    PutClean,
    PutDirty,

    /// <summary>From the requester of a forwarded request: it has become the owner already.</summary>
    ReturnClean,
    ReturnDirty,
    InvalAck,
    LastInvalAck,
    SharingWriteback,
    SharingWritebackDirty,
    OwnershipTransfer,
}

/// <summary>What the home does in a step, besides entering the next state.</summary>
[Flags]
public enum HomeDo
{
    None = 0,

    /// <summary>Memory sends the line to the requester.</summary>
    ReadShared = 1 << 0,
    ReadExclusive = 1 << 1,

    /// <summary>The requester gets the right to write the copy it has.</summary>
    GrantUpgrade = 1 << 2,
    Nack = 1 << 3,

    /// <summary>Inval to every sharer but the requester; as many acknowledgements are awaited.</summary>
    Invalidate = 1 << 4,
    CountAck = 1 << 5,
    ForwardGetS = 1 << 6,
    ForwardGetX = 1 << 7,
    SaveRequester = 1 << 8,
    WriteMemory = 1 << 9,

    /// <summary>WbAck to the agent whose Put comes.</summary>
    AckPut = 1 << 10,

    /// <summary>WbAck to the former owner, whose Put came earlier.</summary>
    AckOwedPut = 1 << 16,
    AddSharer = 1 << 11,

    /// <summary>The requester becomes the owner; there are no sharers.</summary>
    SetOwner = 1 << 12,

    /// <summary>The sharers are the requester and the former owner, or the requester alone.</summary>
    ShareWithOwner = 1 << 13,
    ShareAlone = 1 << 14,
    DropOwner = 1 << 15,

    /// <summary>The pair cannot occur; a host bug if it does.</summary>
    Impossible = 1 << 30,
}

public readonly record struct HomeStep(HomeState Next, HomeDo Do);
