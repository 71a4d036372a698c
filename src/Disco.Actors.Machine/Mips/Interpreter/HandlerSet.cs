using System.Runtime.InteropServices;
using Disco.Actors.Machine.Mips.Isa;

namespace Disco.Actors.Machine.Mips.Interpreter;

/// <summary>The handlers for one kind of port and byte order, and the sizes they were compiled for.</summary>
internal sealed unsafe class HandlerSet
{
    private readonly nint[] _byOp = new nint[Enum.GetValues<Op>().Length];
    private readonly nint[] _nearByOp = new nint[Enum.GetValues<Op>().Length];

    public required bool Big { get; init; }

    public required int DataShift { get; init; }

    public required int DataEntries { get; init; }

    public required int CodeShift { get; init; }

    public required int FetchEntries { get; init; }

    /// <summary>Instructions of a granule.</summary>
    public int CodeWords => 1 << (CodeShift - 2);

    public required delegate*<Insn*, ulong*, MipsCore, long, long> DecodeMain { get; init; }

    public required delegate*<Insn*, ulong*, MipsCore, long, long> Cross { get; init; }

    public required delegate*<Insn*, ulong*, MipsCore, long, long> CrossSlot { get; init; }

    public required delegate*<Insn*, ulong*, MipsCore, long, long> EndNear { get; init; }

    public required delegate*<Insn*, ulong*, MipsCore, long, long> EndFar { get; init; }

    public delegate*<Insn*, ulong*, MipsCore, long, long> this[Op op]
    {
        get => (delegate*<Insn*, ulong*, MipsCore, long, long>)Entry(_byOp[(int)op]);
        set => _byOp[(int)op] = (nint)value;
    }

    /// <summary>A branch whose slot and target are in its own block, null when there is no such form.</summary>
    public delegate*<Insn*, ulong*, MipsCore, long, long> Near(Op op) =>
        (delegate*<Insn*, ulong*, MipsCore, long, long>)Entry(_nearByOp[(int)op]);

    public void SetNear(Op op, delegate*<Insn*, ulong*, MipsCore, long, long> handler) =>
        _nearByOp[(int)op] = (nint)handler;

    // A function pointer leads to a stub that jumps to the compiled method, once there is one. A record may as well
    // hold what the stub jumps to: on x64 'jmp [rip + displacement]', encoded FF 25.
    private static nint Entry(nint pointer)
    {
        const ushort jump = 0x25FF;
        const int jumpBytes = 6;
        if (pointer == 0 || RuntimeInformation.ProcessArchitecture != Architecture.X64 || *(ushort*)pointer != jump)
        {
            return pointer;
        }
        nint target = *(nint*)(pointer + jumpBytes + *(int*)(pointer + sizeof(ushort)));
        return target == pointer + jumpBytes ? pointer : target;
    }
}
