using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Caches;

/// <summary>
/// Told whenever a pointer handed out by a <see cref="CoherentCache"/> is no longer good for what it was handed out
/// for, so that a CPU can clear the entries of its translation caches. Never told of what did not change.
/// </summary>
public unsafe interface ICopyListener
{
    /// <summary>The cache no longer holds the line; the bytes at <paramref name="host"/> are another's.</summary>
    void LineLost(LineAddress line, byte* host);

    /// <summary>The line may be read but no longer written.</summary>
    void LineDowngraded(LineAddress line, byte* host);

    /// <summary>A line left this frame of the first-level data cache; its next access costs a stall again.</summary>
    void DataLineDropped(MachineAddress address, int frame);

    /// <summary>A line in this frame of the first-level data cache may no longer be written.</summary>
    void DataLineDowngraded(MachineAddress address, int frame);

    /// <summary>A line left the first-level code cache.</summary>
    void CodeLineDropped(MachineAddress address, int bytes);
}

/// <summary>For agents that keep no pointers.</summary>
public sealed unsafe class NoListener : ICopyListener
{
    public static NoListener Instance { get; } = new();

    public void LineLost(LineAddress line, byte* host)
    {
    }

    public void LineDowngraded(LineAddress line, byte* host)
    {
    }

    public void DataLineDropped(MachineAddress address, int frame)
    {
    }

    public void DataLineDowngraded(MachineAddress address, int frame)
    {
    }

    public void CodeLineDropped(MachineAddress address, int bytes)
    {
    }
}
