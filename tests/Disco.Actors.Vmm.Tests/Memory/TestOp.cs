using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Tests.Memory;

internal enum TestOpKind : byte
{
    /// <summary>Nothing more to do.</summary>
    End,
    Read,
    Write,

    /// <summary>Reads as an instruction fetch does.</summary>
    Fetch,

    /// <summary>Leaves the vCPU that runs, if any, and enters another.</summary>
    Switch,
    Leave,
    FreePage,
    Remap,
    Query,
}

/// <summary>What a test's CPU does next.</summary>
internal readonly record struct TestOp(TestOpKind Kind, PhysicalPage Page = default, int Word = 0, ulong Value = 0)
{
    /// <summary>Not before this cycle.</summary>
    public long At { get; init; }

    /// <summary>Of a switch.</summary>
    public int Vm { get; init; }

    public int Vcpu { get; init; }

    /// <summary>Of a remap.</summary>
    public int SourceVm { get; init; }

    public PhysicalPage Source { get; init; }

    public static TestOp Enter(int vm, int vcpu, long at = 0) =>
        new(TestOpKind.Switch) { Vm = vm, Vcpu = vcpu, At = at };

    public static TestOp Read(uint page, int word = 0, long at = 0) =>
        new(TestOpKind.Read, new PhysicalPage(page), word) { At = at };

    public static TestOp Fetch(uint page, long at = 0) => new(TestOpKind.Fetch, new PhysicalPage(page)) { At = at };

    public static TestOp Write(uint page, ulong value, int word = 0, long at = 0) =>
        new(TestOpKind.Write, new PhysicalPage(page), word, value) { At = at };

    public static TestOp Free(uint page, long at = 0) =>
        new(TestOpKind.FreePage, new PhysicalPage(page)) { At = at };

    public static TestOp Remap(uint page, int sourceVm, uint source, long at = 0) =>
        new(TestOpKind.Remap, new PhysicalPage(page))
        {
            SourceVm = sourceVm,
            Source = new PhysicalPage(source),
            At = at,
        };
}

/// <summary>How an operation of a test's CPU ended.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Value">Read, or written.</param>
/// <param name="Refused">Why it could not be done.</param>
/// <param name="Frame">The frame accessed.</param>
/// <param name="Cycle">When it ended.</param>
/// <param name="Fills">Fills it took.</param>
internal readonly record struct TestResult(
    TestOp Op, ulong Value, Refusal Refused, Frame Frame, long Cycle, int Fills);
