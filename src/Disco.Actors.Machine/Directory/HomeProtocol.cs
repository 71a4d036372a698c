using System.Text;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Machine.Directory;

/// <summary>
/// The home side of the coherence protocol (FLASH: acknowledgements are collected at the home, a busy line refuses),
/// as a pure total table. <see cref="DirectoryController"/> performs the actions.
/// </summary>
public static class HomeProtocol
{
    public static HomeStep Next(HomeState state, HomeEvent e) => state switch
    {
        HomeState.Unowned => Unowned(e),
        HomeState.Shared => Shared(e),
        HomeState.Exclusive => Exclusive(e),
        HomeState.BusyInvalidate => BusyInvalidate(e),
        HomeState.BusyUpgrade => BusyUpgrade(e),
        HomeState.BusyForwardS => BusyForwardS(e),
        HomeState.BusyForwardX => BusyForwardX(e),
        HomeState.BusyForwardSPut => BusyForwardSPut(e),
        HomeState.BusyForwardXPut => BusyForwardXPut(e),
        HomeState.BusyReturned => BusyReturned(e),
        HomeState.BusyReturnedPut => BusyReturnedPut(e),
    };

    /// <summary>
    /// The same under a protocol: without exclusive reads, a line that nobody has is read as one with other readers.
    /// </summary>
    public static HomeStep Next(HomeState state, HomeEvent e, CoherenceProtocol protocol) =>
        Next(protocol == CoherenceProtocol.Msi && state == HomeState.Unowned && e == HomeEvent.GetS
            ? HomeState.Shared : state, e);

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (HomeState state in Enum.GetValues<HomeState>())
        {
            foreach (HomeEvent e in Enum.GetValues<HomeEvent>())
            {
                HomeStep step = Next(state, e);
                string outcome = step.Do == HomeDo.Impossible ? "-" : $"{step.Next,-15} {step.Do}";
                text.Append($"{state,-15} {e,-21} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    // A read of a line that nobody has grants it exclusively (MESI's E): the store that often follows is free.
    private static HomeStep Unowned(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.Exclusive, HomeDo.ReadExclusive | HomeDo.SetOwner),
        HomeEvent.GetX => To(HomeState.Exclusive, HomeDo.ReadExclusive | HomeDo.SetOwner),
        HomeEvent.GetXAlone => Impossible(HomeState.Unowned),
        HomeEvent.Upgrade => Impossible(HomeState.Unowned),
        HomeEvent.UpgradeAlone => Impossible(HomeState.Unowned),
        HomeEvent.OutOfTurn => To(HomeState.Unowned, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.Unowned),
        HomeEvent.PutDirty => Impossible(HomeState.Unowned),
        HomeEvent.ReturnClean => Impossible(HomeState.Unowned),
        HomeEvent.ReturnDirty => Impossible(HomeState.Unowned),
        HomeEvent.InvalAck => Impossible(HomeState.Unowned),
        HomeEvent.LastInvalAck => Impossible(HomeState.Unowned),
        HomeEvent.SharingWriteback => Impossible(HomeState.Unowned),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.Unowned),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.Unowned),
    };

