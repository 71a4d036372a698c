namespace Disco.Actors.Vmm.Shootdown;

/// <summary>Neighbouring physical pages of one virtual machine.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Count">1 to <see cref="CountMax"/>; <see cref="CountAll"/> for all pages there are.</param>
public readonly record struct PageRange(PhysicalPage First, int Count)
{
    public const int CountAll = (1 << 23) - 1;
    public const int CountMax = CountAll - 1;

    /// <summary>Every page of the virtual machine.</summary>
    public static readonly PageRange All = new(default, CountAll);

    public bool IsAll => Count == CountAll;

    public static PageRange Of(PhysicalPage page) => new(page, 1);

    public bool Contains(PhysicalPage page) =>
        IsAll || (page.Number >= First.Number && page.Number - First.Number < (uint)Count);

    public override string ToString() => IsAll ? "all pages" : Count == 1 ? $"{First}" : $"{First}+{Count}";
}

/// <summary>What becomes of the translations.</summary>
public enum InvalidationKind : byte
{
    /// <summary>They are dropped.</summary>
    Invalidate,

    /// <summary>They lose the right to write.</summary>
    Downgrade,
}

/// <summary>What a CPU is told to do to the translations it has, in TLB, L2TLB and copies of pmap entries.</summary>
/// <param name="Vm">Of this virtual machine, 0 to 255; of all its vCPUs the CPU holds.</param>
/// <param name="Pages">Of these pages.</param>
/// <param name="Kind">Drop them, or take the right to write from them.</param>
/// <param name="Generation">
/// The virtual machine's mapping generation that the change begins: translations given out earlier are older. A fill
/// under way whose answer is older must be asked for again.
/// </param>
public readonly record struct Invalidation(int Vm, PageRange Pages, InvalidationKind Kind, ulong Generation)
{
    public override string ToString() => $"{Kind} {Pages} of vm/{Vm}, generation {Generation}";
}
