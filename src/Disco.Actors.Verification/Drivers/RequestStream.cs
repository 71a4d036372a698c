using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Drivers;

public enum RequestKind : byte
{
    Read,
    Write,

    /// <summary>The line is given up.</summary>
    Evict,
}

/// <summary>One thing an agent asked of the memory system.</summary>
/// <param name="Line">Which line.</param>
/// <param name="Kind">What for.</param>
/// <param name="IsDropped">The agent had given the line up before without telling anybody.</param>
/// <param name="Dependency">
/// -1, or the number of what this request waits for: another agent's request that takes the line away.
/// </param>
/// <param name="ThinkCycles">
/// From the end of the agent's request before, or of the wait for the dependency, to the beginning of this one.
/// </param>
public readonly record struct RecordedRequest(
    LineAddress Line, RequestKind Kind, bool IsDropped, int Dependency, long ThinkCycles);

/// <summary>After its request of this number an agent tells another that a dependency is over.</summary>
/// <param name="After">Number of the request in the stream of the agent that tells.</param>
/// <param name="Agent">Who is told.</param>
/// <param name="Dependency">Its number there.</param>
public readonly record struct RequestNotice(int After, int Agent, int Dependency);

/// <summary>What one agent asked of the memory system, in order. Not changed once it is driven.</summary>
public sealed class RequestStream
{
    public List<RecordedRequest> Requests { get; } = [];

    /// <summary>In order of <see cref="RequestNotice.After"/>.</summary>
    public List<RequestNotice> Notices { get; } = [];

    /// <summary>How many of the requests have a dependency; these are numbered from 0.</summary>
    public int Dependencies { get; set; }
}
