namespace Disco.Actors.Machine.Directory;

/// <summary>What a home knows of a line, for observers.</summary>
/// <param name="State">The state.</param>
/// <param name="Owner">Means something in state Exclusive and while a forward is under way.</param>
/// <param name="SharersLow">Agents 0 to 63; means something in state Shared.</param>
/// <param name="SharersHigh">Agents 64 to 127.</param>
/// <param name="Requester">Means something while busy.</param>
/// <param name="Promised">The agent the line is promised to; -1 for none.</param>
public readonly record struct HomeView(
    HomeState State, byte Owner, ulong SharersLow, ulong SharersHigh, byte Requester, int Promised)
{
    public bool IsSharer(int agent) => ((agent < 64 ? SharersLow : SharersHigh) & (1UL << agent)) != 0;
}
