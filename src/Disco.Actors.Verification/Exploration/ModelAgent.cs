using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Exploration;

/// <summary>A cache whose owner does what the explorer tells it: one access at a time, to the first byte of a line.
/// </summary>
internal sealed unsafe class ModelAgent : Actor
{
    private readonly bool _countsAccesses;

    /// <param name="index">Of the agent.</param>
    /// <param name="node">Where it lives.</param>
    /// <param name="config">Of its cache.</param>
    /// <param name="fabric">Of the model.</param>
    /// <param name="countsAccesses">Their number tells states apart.</param>
    public ModelAgent(int index, int node, CacheConfig config, Fabric fabric, bool countsAccesses)
        : base(new Address(Role.Driver, (ushort)index), node)
    {
        Cache = new CoherentCache(index, config, fabric);
        _countsAccesses = countsAccesses;
    }

    public CoherentCache Cache { get; }

    /// <summary>An access was begun and neither performed nor given up.</summary>
    public bool Busy { get; private set; }

    public MachineAddress Target { get; private set; }

    public bool IsStore { get; private set; }

    /// <summary>Accesses begun.</summary>
    public int Begun { get; private set; }

    public override void Receive(in Envelope envelope, Context context) => Cache.Receive(envelope, context);

    public void Begin(MachineAddress target, bool isStore)
    {
        Busy = true;
        Target = target;
        IsStore = isStore;
        Begun++;
    }

    /// <summary>Tries to perform the access; null when the line has to come first.</summary>
    public byte* TryAccess(Context context) =>
        Cache.Access(Target, IsStore ? AccessKind.Store : AccessKind.Load, context, out _);

    public void End(Context context)
    {
        Cache.AccessPerformed(context);
        Busy = false;
        Target = default;
        IsStore = false;
    }

    public override void Save(StateWriter writer)
    {
        Cache.Save(writer);
        writer.Write("busy", Busy);
        writer.Write("target", Target.Value);
        writer.Write("isStore", IsStore);
        writer.Write(_countsAccesses ? "begun" : "stat.begun", Begun);
    }

    public override void Load(StateReader reader)
    {
        Cache.Load(reader);
        Busy = reader.ReadBool("busy");
        Target = new MachineAddress(reader.ReadUInt64("target"));
        IsStore = reader.ReadBool("isStore");
        Begun = reader.ReadInt32(_countsAccesses ? "begun" : "stat.begun");
    }
}
