namespace Disco.Actors.Core;

/// <summary>
/// A family of messages in its present form: how its typed view packs into the words of a <see cref="Message"/>. Two
/// programs that do not have the same families in the same versions cannot exchange messages.
/// </summary>
/// <param name="Number">The high byte of <see cref="Message.Kind"/>.</param>
/// <param name="Name">For reports.</param>
/// <param name="Version">From 1; another one whenever a kind, or the meaning of a word, changes.</param>
public sealed record MessageFamily(byte Number, string Name, byte Version)
{
    public override string ToString() => $"{Name} version {Version}";
}
