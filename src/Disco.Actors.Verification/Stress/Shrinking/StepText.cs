using System.Globalization;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Stress.Shrinking;

/// <summary>
/// Steps as text: <c>cpu/0 > dir/1 request</c> delivers the first message of that channel, <c>twice</c> and
/// <c>refuse</c> before it have the network bring it twice and the home refuse it; <c>disturb 3</c>. What follows a
/// colon says what the message was and is not read.
/// </summary>
public static class StepText
{
    public static string Write(Subject subject, Choice choice)
    {
        if (choice.Kind == ChoiceKind.Disturb)
        {
            return $"disturb {choice.Value}";
        }
        StressNetwork network = subject.Network;
        Actor source = network.Actors[network.SourceOf(choice.Value)];
        Actor target = network.Actors[network.TargetOf(choice.Value)];
        string how = choice.Kind switch
        {
            ChoiceKind.Duplicate => "twice ",
            ChoiceKind.Refuse => "refuse ",
            _ => "",
        };
        string lane = (choice.Value & 1) == (int)Lane.Request ? "request" : "reply";
        string message = subject.Describe(network.HeadOf(choice.Value).Message);
        return $"{how}{source.Address} > {target.Address} {lane}: {message}";
    }

    /// <summary>The step of a text; null when the subject has no such channel.</summary>
    public static Choice? Read(Subject subject, string text)
    {
        string[] words = text.Split(':')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["disturb", _] && int.TryParse(words[1], CultureInfo.InvariantCulture, out int which))
        {
            return new Choice(ChoiceKind.Disturb, which);
        }
        ChoiceKind kind = words.FirstOrDefault() switch
        {
            "twice" => ChoiceKind.Duplicate,
            "refuse" => ChoiceKind.Refuse,
            _ => ChoiceKind.Deliver,
        };
        words = kind == ChoiceKind.Deliver ? words : words[1..];
        if (words is not [_, ">", _, "request" or "reply"]
            || !Address.TryParse(words[0], out Address source) || !Address.TryParse(words[2], out Address target))
        {
            throw new FormatException($"'{text}' is no step; write SOURCE > TARGET request");
        }
        StressNetwork network = subject.Network;
        if (network.NumberOf(source) < 0 || network.NumberOf(target) < 0)
        {
            return null;
        }
        return new Choice(kind, network.ChannelOf(source, target, words[3] == "request" ? Lane.Request : Lane.Reply));
    }
}
