using System.Text;

namespace Disco.Actors.Machine.Caches;

/// <summary>
/// The cache side of the coherence protocol: MESI against a home directory (FLASH), as a pure total table.
/// <see cref="CoherentCache"/> performs the actions.
/// </summary>
public static class CacheProtocol
{
    public static CacheStep Next(CacheState state, CacheEvent e) => state switch
    {
        CacheState.I => I(e),
        CacheState.S => S(e),
        CacheState.E => E(e),
        CacheState.M => M(e),
        CacheState.IS => IS(e),
        CacheState.ISI => ISI(e),
        CacheState.IM => IM(e),
        CacheState.SM => SM(e),
        CacheState.ISPause => ISPause(e),
        CacheState.IMPause => IMPause(e),
        CacheState.SMPause => SMPause(e),
        CacheState.SPending => SPending(e),
        CacheState.EPending => EPending(e),
        CacheState.MPending => MPending(e),
        CacheState.Once => Once(e),
        CacheState.EI => EI(e),
        CacheState.MI => MI(e),
        CacheState.II => II(e),
    };

    /// <summary>The whole table as text, one line for each pair.</summary>
    public static string Print()
    {
        StringBuilder text = new();
        foreach (CacheState state in Enum.GetValues<CacheState>())
        {
            foreach (CacheEvent e in Enum.GetValues<CacheEvent>())
            {
                CacheStep step = Next(state, e);
                string outcome = step.Do == CacheDo.Impossible ? "-" : $"{step.Next,-9} {step.Do}";
                text.Append($"{state,-9} {e,-14} -> {outcome}".TrimEnd()).Append('\n');
            }
        }
        return text.ToString();
    }

    // No copy. The home may still list a cache that dropped a shared copy silently; such an Inval is acknowledged.
    private static CacheStep I(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.IS, CacheDo.SendGetS),
        CacheEvent.Store => To(CacheState.IM, CacheDo.SendGetX),
        CacheEvent.Evict => Impossible(CacheState.I),
        CacheEvent.DataShared => Impossible(CacheState.I),
        CacheEvent.DataExclusive => Impossible(CacheState.I),
        CacheEvent.DataModified => Impossible(CacheState.I),
        CacheEvent.UpgradeAck => Impossible(CacheState.I),
        CacheEvent.Nack => Impossible(CacheState.I),
        CacheEvent.Retry => Impossible(CacheState.I),
        CacheEvent.Inval => To(CacheState.I, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => Impossible(CacheState.I),
        CacheEvent.FwdGetX => Impossible(CacheState.I),
        CacheEvent.WbAck => Impossible(CacheState.I),
        CacheEvent.Performed => Impossible(CacheState.I),
    };

