using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>An order to one CPU.</summary>
/// <param name="Cpu">Who acknowledges it.</param>
/// <param name="Kind">The message.</param>
/// <param name="Others">The CPUs it passes the order on to.</param>
internal readonly record struct Order(int Cpu, ShootdownMessageKind Kind, CpuSet Others);

/// <summary>Whom a protocol asks, by which message, in which order.</summary>
internal sealed class Dissemination
{
    private readonly ShootdownProtocol _protocol;
    private readonly CpuSet _machine;
    private readonly int _home;

    // The CPUs of each node; nodes by number, and by distance from the initiator, farthest first.
    private readonly CpuSet[] _cpusOf;
    private readonly int[] _byNumber;
    private readonly int[] _byDistance;

    /// <param name="protocol">Which.</param>
    /// <param name="fabric">Knows where all CPUs are.</param>
    /// <param name="home">The initiator's node.</param>
    /// <param name="machine">All CPUs of the machine.</param>
    public Dissemination(ShootdownProtocol protocol, Fabric fabric, int home, CpuSet machine)
    {
        _protocol = protocol;
        _machine = machine;
        _home = home;
        _cpusOf = new CpuSet[fabric.Homes.Nodes];
        foreach (int cpu in machine)
        {
            ref CpuSet cpus = ref _cpusOf[fabric.NodeOf(Address.Cpu(cpu))];
            cpus = cpus.With(cpu);
        }
        _byNumber = [.. Enumerable.Range(0, _cpusOf.Length)];
        // The sort is stable. The own node comes last also in a uniform machine.
        _byDistance = [.. _byNumber.OrderBy(node => node == home ? 1 : -fabric.Topology.Hops(home, node))];
    }

    /// <summary>One round at a time.</summary>
    public bool OneAtATime => _protocol == ShootdownProtocol.Batched;

    /// <summary>Requests that nobody waits for are recorded, not sent as interrupts.</summary>
    public bool PutsOff => _protocol == ShootdownProtocol.Lazy;

    /// <summary>The CPUs that have to do something before the request is complete.</summary>
    public CpuSet TargetsOf(in ShootdownRequest request) => _protocol switch
    {
        ShootdownProtocol.Broadcast => _machine,
        // Whoever uses the address space stops, or keeps count of its changes.
        ShootdownProtocol.Mach or ShootdownProtocol.Batched => request.Running,
        ShootdownProtocol.Targeted or ShootdownProtocol.Multicast or ShootdownProtocol.NumaMulticast
            or ShootdownProtocol.Lazy => request.Holders,
    };

    /// <summary>The orders of a round, in the order they are sent.</summary>
    public void AddOrders(CpuSet targets, bool putOff, List<Order> orders)
    {
        switch (_protocol)
        {
            case ShootdownProtocol.Multicast:
                AddTree(targets, _byNumber, orders);
                break;
            case ShootdownProtocol.NumaMulticast:
                AddTree(targets & _machine.Except(_cpusOf[_home]), _byDistance, orders);
                CpuSet near = targets & _cpusOf[_home];
                Mutants.Set(Mutant.RoundForgetsHomeNode, ref near, CpuSet.None);
                AddEach(near, ShootdownMessageKind.Remove, orders);
                break;
            case ShootdownProtocol.Mach:
                AddEach(targets, ShootdownMessageKind.Rendezvous, orders);
                break;
            case ShootdownProtocol.Batched:
                AddEach(targets, ShootdownMessageKind.Batch, orders);
                break;
            case ShootdownProtocol.Lazy when putOff:
                AddEach(targets, ShootdownMessageKind.Record, orders);
                break;
            case ShootdownProtocol.Targeted or ShootdownProtocol.Broadcast or ShootdownProtocol.Lazy:
                AddEach(targets, ShootdownMessageKind.Remove, orders);
                break;
        }
    }

    private static void AddEach(CpuSet targets, ShootdownMessageKind kind, List<Order> orders)
    {
        foreach (int cpu in targets)
        {
            orders.Add(new Order(cpu, kind, CpuSet.None));
        }
    }

    /// <summary>One order to each node, to its first CPU among the targets.</summary>
    private void AddTree(CpuSet targets, int[] nodes, List<Order> orders)
    {
        foreach (int node in nodes)
        {
            CpuSet there = targets & _cpusOf[node];
            if (!there.IsEmpty)
            {
                int first = there.First;
                CpuSet others = there.Without(first);
                ShootdownMessageKind kind =
                    others.IsEmpty ? ShootdownMessageKind.Remove : ShootdownMessageKind.Multicast;
                orders.Add(new Order(first, kind, others));
            }
        }
    }
}
