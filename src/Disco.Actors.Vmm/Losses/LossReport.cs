using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Losses;

/// <summary>What a machine lost, for reports.</summary>
/// <param name="At">Everything before had happened.</param>
/// <param name="Nodes">That are gone since then.</param>
/// <param name="Vms">Virtual machines that ended with them, in the order of their numbers.</param>
public sealed record LossReport(Cycle At, NodeSet Nodes, IReadOnlyList<LostMachine> Vms);

/// <summary>A virtual machine that used lost nodes.</summary>
/// <param name="Vm">Its number.</param>
/// <param name="Why">What it had there, in words.</param>
public readonly record struct LostMachine(int Vm, string Why);
