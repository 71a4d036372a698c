using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Tests.Memory;

/// <summary>Sends messages at given cycles and keeps the answers; unpins what it pinned after a while.</summary>
internal sealed class TestDevice : Actor
{
    private const ushort UnpinTime = 0x10F0;

    private readonly Fabric _fabric;
    private readonly long _pinCycles;
    private readonly (long At, Address To, Message Message)[] _script;
    private int _next;

    /// <param name="index">Of the device.</param>
    /// <param name="fabric">Places the device.</param>
    /// <param name="pinCycles">How long a page stays pinned.</param>
    /// <param name="script">In order of the cycles.</param>
    public TestDevice(int index, Fabric fabric, long pinCycles, params (long At, Address To, Message Message)[] script)
        : base(AddressOf(index), 0)
    {
        fabric.Place(Address, 0);
        _fabric = fabric;
        _pinCycles = pinCycles;
        _script = script;
        NextStep = script.Length > 0 ? new Cycle(script[0].At) : Cycle.Never;
    }

    public List<(long Cycle, Message Message)> Answers { get; } = [];

    public static Address AddressOf(int index) => new(Role.Disk, (ushort)index);

    public override void Run(Context context)
    {
        while (NextStep < context.Horizon)
        {
            context.AdvanceTo(Cycle.Max(NextStep, context.Now));
            (long _, Address to, Message message) = _script[_next++];
            // A directory's report names every node.
            int counts = message.Kind == (ushort)MappingKind.HotPage ? _fabric.Homes.Nodes : 0;
            _fabric.Send(context, Address, to, 0, message, new byte[counts * sizeof(uint)]);
            NextStep = _next < _script.Length ? new Cycle(_script[_next].At) : Cycle.Never;
        }
    }

    public override void Receive(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind == UnpinTime)
        {
            PinMessage unpin = PinMessage.Unpin(new PhysicalPage((uint)envelope.Message.B));
            _fabric.Send(context, Address, Address.FromPacked((uint)envelope.Message.A), 0, unpin.Pack());
            return;
        }
        Answers.Add((context.Now.Value, envelope.Message));
        if (envelope.Message.Kind == (ushort)MappingKind.DropReplicas)
        {
            ReplicaMessage drop = ReplicaMessage.From(envelope.Message);
            FrameUser user = new(FrameUser.FirstDevice, drop.Page);
            Address memMap = Fabric.SenderOf(envelope.Message);
            FrameUseMessage release = new(MappingKind.Release, drop.Frame, user);
            _fabric.Send(context, Address, memMap, 0, release.Pack());
            _fabric.Send(context, Address, memMap, 0, (drop with { Kind = MappingKind.ReplicasDropped }).Pack());
        }
        if (envelope.Message.Kind == (ushort)MappingKind.Pinned)
        {
            Address vm = Fabric.SenderOf(envelope.Message);
            context.After(_pinCycles, new Message { Kind = UnpinTime, A = vm.Packed, B = envelope.Message.A });
        }
    }

    public override void Save(StateWriter writer)
    {
        SaveStep(writer);
        writer.Write("next", _next);
    }

    public override void Load(StateReader reader)
    {
        LoadStep(reader);
        _next = reader.ReadInt32("next");
    }
}

/// <summary>One answer to every hot page.</summary>
internal sealed class FixedPlacement(PageMove move, uint sharingMisses = uint.MaxValue) : IPagePlacement
{
    public uint SharingMisses => sharingMisses;

    public PageMove Decide(in HotPageView page, ReadOnlySpan<uint> misses) => move;
}
