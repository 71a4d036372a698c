using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;

namespace Disco.Actors.Vmm.Tests.Devices;

/// <summary>A device call of a driver, and whom it goes to.</summary>
internal sealed record PlannedCall(int Vm, DeviceKind Kind, Address Device, ulong Block);

/// <summary>A CPU that makes one device call after the other, as guests on it would, and keeps the results.</summary>
internal sealed class CallerCpu(int cpu, int node, Fabric fabric) : Actor(Address.Cpu(cpu), node)
{
    private int _next;
    private long _sentAt;

    public List<PlannedCall> Plan { get; } = [];

    public List<long> Results { get; } = [];

    /// <summary>Cycles each call took.</summary>
    public List<long> Took { get; } = [];

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == (ushort)DeviceKind.CallDone)
        {
            DeviceCall done = DeviceCall.From(envelope.Message);
            Invariant.Holds(done.Request == (ulong)_next);
            Invariant.Holds(done.Cpu == cpu);
            Results.Add(done.Result);
            Took.Add(context.Now.Value - _sentAt);
        }
        if (_next < Plan.Count)
        {
            PlannedCall planned = Plan[_next++];
            _sentAt = context.Now.Value;
            DeviceCall call = new(planned.Kind, planned.Block, planned.Vm, 0, cpu, (ulong)_next);
            fabric.Send(context, Address, planned.Device, 0, call.Pack());
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("next", _next);
        writer.Write("sentAt", _sentAt);
        writer.Write("results", Results.Count);
        Results.ForEach(result => writer.Write("result", result));
        Took.ForEach(took => writer.Write("took", took));
    }

    public override void Load(StateReader reader)
    {
        _next = reader.ReadInt32("next");
        _sentAt = reader.ReadInt64("sentAt");
        int results = reader.ReadInt32("results");
        Results.Clear();
        Took.Clear();
        for (int i = 0; i < results; i++)
        {
            Results.Add(reader.ReadInt64("result"));
        }
        for (int i = 0; i < results; i++)
        {
            Took.Add(reader.ReadInt64("took"));
        }
    }
}
