namespace Disco.Actors.Machine.Interconnect;

/// <summary>What a cache's copy of a line is worth, the best last.</summary>
public enum CopyWorth : byte
{
    None,

    /// <summary>As good as memory.</summary>
    Shared,

    /// <summary>Evicted, and not yet at its home: newer than memory.</summary>
    Leaving,

    /// <summary>The only one.</summary>
    Owned,
}

/// <summary>Somebody who may hold newer bytes of a line than memory. For looking from outside, between two cycles.
/// </summary>
public unsafe interface ICopyHolder
{
    /// <summary>The agent's number.</summary>
    byte Agent { get; }

    /// <summary>The copy of a line here; <paramref name="bytes"/> is null when there is none.</summary>
    CopyWorth CopyOf(LineAddress line, out byte* bytes);
}
