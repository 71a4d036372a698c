using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Memory;

/// <summary>A virtual machine when memory is short.</summary>
/// <param name="Used">Pages that have a frame.</param>
/// <param name="Weight">Its share against others.</param>
/// <param name="Gives">False for one that was asked several times and has given nothing.</param>
public readonly record struct VmUse(int Used, int Weight, bool Gives);

/// <summary>
/// Who is asked to give memory back when together the virtual machines were promised more than there is. An asking is
/// a wish: the guest knows best which of its pages it can do without; who gives none is refused only like everybody
/// else, when no frame is left.
/// </summary>
public static class Balloon
{
    /// <summary>
    /// How many pages each is asked for. What is in use is shared by weight; who has more than its share gives in
    /// proportion to what it has more, and if all that is not enough, everybody gives of the rest in proportion to it.
    /// Rounded up, so that each round asks for something. Those that never give are asked only when nobody else is
    /// left.
    /// </summary>
    /// <param name="vms">All, in order.</param>
    /// <param name="wanted">Pages, 0 or more.</param>
    public static int[] AsksOf(IReadOnlyList<VmUse> vms, long wanted)
    {
        Invariant.Holds(wanted >= 0);
        bool anybody = vms.Any(vm => vm is { Gives: true, Used: > 0 });
        VmUse[] asked = [.. vms.Select(vm => vm.Gives || !anybody ? vm : vm with { Used = 0, Weight = 0 })];
        long used = asked.Sum(vm => (long)vm.Used);
        long weights = asked.Sum(vm => (long)vm.Weight);
        long[] excess = [.. asked.Select(vm => Math.Max(0, vm.Used - (weights == 0 ? 0 : used * vm.Weight / weights)))];
        long tooMuch = excess.Sum();
        long fromExcess = Math.Min(wanted, tooMuch);
        long fromRest = Math.Min(wanted, used) - fromExcess;
        return
        [
            .. asked.Select((vm, i) => (int)Math.Min(
                vm.Used,
                PartOf(fromExcess, excess[i], tooMuch) + PartOf(fromRest, vm.Used - excess[i], used - tooMuch))),
        ];
    }

    // Rounded up.
    private static long PartOf(long wanted, long part, long whole) =>
        whole <= 0 || wanted <= 0 ? 0 : ((wanted * part) + whole - 1) / whole;
}
