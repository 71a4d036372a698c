using System.Numerics;
using System.Runtime.InteropServices;

namespace Disco.Actors.Machine.Directory;

/// <summary>What a home knows of one line; 32 bytes, and all zero for a line that was never asked for.</summary>
/// <remarks>
/// The sharer set is full (a bit for each of 128 agents) where FLASH used a linked list: the simplest that never
/// invalidates more than needed.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct DirectoryEntry
{
    public const int Bytes = 32;

    // The caches that may have a copy, in state Shared and while invalidating.
    public ulong SharersLow;
    public ulong SharersHigh;
    public HomeState State;

    // The owning agent in state Exclusive; while busy with a forward, the agent it went to.
    public byte Owner;

    // While busy: who is served, and how many acknowledgements are missing.
    public byte Requester;
    public byte Acks;

    // The refused agent that comes next, plus 1; 0 for none. And how often it had been refused.
    public byte Promised;
    public byte PromisedRetries;

    public readonly bool IsBusy => State >= HomeState.BusyInvalidate;

    public readonly int SharerCount => BitOperations.PopCount(SharersLow) + BitOperations.PopCount(SharersHigh);

    public readonly bool IsSharer(int agent) =>
        ((agent < 64 ? SharersLow : SharersHigh) & (1UL << agent)) != 0;

    public void AddSharer(int agent)
    {
        if (agent < 64)
        {
            SharersLow |= 1UL << agent;
        }
        else
        {
            SharersHigh |= 1UL << agent;
        }
    }

    public void RemoveSharer(int agent)
    {
        if (agent < 64)
        {
            SharersLow &= ~(1UL << agent);
        }
        else
        {
            SharersHigh &= ~(1UL << agent);
        }
    }

    public void ClearSharers()
    {
        SharersLow = 0;
        SharersHigh = 0;
    }
}
