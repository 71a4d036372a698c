using Disco.Actors.Core;
using Disco.Actors.Vmm.Losses;
using Disco.Actors.Vmm.Memory;

namespace Disco.Actors.Vmm.Devices;

/// <content>Pieces of lost virtual machines, or in lost frames, are given up as if refused.</content>
internal sealed partial class GuestMemory
{
    /// <param name="loss">What is lost.</param>
    /// <param name="isLostFrame">Whether a slot moves to or from a frame of the device's own that is lost.</param>
    public void Lose(Loss loss, Func<int, bool> isLostFrame)
    {
        int first = _moving.Count > 0 ? _moving[0] : -1;
        for (int slot = 0; slot < _pieces.Length; slot++)
        {
            ref Piece piece = ref _pieces[slot];
            if (piece.Phase == Phase.Free || !(piece.Vm >= 0 ? loss.Gone.Contains(piece.Vm) : isLostFrame(slot)))
            {
                continue;
            }
            _moving.Remove(slot);
            piece.Phase = Phase.Pinning;
            // The pause after a refusal would ask once more.
            int waiting = slot;
            loss.UnderWay.RemoveAll(envelope => envelope.Target == _owner
                && envelope.Message is { Kind: (ushort)DeviceKind.RetryDue, B: 0 }
                && envelope.Message.A == (ulong)waiting);
            PinMessage refused = new(
                MappingKind.PinRefused, piece.Page, (ulong)Refusal.NoSuchPage, (ulong)slot);
            loss.Post(new Address(Role.Vm, (ushort)Math.Max(0, piece.Vm)), _owner, refused.Pack());
        }
        bool isWanted = first >= 0 && _moving.Count > 0 && _moving[0] == first;
        if (_dma.Recover(forgets: !isWanted) is { } again)
        {
            loss.Post(_owner, _owner, again);
        }
    }
}
