using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Vmm.Devices;
using Disco.Actors.Vmm.Memory;
using Disco.Actors.Vmm.Scheduling;
using Disco.Actors.Vmm.Shootdown;

namespace Disco.Actors.Vmm.Losses;

/// <summary>
/// What actors of lost nodes, and the monitors of lost virtual machines, say to whom asks them: there is nothing here.
/// As a node controller of FLASH refuses accesses to a node that has failed. [Teodosiu et al., ISCA'97]
/// </summary>
public sealed class Undertaker : IUndertaker
{
    public Message? AnswerTo(in Message message, Address target) => (message.Kind >> 8) switch
    {
        MappingNames.Family => OfMapping(message),
        SchedulingMessage.Family => OfScheduling(message, target),
        ShootdownMessage.Family => OfShootdown(message, target),
        VirtualDeviceNames.Family when message.Kind == (ushort)DeviceKind.Detach => message with
        {
            Kind = (ushort)DeviceKind.Detached, Lane = Lane.Reply,
        },
        CoherenceMessage.Family => Invariant.Unreachable<Message?>($"{message} to {target} of a lost node"),
        _ => null,
    };

    private static Message? OfMapping(in Message message)
    {
        switch ((MappingKind)message.Kind)
        {
            case MappingKind.Pin:
                PinMessage pin = PinMessage.From(message);
                return new PinMessage(MappingKind.PinRefused, pin.Page, (ulong)Refusal.NoSuchPage, pin.Request).Pack();
            case MappingKind.Remap or MappingKind.Merge:
                RemapMessage remap = RemapMessage.From(message);
                return new RemappedMessage(remap.Page, Refusal.NoSuchPage, remap.Request).Pack();
            case MappingKind.MapFrame:
                MapFrameMessage map = MapFrameMessage.From(message);
                return new RemappedMessage(map.Page, Refusal.NoSuchPage, map.Request).Pack();
            case MappingKind.Lend:
                LendMessage lend = LendMessage.From(message);
                return new LentMessage(
                    lend.User.Page, Frame.None, Refusal.NoSuchPage, PageClass.Data, lend.Ticket).Pack();
            case MappingKind.BalloonQuery:
                BalloonMessage query = BalloonMessage.From(message);
                return new BalloonMessage(MappingKind.BalloonStatus, 0, 0, query.Request).Pack();
            case MappingKind.DropReplicas:
                return (ReplicaMessage.From(message) with { Kind = MappingKind.ReplicasDropped }).Pack();
            case MappingKind.Teardown:
                return new TeardownMessage(MappingKind.TornDown, (int)message.A).Pack();
            case MappingKind.Allocate:
                AllocateMessage allocate = AllocateMessage.From(message);
                return new AllocatedMessage(allocate.User.Page, Frame.None, allocate.Transaction).Pack();
            case MappingKind.Share:
                return (FrameUseMessage.From(message) with { Kind = MappingKind.Shared }).Pack();
            case MappingKind.Claim:
                return (FrameUseMessage.From(message) with { Kind = MappingKind.Claimed }).Pack();
            case MappingKind.ReleaseAll:
                return (ReleaseAllMessage.From(message) with { Kind = MappingKind.AllReleased }).Pack();
            case MappingKind.FramesQuery:
                return new Message { Kind = (ushort)MappingKind.FramesStatus, Lane = Lane.Reply };
            default:
                return null;
        }
    }

    private static Message? OfScheduling(in Message message, Address target) => (SchedulingKind)message.Kind switch
    {
        SchedulingKind.Steal => SchedulingMessage.Of(SchedulingKind.Refused, 0, 0, 0),
        SchedulingKind.Plenty => SchedulingMessage.Of(SchedulingKind.Decline, 0, 0, 0),
        SchedulingKind.StopVm => SchedulingMessage.VmStopped((int)message.A, target.Index),
        _ => null,
    };

    private static Message? OfShootdown(in Message message, Address target)
    {
        ShootdownMessage order = ShootdownMessage.From(message);
        return order.Kind is ShootdownMessageKind.Ack or ShootdownMessageKind.GoOn
            ? null
            : (order with { Kind = ShootdownMessageKind.Ack, Cpu = (byte)target.Index }).Pack();
    }
}