    // A readable copy; memory is current.
    private static CacheStep S(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.S, CacheDo.Hit),
        CacheEvent.Store => To(CacheState.SM, CacheDo.SendUpgrade),
        CacheEvent.Evict => To(CacheState.I, CacheDo.LineLost),
        CacheEvent.DataShared => Impossible(CacheState.S),
        CacheEvent.DataExclusive => Impossible(CacheState.S),
        CacheEvent.DataModified => Impossible(CacheState.S),
        CacheEvent.UpgradeAck => Impossible(CacheState.S),
        CacheEvent.Nack => Impossible(CacheState.S),
        CacheEvent.Retry => Impossible(CacheState.S),
        CacheEvent.Inval => To(CacheState.I, CacheDo.SendInvalAck | CacheDo.LineLost),
        CacheEvent.FwdGetS => Impossible(CacheState.S),
        CacheEvent.FwdGetX => Impossible(CacheState.S),
        CacheEvent.WbAck => Impossible(CacheState.S),
        CacheEvent.Performed => Impossible(CacheState.S),
    };

    // The only copy, and memory is current: the first store needs nobody.
    private static CacheStep E(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.E, CacheDo.Hit),
        CacheEvent.Store => To(CacheState.M, CacheDo.Hit),
        CacheEvent.Evict => To(CacheState.EI, CacheDo.SendPutClean | CacheDo.LineLost),
        CacheEvent.DataShared => Impossible(CacheState.E),
        CacheEvent.DataExclusive => Impossible(CacheState.E),
        CacheEvent.DataModified => Impossible(CacheState.E),
        CacheEvent.UpgradeAck => Impossible(CacheState.E),
        CacheEvent.Nack => Impossible(CacheState.E),
        CacheEvent.Retry => Impossible(CacheState.E),
        CacheEvent.Inval => Impossible(CacheState.E),
        CacheEvent.FwdGetS =>
            To(CacheState.S, CacheDo.SendDataShared | CacheDo.SendSharingWriteback | CacheDo.LineDowngraded),
        CacheEvent.FwdGetX =>
            To(CacheState.I, CacheDo.SendDataExclusive | CacheDo.SendOwnershipTransfer | CacheDo.LineLost),
        CacheEvent.WbAck => Impossible(CacheState.E),
        CacheEvent.Performed => Impossible(CacheState.E),
    };

    // The only copy, and memory is old.
    private static CacheStep M(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.M, CacheDo.Hit),
        CacheEvent.Store => To(CacheState.M, CacheDo.Hit),
        CacheEvent.Evict => To(CacheState.MI, CacheDo.SendPutDirty | CacheDo.LineLost),
        CacheEvent.DataShared => Impossible(CacheState.M),
        CacheEvent.DataExclusive => Impossible(CacheState.M),
        CacheEvent.DataModified => Impossible(CacheState.M),
        CacheEvent.UpgradeAck => Impossible(CacheState.M),
        CacheEvent.Nack => Impossible(CacheState.M),
        CacheEvent.Retry => Impossible(CacheState.M),
        CacheEvent.Inval => Impossible(CacheState.M),
        CacheEvent.FwdGetS =>
            To(CacheState.S, CacheDo.SendDataShared | CacheDo.SendSharingWritebackDirty | CacheDo.LineDowngraded),
        CacheEvent.FwdGetX =>
            To(CacheState.I, CacheDo.SendDataModified | CacheDo.SendOwnershipTransfer | CacheDo.LineLost),
        CacheEvent.WbAck => Impossible(CacheState.M),
        CacheEvent.Performed => Impossible(CacheState.M),
    };

    // The home may have granted E already, so that a forwarded request can overtake the line.
    private static CacheStep IS(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.IS),
        CacheEvent.Store => Impossible(CacheState.IS),
        CacheEvent.Evict => Impossible(CacheState.IS),
        CacheEvent.DataShared => To(CacheState.SPending, CacheDo.InstallLine),
        CacheEvent.DataExclusive => To(CacheState.EPending, CacheDo.InstallLine),
        CacheEvent.DataModified => Impossible(CacheState.IS),
        CacheEvent.UpgradeAck => Impossible(CacheState.IS),
        CacheEvent.Nack => To(CacheState.ISPause, CacheDo.StartPause),
        CacheEvent.Retry => Impossible(CacheState.IS),
        CacheEvent.Inval => To(CacheState.ISI, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => To(CacheState.IS, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.IS, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.IS),
        CacheEvent.Performed => Impossible(CacheState.IS),
    };

    // An exclusive grant shows that the Inval was for an older copy: the home never invalidates an owner.
    private static CacheStep ISI(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.ISI),
        CacheEvent.Store => Impossible(CacheState.ISI),
        CacheEvent.Evict => Impossible(CacheState.ISI),
        CacheEvent.DataShared => To(CacheState.Once, CacheDo.InstallLine),
        CacheEvent.DataExclusive => To(CacheState.EPending, CacheDo.InstallLine),
        CacheEvent.DataModified => Impossible(CacheState.ISI),
        CacheEvent.UpgradeAck => Impossible(CacheState.ISI),
        CacheEvent.Nack => To(CacheState.ISPause, CacheDo.StartPause),
        CacheEvent.Retry => Impossible(CacheState.ISI),
        CacheEvent.Inval => To(CacheState.ISI, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => To(CacheState.ISI, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.ISI, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.ISI),
        CacheEvent.Performed => Impossible(CacheState.ISI),
    };

    // An Inval is for an older copy: the home handles the request only after it has all acknowledgements.
    private static CacheStep IM(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.IM),
        CacheEvent.Store => Impossible(CacheState.IM),
        CacheEvent.Evict => Impossible(CacheState.IM),
        CacheEvent.DataShared => Impossible(CacheState.IM),
        CacheEvent.DataExclusive => To(CacheState.EPending, CacheDo.InstallLine),
        CacheEvent.DataModified => To(CacheState.MPending, CacheDo.InstallLine),
        CacheEvent.UpgradeAck => Impossible(CacheState.IM),
        CacheEvent.Nack => To(CacheState.IMPause, CacheDo.StartPause),
        CacheEvent.Retry => Impossible(CacheState.IM),
        CacheEvent.Inval => To(CacheState.IM, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => To(CacheState.IM, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.IM, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.IM),
        CacheEvent.Performed => Impossible(CacheState.IM),
    };

    // An Inval here means that another writer was first; the home will treat the Upgrade as a GetX.
    private static CacheStep SM(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.SM),
        CacheEvent.Store => Impossible(CacheState.SM),
        CacheEvent.Evict => Impossible(CacheState.SM),
        CacheEvent.DataShared => Impossible(CacheState.SM),
        CacheEvent.DataExclusive => Impossible(CacheState.SM),
        CacheEvent.DataModified => Impossible(CacheState.SM),
        CacheEvent.UpgradeAck => To(CacheState.EPending),
        CacheEvent.Nack => To(CacheState.SMPause, CacheDo.StartPause),
        CacheEvent.Retry => Impossible(CacheState.SM),
        CacheEvent.Inval => To(CacheState.IM, CacheDo.SendInvalAck | CacheDo.LineLost),
        CacheEvent.FwdGetS => To(CacheState.SM, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.SM, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.SM),
        CacheEvent.Performed => Impossible(CacheState.SM),
    };

    // Nothing is under way for this cache.
    private static CacheStep ISPause(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.ISPause),
        CacheEvent.Store => Impossible(CacheState.ISPause),
        CacheEvent.Evict => Impossible(CacheState.ISPause),
        CacheEvent.DataShared => Impossible(CacheState.ISPause),
        CacheEvent.DataExclusive => Impossible(CacheState.ISPause),
        CacheEvent.DataModified => Impossible(CacheState.ISPause),
        CacheEvent.UpgradeAck => Impossible(CacheState.ISPause),
        CacheEvent.Nack => Impossible(CacheState.ISPause),
        CacheEvent.Retry => To(CacheState.IS, CacheDo.SendGetS),
        CacheEvent.Inval => To(CacheState.ISPause, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => Impossible(CacheState.ISPause),
        CacheEvent.FwdGetX => Impossible(CacheState.ISPause),
        CacheEvent.WbAck => Impossible(CacheState.ISPause),
        CacheEvent.Performed => Impossible(CacheState.ISPause),
    };

    // Nothing is under way for this cache.
    private static CacheStep IMPause(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.IMPause),
        CacheEvent.Store => Impossible(CacheState.IMPause),
        CacheEvent.Evict => Impossible(CacheState.IMPause),
        CacheEvent.DataShared => Impossible(CacheState.IMPause),
        CacheEvent.DataExclusive => Impossible(CacheState.IMPause),
        CacheEvent.DataModified => Impossible(CacheState.IMPause),
        CacheEvent.UpgradeAck => Impossible(CacheState.IMPause),
        CacheEvent.Nack => Impossible(CacheState.IMPause),
        CacheEvent.Retry => To(CacheState.IM, CacheDo.SendGetX),
        CacheEvent.Inval => To(CacheState.IMPause, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => Impossible(CacheState.IMPause),
        CacheEvent.FwdGetX => Impossible(CacheState.IMPause),
        CacheEvent.WbAck => Impossible(CacheState.IMPause),
        CacheEvent.Performed => Impossible(CacheState.IMPause),
    };

    // The copy is still a sharer's.
    private static CacheStep SMPause(CacheEvent e) => e switch
    {
        CacheEvent.Load => Impossible(CacheState.SMPause),
        CacheEvent.Store => Impossible(CacheState.SMPause),
        CacheEvent.Evict => Impossible(CacheState.SMPause),
        CacheEvent.DataShared => Impossible(CacheState.SMPause),
        CacheEvent.DataExclusive => Impossible(CacheState.SMPause),
        CacheEvent.DataModified => Impossible(CacheState.SMPause),
        CacheEvent.UpgradeAck => Impossible(CacheState.SMPause),
        CacheEvent.Nack => Impossible(CacheState.SMPause),
        CacheEvent.Retry => To(CacheState.SM, CacheDo.SendUpgrade),
        CacheEvent.Inval => To(CacheState.IMPause, CacheDo.SendInvalAck | CacheDo.LineLost),
        CacheEvent.FwdGetS => Impossible(CacheState.SMPause),
        CacheEvent.FwdGetX => Impossible(CacheState.SMPause),
        CacheEvent.WbAck => Impossible(CacheState.SMPause),
        CacheEvent.Performed => Impossible(CacheState.SMPause),
    };

    // The read was ordered before the writer that invalidates, so it may still be performed, once.
    private static CacheStep SPending(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.SPending, CacheDo.Hit),
        CacheEvent.Store => Impossible(CacheState.SPending),
        CacheEvent.Evict => Impossible(CacheState.SPending),
        CacheEvent.DataShared => Impossible(CacheState.SPending),
        CacheEvent.DataExclusive => Impossible(CacheState.SPending),
        CacheEvent.DataModified => Impossible(CacheState.SPending),
        CacheEvent.UpgradeAck => Impossible(CacheState.SPending),
        CacheEvent.Nack => Impossible(CacheState.SPending),
        CacheEvent.Retry => Impossible(CacheState.SPending),
        CacheEvent.Inval => To(CacheState.Once, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => Impossible(CacheState.SPending),
        CacheEvent.FwdGetX => Impossible(CacheState.SPending),
        CacheEvent.WbAck => Impossible(CacheState.SPending),
        CacheEvent.Performed => To(CacheState.S),
    };

    // One access is always performed with a granted line, or two writers could take it from each other for ever.
    private static CacheStep EPending(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.EPending, CacheDo.Hit),
        CacheEvent.Store => To(CacheState.MPending, CacheDo.Hit),
        CacheEvent.Evict => Impossible(CacheState.EPending),
        CacheEvent.DataShared => Impossible(CacheState.EPending),
        CacheEvent.DataExclusive => Impossible(CacheState.EPending),
        CacheEvent.DataModified => Impossible(CacheState.EPending),
        CacheEvent.UpgradeAck => Impossible(CacheState.EPending),
        CacheEvent.Nack => Impossible(CacheState.EPending),
        CacheEvent.Retry => Impossible(CacheState.EPending),
        CacheEvent.Inval => Impossible(CacheState.EPending),
        CacheEvent.FwdGetS => To(CacheState.EPending, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.EPending, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.EPending),
        CacheEvent.Performed => To(CacheState.E),
    };

    // As EPending; memory is old.
    private static CacheStep MPending(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.MPending, CacheDo.Hit),
        CacheEvent.Store => To(CacheState.MPending, CacheDo.Hit),
        CacheEvent.Evict => Impossible(CacheState.MPending),
        CacheEvent.DataShared => Impossible(CacheState.MPending),
        CacheEvent.DataExclusive => Impossible(CacheState.MPending),
        CacheEvent.DataModified => Impossible(CacheState.MPending),
        CacheEvent.UpgradeAck => Impossible(CacheState.MPending),
        CacheEvent.Nack => Impossible(CacheState.MPending),
        CacheEvent.Retry => Impossible(CacheState.MPending),
        CacheEvent.Inval => Impossible(CacheState.MPending),
        CacheEvent.FwdGetS => To(CacheState.MPending, CacheDo.DeferForward),
        CacheEvent.FwdGetX => To(CacheState.MPending, CacheDo.DeferForward),
        CacheEvent.WbAck => Impossible(CacheState.MPending),
        CacheEvent.Performed => To(CacheState.M),
    };

    // The home may or may not list this cache; either way an Inval is acknowledged.
    private static CacheStep Once(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.Once, CacheDo.Hit),
        CacheEvent.Store => Impossible(CacheState.Once),
        CacheEvent.Evict => Impossible(CacheState.Once),
        CacheEvent.DataShared => Impossible(CacheState.Once),
        CacheEvent.DataExclusive => Impossible(CacheState.Once),
        CacheEvent.DataModified => Impossible(CacheState.Once),
        CacheEvent.UpgradeAck => Impossible(CacheState.Once),
        CacheEvent.Nack => Impossible(CacheState.Once),
        CacheEvent.Retry => Impossible(CacheState.Once),
        CacheEvent.Inval => To(CacheState.Once, CacheDo.SendInvalAck),
        CacheEvent.FwdGetS => Impossible(CacheState.Once),
        CacheEvent.FwdGetX => Impossible(CacheState.Once),
        CacheEvent.WbAck => Impossible(CacheState.Once),
        CacheEvent.Performed => To(CacheState.I, CacheDo.LineLost),
    };

    // Still the owner until the home says otherwise: forwarded requests are answered from the buffer.
    private static CacheStep EI(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.EI, CacheDo.WaitForWriteback),
        CacheEvent.Store => To(CacheState.EI, CacheDo.WaitForWriteback),
        CacheEvent.Evict => Impossible(CacheState.EI),
        CacheEvent.DataShared => Impossible(CacheState.EI),
        CacheEvent.DataExclusive => Impossible(CacheState.EI),
        CacheEvent.DataModified => Impossible(CacheState.EI),
        CacheEvent.UpgradeAck => Impossible(CacheState.EI),
        CacheEvent.Nack => Impossible(CacheState.EI),
        CacheEvent.Retry => Impossible(CacheState.EI),
        CacheEvent.Inval => Impossible(CacheState.EI),
        CacheEvent.FwdGetS => To(CacheState.II, CacheDo.SendDataShared | CacheDo.SendSharingWriteback),
        CacheEvent.FwdGetX => To(CacheState.II, CacheDo.SendDataExclusive | CacheDo.SendOwnershipTransfer),
        CacheEvent.WbAck => To(CacheState.I, CacheDo.FreeWriteback),
        CacheEvent.Performed => Impossible(CacheState.EI),
    };

    // As EI; the Put carried the bytes home, a forwarded read carries them once more.
    private static CacheStep MI(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.MI, CacheDo.WaitForWriteback),
        CacheEvent.Store => To(CacheState.MI, CacheDo.WaitForWriteback),
        CacheEvent.Evict => Impossible(CacheState.MI),
        CacheEvent.DataShared => Impossible(CacheState.MI),
        CacheEvent.DataExclusive => Impossible(CacheState.MI),
        CacheEvent.DataModified => Impossible(CacheState.MI),
        CacheEvent.UpgradeAck => Impossible(CacheState.MI),
        CacheEvent.Nack => Impossible(CacheState.MI),
        CacheEvent.Retry => Impossible(CacheState.MI),
        CacheEvent.Inval => Impossible(CacheState.MI),
        CacheEvent.FwdGetS => To(CacheState.II, CacheDo.SendDataShared | CacheDo.SendSharingWritebackDirty),
        CacheEvent.FwdGetX => To(CacheState.II, CacheDo.SendDataModified | CacheDo.SendOwnershipTransfer),
        CacheEvent.WbAck => To(CacheState.I, CacheDo.FreeWriteback),
        CacheEvent.Performed => Impossible(CacheState.MI),
    };

    // The home has taken this cache off its list.
    private static CacheStep II(CacheEvent e) => e switch
    {
        CacheEvent.Load => To(CacheState.II, CacheDo.WaitForWriteback),
        CacheEvent.Store => To(CacheState.II, CacheDo.WaitForWriteback),
        CacheEvent.Evict => Impossible(CacheState.II),
        CacheEvent.DataShared => Impossible(CacheState.II),
        CacheEvent.DataExclusive => Impossible(CacheState.II),
        CacheEvent.DataModified => Impossible(CacheState.II),
        CacheEvent.UpgradeAck => Impossible(CacheState.II),
        CacheEvent.Nack => Impossible(CacheState.II),
        CacheEvent.Retry => Impossible(CacheState.II),
        CacheEvent.Inval => Impossible(CacheState.II),
        CacheEvent.FwdGetS => Impossible(CacheState.II),
        CacheEvent.FwdGetX => Impossible(CacheState.II),
        CacheEvent.WbAck => To(CacheState.I, CacheDo.FreeWriteback),
        CacheEvent.Performed => Impossible(CacheState.II),
    };

    private static CacheStep To(CacheState next, CacheDo actions = CacheDo.None) => new(next, actions);

    private static CacheStep Impossible(CacheState state) => new(state, CacheDo.Impossible);
}
