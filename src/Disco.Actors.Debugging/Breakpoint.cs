using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Debugging;

/// <summary>Where a run is to be looked at. None of them changes the guest or the run.</summary>
public abstract record Breakpoint
{
    /// <summary>From 1, for the user.</summary>
    public int Number { get; init; }

    public sealed override string ToString() => $"{Number}  {What}";

    protected abstract string What { get; }
}

/// <summary>Before the instruction at a virtual address executes, in any thread.</summary>
public sealed record CodeBreakpoint(ulong Address) : Breakpoint
{
    protected override string What => $"pc 0x{Address:x16}";
}

/// <summary>
/// Before an instruction accesses a range of memory. Accesses are known by where they begin: one that begins in the
/// doubleword of the range below its first byte counts.
/// </summary>
/// <param name="Address">Of the first byte: virtual for a thread, else in the machine.</param>
/// <param name="Bytes">How many.</param>
/// <param name="OnLoad">Reading counts.</param>
/// <param name="OnStore">Writing counts.</param>
/// <param name="Thread">Whose translation is meant, as it is when the run goes on; null for a machine address.</param>
public sealed record DataBreakpoint(ulong Address, int Bytes, bool OnLoad, bool OnStore, DebugThread? Thread)
    : Breakpoint
{
    protected override string What =>
        $"{(OnLoad ? OnStore ? "access" : "load" : "store")} {(Thread is null ? "machine " : "")}0x{Address:x16}"
        + $" {Bytes} bytes" + (Thread is null ? "" : $" of {Thread.Name}");

    /// <summary>Where the range begins in the machine now; null when it is not in memory.</summary>
    public MachineAddress? Place() =>
        Thread is null ? new MachineAddress(Address)
        : Thread.TryTranslate(Address, out MachineAddress machine) ? machine : null;
}

/// <summary>After a message has been delivered.</summary>
/// <param name="Actor">To whom; null for anybody.</param>
/// <param name="Kind">The kind's name; null for any.</param>
public sealed record MessageBreakpoint(Address? Actor, string? Kind) : Breakpoint
{
    protected override string What => $"message {Kind ?? "of any kind"} to {Actor?.ToString() ?? "anybody"}";

    public bool IsMet(in Envelope envelope, IMessageNames names) =>
        (Actor is null || Actor == envelope.Target)
        && (Kind is null || Kind.Equals(names.NameOf(envelope.Message.Kind), StringComparison.OrdinalIgnoreCase));
}
