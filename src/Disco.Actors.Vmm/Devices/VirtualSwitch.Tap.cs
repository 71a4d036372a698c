using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>What a watcher of the subnet is told. Nothing of it is state.</summary>
public sealed partial class VirtualSwitch
{
    // The envelopes that brought the calls under way, by CPU and request; only for the tap.
    private readonly Dictionary<(int Cpu, ulong Request), (Address Source, long Sequence)> _envelopes = [];

    // What has just been put out through the gateway; only for the tap.
    private byte[]? _putOut;

    /// <summary>Somebody who watches; null for nobody.</summary>
    public ISubnetTap? Tap { get; set; }

    private void NoteCall(in Envelope envelope)
    {
        if (Tap is null)
        {
            return;
        }
        DeviceCall call = envelope.Message.Kind == (ushort)DeviceKind.GatewayEnd
            ? new DeviceCall(DeviceKind.GatewayEnd, 0, ushort.MaxValue, 0, 0, 0)
            : DeviceCall.From(envelope.Message);
        _envelopes[(call.Cpu, call.Request)] = (envelope.Source, envelope.Sequence);
    }

    private void TapSent(SwitchJob job, ulong destination, Context context)
    {
        List<(ulong, int)> stretches = [];
        foreach (Fragment fragment in job.FromOutside ? [] : job.Fragments)
        {
            for (ulong done = 0; done < fragment.Bytes;)
            {
                int bytes = PieceBytes(fragment, done);
                stretches.Add((fragment.Address + done, bytes));
                done += (ulong)bytes;
            }
        }
        Tap!.Sent(Describe(job, destination, stretches, job.FromOutside ? [.. job.Data] : null), context.Now);
    }

    private void TapReceived(SwitchJob job, Context context)
    {
        List<(ulong, int)> stretches = [];
        ulong page = 0;
        foreach (Fragment fragment in job.Buffer is null ? [] : job.Fragments)
        {
            for (ulong done = 0; done < fragment.Bytes; page++)
            {
                int bytes = PieceBytes(fragment, done);
                ulong at = (fragment.Address + done) % Page.Bytes;
                stretches.Add((((ulong)job.Buffer!.PageAt(page) * Page.Bytes) + at, bytes));
                done += (ulong)bytes;
            }
        }
        byte[]? data = job.Target == SwitchJob.Outside ? _putOut : null;
        ulong destination = job.Target == SwitchJob.Outside ? NetAddress.Gateway : NetAddress.Of(job.Target);
        Tap!.Received(Describe(job, destination, stretches, data), job.Target, context.Now);
    }

    private SubnetMessage Describe(
        SwitchJob job, ulong destination, IReadOnlyList<(ulong, int)> stretches, byte[]? data) => new(
        job.FromOutside ? NetAddress.Gateway : NetAddress.Of(job.Call.Vm),
        destination,
        job.FromOutside ? SwitchJob.Outside : job.Call.Vm,
        _envelopes.GetValueOrDefault((job.Call.Cpu, job.Call.Request)),
        stretches,
        data);

    private static int PieceBytes(Fragment fragment, ulong done) =>
        (int)Math.Min(fragment.Bytes - done, Page.Bytes - ((fragment.Address + done) % Page.Bytes));
}
