namespace Disco.Actors.Debugging.Interactive;

/// <summary>What the user typed cannot be done; one sentence.</summary>
internal sealed class CommandError(string sentence) : Exception(sentence);
