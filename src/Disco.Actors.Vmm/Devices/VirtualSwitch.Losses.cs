using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <content>What the subnet does when nodes are lost: it waits for no lost virtual machine.</content>
public sealed partial class VirtualSwitch
{
    internal void Lose(Loss loss)
    {
        _backlog.RemoveAll(call => loss.Gone.Contains(call.Vm));
        for (int slot = 0; slot < _jobs.Length; slot++)
        {
            SwitchJob job = _jobs[slot];
            job.Abandoned |= job.Phase != SwitchPhase.Free && !job.FromOutside && loss.Gone.Contains(job.Call.Vm);
            int waiting = slot;
            bool asks = job.Phase == SwitchPhase.Remap && loss.Gone.Contains(job.Target)
                && !loss.UnderWayTo(Address, (ushort)DeviceKind.RetryDue)
                    .Any(message => message.A == (ulong)waiting && message.B == 1);
            if (asks)
            {
                PhysicalPage page = new(job.Buffer!.PageAt(job.PagesUsed));
                RemappedMessage refused = new(page, Refusal.NoSuchPage, (ulong)slot);
                loss.Post(new Address(Role.Vm, (ushort)job.Target), Address, refused.Pack());
            }
        }
        foreach (int vm in loss.Gone)
        {
            _ports[vm].Buffers.Clear();
        }
        _memory.Lose(loss, _ => false);
    }
}
