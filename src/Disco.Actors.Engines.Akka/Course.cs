using System.Runtime.InteropServices;
using Akka.Actor;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// What the pacer and the actors of one machine share: how far they may go, and how much is under way.
/// </summary>
/// <remarks>
/// Every message of Akka that lets an actor do something (a grant, an envelope, a continuation) is a token. Whoever
/// handles it has its token until it is done, and gives it on: to the messages it sends, each of which needs one, or
/// back. So the count can only become 0 when no message is under way and no actor has anything to do.
/// </remarks>
internal sealed class Course
{
    private Line _line;

    /// <summary>Set once, before any actor is granted anything.</summary>
    public IActorRef Pacer { get; set; } = ActorRefs.Nobody;

    /// <summary>The first cycle in which nobody may do anything. Written while nobody has a token.</summary>
    public long Limit { get; set; }

    /// <summary>Written by the pacer while nobody has a token.</summary>
    public void Issue(int tokens) => Volatile.Write(ref _line.Tokens, tokens);

    /// <summary>True while nobody has a token.</summary>
    public bool IsQuiet => Volatile.Read(ref _line.Tokens) == 0;

    /// <summary>For messages from another process, which come while others have tokens.</summary>
    public void Add(int tokens) => Interlocked.Add(ref _line.Tokens, tokens);

    /// <summary>
    /// To be called by the holder of one token, before it tells anybody anything.
    /// </summary>
    /// <param name="sent">Messages it is about to tell, each with a token.</param>
    /// <returns>True when that was the last token.</returns>
    public bool PassOn(int sent) => sent switch
    {
        0 => Interlocked.Decrement(ref _line.Tokens) == 0,
        1 => false,
        _ => Interlocked.Add(ref _line.Tokens, sent - 1) == 0,
    };

    /// <summary>The count is written all the time, the limit read: not in one line of a host's cache.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Line
    {
        [FieldOffset(96)]
        public long Tokens;
    }
}