    // Shared copies are dropped silently, so a listed sharer may have none, or ask again.
    private static HomeStep Shared(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.Shared, HomeDo.ReadShared | HomeDo.AddSharer),
        HomeEvent.GetX => To(HomeState.BusyInvalidate, HomeDo.Invalidate | HomeDo.SaveRequester),
        HomeEvent.GetXAlone => To(HomeState.Exclusive, HomeDo.ReadExclusive | HomeDo.SetOwner),
        HomeEvent.Upgrade => To(HomeState.BusyUpgrade, HomeDo.Invalidate | HomeDo.SaveRequester),
        HomeEvent.UpgradeAlone => To(HomeState.Exclusive, HomeDo.GrantUpgrade | HomeDo.SetOwner),
        HomeEvent.OutOfTurn => To(HomeState.Shared, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.Shared),
        HomeEvent.PutDirty => Impossible(HomeState.Shared),
        HomeEvent.ReturnClean => Impossible(HomeState.Shared),
        HomeEvent.ReturnDirty => Impossible(HomeState.Shared),
        HomeEvent.InvalAck => Impossible(HomeState.Shared),
        HomeEvent.LastInvalAck => Impossible(HomeState.Shared),
        HomeEvent.SharingWriteback => Impossible(HomeState.Shared),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.Shared),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.Shared),
    };

    // An owner asks for its own line only after its Put was acknowledged.
    private static HomeStep Exclusive(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyForwardS, HomeDo.ForwardGetS | HomeDo.SaveRequester),
        HomeEvent.GetX => To(HomeState.BusyForwardX, HomeDo.ForwardGetX | HomeDo.SaveRequester),
        HomeEvent.GetXAlone => Impossible(HomeState.Exclusive),
        HomeEvent.Upgrade => Impossible(HomeState.Exclusive),
        HomeEvent.UpgradeAlone => Impossible(HomeState.Exclusive),
        HomeEvent.OutOfTurn => To(HomeState.Exclusive, HomeDo.Nack),
        HomeEvent.PutClean => To(HomeState.Unowned, HomeDo.AckPut | HomeDo.DropOwner),
        HomeEvent.PutDirty => To(HomeState.Unowned, HomeDo.WriteMemory | HomeDo.AckPut | HomeDo.DropOwner),
        HomeEvent.ReturnClean => Impossible(HomeState.Exclusive),
        HomeEvent.ReturnDirty => Impossible(HomeState.Exclusive),
        HomeEvent.InvalAck => Impossible(HomeState.Exclusive),
        HomeEvent.LastInvalAck => Impossible(HomeState.Exclusive),
        HomeEvent.SharingWriteback => Impossible(HomeState.Exclusive),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.Exclusive),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.Exclusive),
    };

    // Only the last acknowledgement grants: nobody writes while another may read.
    private static HomeStep BusyInvalidate(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyInvalidate, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.BusyInvalidate),
        HomeEvent.PutDirty => Impossible(HomeState.BusyInvalidate),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyInvalidate),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyInvalidate),
        HomeEvent.InvalAck => To(HomeState.BusyInvalidate, HomeDo.CountAck),
        HomeEvent.LastInvalAck => To(HomeState.Exclusive, HomeDo.CountAck | HomeDo.ReadExclusive | HomeDo.SetOwner),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyInvalidate),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyInvalidate),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.BusyInvalidate),
    };

    // The requester kept its copy: everybody else was invalidated.
    private static HomeStep BusyUpgrade(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyUpgrade, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.BusyUpgrade),
        HomeEvent.PutDirty => Impossible(HomeState.BusyUpgrade),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyUpgrade),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyUpgrade),
        HomeEvent.InvalAck => To(HomeState.BusyUpgrade, HomeDo.CountAck),
        HomeEvent.LastInvalAck => To(HomeState.Exclusive, HomeDo.CountAck | HomeDo.GrantUpgrade | HomeDo.SetOwner),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyUpgrade),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyUpgrade),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.BusyUpgrade),
    };

    // The owner's Put, if one crosses, arrives before its answer: both travel on the reply lane.
    private static HomeStep BusyForwardS(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyForwardS, HomeDo.Nack),
        HomeEvent.PutClean => To(HomeState.BusyForwardSPut),
        HomeEvent.PutDirty => To(HomeState.BusyForwardSPut),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyForwardS),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyForwardS),
        HomeEvent.InvalAck => Impossible(HomeState.BusyForwardS),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyForwardS),
        HomeEvent.SharingWriteback => To(HomeState.Shared, HomeDo.ShareWithOwner),
        HomeEvent.SharingWritebackDirty => To(HomeState.Shared, HomeDo.WriteMemory | HomeDo.ShareWithOwner),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.BusyForwardS),
    };

    // A dirty line travels from owner to owner; memory stays old.
    private static HomeStep BusyForwardX(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyForwardX, HomeDo.Nack),
        HomeEvent.PutClean => To(HomeState.BusyForwardXPut),
        HomeEvent.PutDirty => To(HomeState.BusyForwardXPut),
        HomeEvent.ReturnClean => To(HomeState.BusyReturned, HomeDo.AckPut),
        HomeEvent.ReturnDirty => To(HomeState.BusyReturned, HomeDo.WriteMemory | HomeDo.AckPut),
        HomeEvent.InvalAck => Impossible(HomeState.BusyForwardX),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyForwardX),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyForwardX),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyForwardX),
        HomeEvent.OwnershipTransfer => To(HomeState.Exclusive, HomeDo.SetOwner),
    };

    // The WbAck waits for the answer, so that the forward finds the bytes in the owner's buffer.
    private static HomeStep BusyForwardSPut(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyForwardSPut, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.PutDirty => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.InvalAck => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyForwardSPut),
        HomeEvent.SharingWriteback => To(HomeState.Shared, HomeDo.AckOwedPut | HomeDo.ShareAlone),
        HomeEvent.SharingWritebackDirty =>
            To(HomeState.Shared, HomeDo.WriteMemory | HomeDo.AckOwedPut | HomeDo.ShareAlone),
        HomeEvent.OwnershipTransfer => Impossible(HomeState.BusyForwardSPut),
    };

    // The bytes of the Put are not written: the new owner has them.
    private static HomeStep BusyForwardXPut(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyForwardXPut, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.PutDirty => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.ReturnClean => To(HomeState.BusyReturnedPut, HomeDo.AckPut),
        HomeEvent.ReturnDirty => To(HomeState.BusyReturnedPut, HomeDo.WriteMemory | HomeDo.AckPut),
        HomeEvent.InvalAck => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyForwardXPut),
        HomeEvent.OwnershipTransfer => To(HomeState.Exclusive, HomeDo.AckOwedPut | HomeDo.SetOwner),
    };

    // Nobody has the line any more; only the former owner's answer is still to come.
    private static HomeStep BusyReturned(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyReturned, HomeDo.Nack),
        HomeEvent.PutClean => To(HomeState.BusyReturnedPut),
        HomeEvent.PutDirty => To(HomeState.BusyReturnedPut),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyReturned),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyReturned),
        HomeEvent.InvalAck => Impossible(HomeState.BusyReturned),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyReturned),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyReturned),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyReturned),
        HomeEvent.OwnershipTransfer => To(HomeState.Unowned, HomeDo.DropOwner),
    };

    // As BusyReturned. What the former owner put back is older than what the requester did.
    private static HomeStep BusyReturnedPut(HomeEvent e) => e switch
    {
        HomeEvent.GetS => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.GetX => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.GetXAlone => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.Upgrade => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.UpgradeAlone => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.OutOfTurn => To(HomeState.BusyReturnedPut, HomeDo.Nack),
        HomeEvent.PutClean => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.PutDirty => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.ReturnClean => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.ReturnDirty => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.InvalAck => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.LastInvalAck => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.SharingWriteback => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.SharingWritebackDirty => Impossible(HomeState.BusyReturnedPut),
        HomeEvent.OwnershipTransfer => To(HomeState.Unowned, HomeDo.AckOwedPut | HomeDo.DropOwner),
    };

    private static HomeStep To(HomeState next, HomeDo actions = HomeDo.None) => new(next, actions);

    private static HomeStep Impossible(HomeState state) => new(state, HomeDo.Impossible);
}
