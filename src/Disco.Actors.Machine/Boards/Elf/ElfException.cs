namespace Disco.Actors.Machine.Boards;

/// <summary>A file that is no executable for this machine; the message is one sentence for the user.</summary>
public sealed class ElfException(string name, string sentence) : Exception($"{name}: {sentence}");
