namespace Disco.Actors.Vmm.Shootdown;

/// <summary>The kinds of trace events about translations; see <see cref="Core.TraceEvent"/>.</summary>
public static class ShootdownTrace
{
    /// <summary>A transaction begins. A: vm, kind and pages as in a message. B: generation. C: transaction.</summary>
    public const ushort Begun = 0x0801;

    /// <summary>It is complete. The words as above.</summary>
    public const ushort Completed = 0x0802;

    /// <summary>A translation is used. A: vm in bits 63-32, page in 31-0. B: its generation. C: the CPU, and perhaps
    /// <see cref="WriteBit"/>.</summary>
    public const ushort Used = 0x0803;

    /// <summary>A step of a table: of a round, or of a CPU under one of the protocols. B: the state. C: the event.
    /// </summary>
    public const ushort RoundStep = 0x0804;
    public const ushort GatheringStep = 0x0805;
    public const ushort RendezvousStep = 0x0806;
    public const ushort LazyStep = 0x0807;
    public const ushort BatchStep = 0x0808;

    /// <summary>In C of a use: to write.</summary>
    public const ulong WriteBit = 1 << 8;

    /// <summary>What an event of the first two kinds is about.</summary>
    public static Invalidation WhatOf(in Core.TraceEvent traceEvent) =>
        ShootdownMessage.UnpackWhat(traceEvent.A, traceEvent.B);

    internal static void Step(ushort kind, ulong state, ulong e, Core.Context context)
    {
        if (context.Tracing)
        {
            context.Trace(new Core.TraceEvent(kind, 0, state, e));
        }
    }
}
