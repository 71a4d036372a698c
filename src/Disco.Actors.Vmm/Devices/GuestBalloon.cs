using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Devices.Virtio;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The balloon of a virtual machine: pages that the guest gives, and those it reports to be free, lose their frames.
/// The guest hears of it only when all have, so that it cannot lose what it writes there next.
/// </summary>
/// <param name="address">device/k.</param>
/// <param name="node">Its node.</param>
/// <param name="wiring">Its connections; its virtual machine's monitor is told of the pages.</param>
/// <param name="dma">Its way to its queues.</param>
/// <param name="pages">Of the virtual machine.</param>
internal sealed class GuestBalloon(Address address, int node, DeviceWiring wiring, DmaPort dma, uint pages)
    : BalloonDevice(address, node, wiring, dma)
{
    private const int AtOnce = 16;

    // State: pages of the request that are to lose their frames, and how many are under way.
    private readonly Queue<uint> _rest = new();
    private int _underWay;
    private bool _reset;

    protected override void Unused(IReadOnlyList<uint> unused, Context context)
    {
        foreach (uint page in unused.Where(page => page < pages))
        {
            _rest.Enqueue(page);
        }
        if (_rest.Count + _underWay > 0)
        {
            Defer();
            SendSome(context);
        }
    }

    protected override bool ReceiveMessage(in Envelope envelope, Context context)
    {
        if (envelope.Message.Kind != (ushort)MappingKind.Freed)
        {
            return base.ReceiveMessage(envelope, context);
        }
        FreePageMessage freed = FreePageMessage.From(envelope.Message);
        _underWay--;
        if (freed.Reason == Refusal.Retry && !_reset)
        {
            _rest.Enqueue(freed.Page.Number);
        }
        SendSome(context);
        if (_rest.Count + _underWay == 0)
        {
            bool wasReset = _reset;
            _reset = false;
            if (!wasReset)
            {
                Resume(context);
            }
        }
        return true;
    }

    protected override void ResetRequest()
    {
        base.ResetRequest();
        _rest.Clear();
        _reset = _underWay > 0;
    }

    protected override void SaveRequest(StateWriter writer)
    {
        base.SaveRequest(writer);
        writer.Write("rest", _rest.Count);
        foreach (uint page in _rest)
        {
            writer.Write("page", (ulong)page);
        }
        writer.Write("underWay", _underWay);
        writer.Write("reset", _reset);
    }

    protected override void LoadRequest(StateReader reader)
    {
        base.LoadRequest(reader);
        _rest.Clear();
        for (int left = reader.ReadInt32("rest"); left > 0; left--)
        {
            _rest.Enqueue((uint)reader.ReadUInt64("page"));
        }
        _underWay = reader.ReadInt32("underWay");
        _reset = reader.ReadBool("reset");
    }

    private void SendSome(Context context)
    {
        while (_underWay < AtOnce && _rest.TryDequeue(out uint page))
        {
            _underWay++;
            FreePageMessage free = new(MappingKind.FreePage, new PhysicalPage(page), Refusal.None, page);
            Send(Wiring.VirtualMachine!.Value, 0, free.Pack(), context);
        }
    }
}
