using Disco.Actors.Core;
using Disco.Actors.Debugging.Machines;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Tracing.Analysis;
using Disco.Actors.Tracing.Exports;
using Disco.Actors.Vmm;
using Disco.Actors.Vmm.Boards;
using Disco.Actors.Vmm.Devices;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// Captures what goes over the virtual subnet while a machine runs: at the sender's plug when a message leaves, at each
/// receiver's when it is there.
/// </summary>
/// <remarks>
/// Whole pages of a message are mapped into the receiver's memory and never cross the switch as bytes [Disco 4.2.6], so
/// that no recording holds them; they are read from the guests' memory at that moment.
/// </remarks>
internal sealed class SubnetCapture : ISubnetTap
{
    private readonly DiscoMachine _machine;
    private readonly FreshMemory _memory;
    private readonly PcapNg _to;
    private readonly (long From, long Until) _cycles;
    private readonly double _nanosecondsPerCycle;

    /// <param name="machine">Fresh; its switch is watched from now on.</param>
    /// <param name="engine">Runs it.</param>
    /// <param name="to">Stays open.</param>
    /// <param name="cycles">What is wanted.</param>
    public SubnetCapture(DiscoMachine machine, Engine engine, Stream to, (long From, long Until) cycles)
    {
        _machine = machine;
        _memory = new FreshMemory(machine.Hardware, engine);
        _cycles = cycles;
        _nanosecondsPerCycle = 1e9 / machine.Config.Board.ClockHz;
        _to = new PcapNg(to,
        [
            .. machine.Vms.Select(vm => new PcapInterface($"vm{vm.Number} {vm.Config.Name}", NetAddress.Of(vm.Number))),
            new PcapInterface("gateway", NetAddress.Gateway),
        ]);
        machine.Devices.Switch.Tap = this;
    }

    public long Packets => _to.Packets;

    public void Sent(SubnetMessage message, Cycle at) =>
        Write(message, message.Sender, FrameDirection.Outbound, message.Sender, at);

    public void Received(SubnetMessage message, int receiver, Cycle at) =>
        Write(message, receiver, FrameDirection.Inbound, receiver, at);

    private void Write(SubnetMessage message, int plug, FrameDirection direction, int holder, Cycle at)
    {
        if (at.Value < _cycles.From || at.Value >= _cycles.Until)
        {
            return;
        }
        byte[] bytes = message.Data ?? Read(message.Stretches, holder);
        string id = new TransactionId(message.Envelope.Source, message.Envelope.Sequence).ToString();
        _to.Write(
            plug == SubnetMessage.Outside ? _machine.Vms.Count : plug,
            (ulong)Math.Round(at.Value * _nanosecondsPerCycle), direction, message.Source, message.Destination, bytes,
            $"message {id}, {at}");
    }

    private byte[] Read(IReadOnlyList<(ulong Address, int Bytes)> stretches, int holder)
    {
        byte[] bytes = new byte[stretches.Sum(stretch => stretch.Bytes)];
        int done = 0;
        foreach ((ulong address, int length) in stretches)
        {
            Frame frame = _machine.Vms[holder].Monitor.ViewOf(PhysicalPage.Of(address)).Frame;

            // A page that nobody has touched has no frame and is zero.
            if (frame != Frame.None)
            {
                MachineAddress at = new(frame.Address.Value | (address % Page.Bytes));
                Invariant.Holds(_memory.TryRead(at, bytes.AsSpan(done, length)));
            }
            done += length;
        }
        return bytes;
    }
}
