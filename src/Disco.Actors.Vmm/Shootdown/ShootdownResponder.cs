using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Losses;

namespace Disco.Actors.Vmm.Shootdown;

/// <summary>
/// The responding side of shootdowns, part of a CPU's monitor; serves all virtual machines. Its owner hands it every
/// message of family 0x08 (<see cref="Receive"/>) and calls <see cref="Drain"/> before a vCPU enters, before one
/// leaves, and before the CPU executes again after having been idle.
/// </summary>
public abstract class ShootdownResponder
{
    private protected ShootdownResponder(ShootdownConfig config, Fabric fabric, int cpu)
    {
        config.Check();
        Config = config;
        Fabric = fabric;
        Cpu = cpu;
    }

    /// <summary>The CPU stands still because a mapping is being changed.</summary>
    public virtual bool IsStopped => false;

    public ResponderStatistics Statistics { get; } = new();

    private protected ShootdownConfig Config { get; }

    private protected Fabric Fabric { get; }

    private protected int Cpu { get; }

    /// <summary>The responder that understands a configuration's protocol.</summary>
    /// <param name="config">The protocol and its costs; the same on every CPU and initiator of a machine.</param>
    /// <param name="fabric">Knows all CPUs and initiators.</param>
    /// <param name="cpu">The CPU's number.</param>
    public static ShootdownResponder Create(ShootdownConfig config, Fabric fabric, int cpu) => config.Protocol switch
    {
        ShootdownProtocol.Targeted or ShootdownProtocol.Broadcast => new DirectResponder(config, fabric, cpu),
        ShootdownProtocol.Mach => new RendezvousResponder(config, fabric, cpu),
        ShootdownProtocol.Multicast or ShootdownProtocol.NumaMulticast =>
            new GatheringResponder(config, fabric, cpu),
        ShootdownProtocol.Lazy => new LazyResponder(config, fabric, cpu),
        ShootdownProtocol.Batched => new BatchedResponder(config, fabric, cpu),
    };

    /// <summary>Handles a message of family 0x08.</summary>
    public abstract void Receive(in Envelope envelope, Context context, IResponderCpu cpu);

    /// <summary>Does what is recorded or queued and not done yet.</summary>
    public virtual void Drain(Context context, IResponderCpu cpu)
    {
    }

    /// <summary>Nothing is owed to virtual machines that are lost, and nothing comes from them.</summary>
    internal virtual void Lose(Loss loss)
    {
    }

    public void Save(StateWriter writer)
    {
        SaveState(writer);
        Statistics.Save(writer);
    }

    /// <summary>
    /// Reads what was saved, of the same protocol or of one whose responders have no state; then this one's is fresh.
    /// </summary>
    public void Load(StateReader reader)
    {
        if (FirstField is { } first && reader.IsNext(first))
        {
            LoadState(reader);
        }
        Statistics.Load(reader);
    }

    /// <summary>Of what the protocol saves; null when that is nothing.</summary>
    private protected virtual string? FirstField => null;

    private protected virtual void SaveState(StateWriter writer)
    {
    }

    private protected virtual void LoadState(StateReader reader)
    {
    }

    private protected long Occupy(long cycles, Context context, IResponderCpu cpu)
    {
        Statistics.WorkCycles += cycles;
        return cpu.Occupy(cycles, context.Now);
    }

    /// <summary>The interrupt and the reading of the message.</summary>
    private protected void TakeIn(Context context, IResponderCpu cpu)
    {
        Statistics.Interrupts++;
        Occupy(Config.InterruptCycles + Config.ReceiveCycles, context, cpu);
    }

    private protected void Remove(Invalidation what, Context context, IResponderCpu cpu)
    {
        bool removes = true;
        ShootdownMutants.Remove(ref what, ref removes);
        if (removes)
        {
            cpu.Remove(what);
        }
        Occupy(Config.CyclesFor(what.Pages), context, cpu);
    }

    /// <summary>Sends a message once the CPU has come to it; never sooner than over the bus (Lookahead).</summary>
    private protected void Send(
        Address to, in ShootdownMessage message, Context context, IResponderCpu cpu,
        ReadOnlySpan<byte> payload = default)
    {
        Statistics.MessagesSent++;
        long delayCycles = Math.Max(Occupy(Config.SendCycles, context, cpu), Fabric.Config.BusCycles);
        Fabric.Send(context, Address.Cpu(Cpu), to, delayCycles, message.Pack(), payload);
    }

    private protected void Acknowledge(
        Address to, in ShootdownMessage order, Context context, IResponderCpu cpu, bool stopped = false)
    {
        ShootdownMessage ack = order with { Kind = ShootdownMessageKind.Ack, Cpu = (byte)Cpu, Stopped = stopped };
        Send(to, ack, context, cpu);
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    private protected void Refuse(in ShootdownMessage message) =>
        Invariant.Broken($"cpu/{Cpu}: a {Config.Protocol} responder does not understand {message}");
}
