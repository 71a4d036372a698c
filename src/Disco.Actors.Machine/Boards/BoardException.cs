namespace Disco.Actors.Machine.Boards;

/// <summary>A board that cannot be built as asked; the message is one sentence for the user.</summary>
public sealed class BoardException(string sentence) : Exception(sentence);
