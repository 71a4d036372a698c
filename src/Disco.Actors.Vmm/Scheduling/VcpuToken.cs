using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>The right to run a vCPU: what a scheduler hands to a CPU. Of each started vCPU there is one.</summary>
public sealed class VcpuToken(int vm, int vcpu)
{
    public int Vm { get; } = vm;

    public int Vcpu { get; } = vcpu;

    public TokenState State { get; internal set; }

    /// <summary>The CPU that holds the registers: the one it runs on, or ran on last.</summary>
    public int Holder { get; internal set; }

    public int Weight { get; internal set; } = SchedulerConfig.DefaultWeight;

    /// <summary>Cycles run, divided by the weight: whose is least is next (stride scheduling).</summary>
    public long Pass { get; internal set; }

    /// <summary>The cycle at which it entered its state.</summary>
    public long Since { get; internal set; }

    /// <summary>Cycles it had a CPU, on all nodes.</summary>
    public long RanCycles { get; internal set; }

    /// <summary>Cycles it could run and had none.</summary>
    public long WaitedCycles { get; internal set; }

    public long Dispatches { get; internal set; }

    /// <summary>Orders vCPUs: by VM, then by number.</summary>
    internal static int KeyOf(int vm, int vcpu) => (vm << 8) | vcpu;

    internal int Key => KeyOf(Vm, Vcpu);

    /// <summary>What travels with it to another node; its pass relative to the queue it leaves.</summary>
    internal void WriteAccount(Span<byte> into, long queuePass)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into, Pass - queuePass);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], RanCycles);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], WaitedCycles);
        BinaryPrimitives.WriteInt64LittleEndian(into[24..], Dispatches);
    }

    internal void ReadAccount(ReadOnlySpan<byte> from, long queuePass)
    {
        Pass = BinaryPrimitives.ReadInt64LittleEndian(from) + queuePass;
        RanCycles = BinaryPrimitives.ReadInt64LittleEndian(from[8..]);
        WaitedCycles = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        Dispatches = BinaryPrimitives.ReadInt64LittleEndian(from[24..]);
    }

    internal void Save(StateWriter writer)
    {
        writer.Write("vm", Vm);
        writer.Write("vcpu", Vcpu);
        writer.Write("state", (ulong)State);
        writer.Write("holder", Holder);
        writer.Write("weight", Weight);
        writer.Write("pass", Pass);
        writer.Write("since", Since);
        writer.Write("stat.ranCycles", RanCycles);
        writer.Write("stat.waitedCycles", WaitedCycles);
        writer.Write("stat.dispatches", Dispatches);
    }

    internal static VcpuToken Read(StateReader reader) => new(reader.ReadInt32("vm"), reader.ReadInt32("vcpu"))
    {
        State = (TokenState)reader.ReadUInt64("state"),
        Holder = reader.ReadInt32("holder"),
        Weight = reader.ReadInt32("weight"),
        Pass = reader.ReadInt64("pass"),
        Since = reader.ReadInt64("since"),
        RanCycles = reader.ReadInt64("stat.ranCycles"),
        WaitedCycles = reader.ReadInt64("stat.waitedCycles"),
        Dispatches = reader.ReadInt64("stat.dispatches"),
    };
}
