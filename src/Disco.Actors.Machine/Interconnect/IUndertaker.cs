using Disco.Actors.Core;

namespace Disco.Actors.Machine.Interconnect;

/// <summary>Answers what is sent to actors of nodes that are gone, so that nobody waits for them for ever.</summary>
public interface IUndertaker
{
    /// <summary>The refusal, or the acknowledgement, in the actor's name; null when nobody waits for any.</summary>
    /// <param name="message">Without payload.</param>
    /// <param name="target">Whom it was for.</param>
    Message? AnswerTo(in Message message, Address target);
}
