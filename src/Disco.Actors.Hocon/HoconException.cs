namespace Disco.Actors.Hocon;

/// <summary>
/// A fault of a configuration text. <see cref="Exception.Message"/> is `file:line:column: sentence`;
/// <see cref="Sentence"/> is the sentence alone.
/// </summary>
public sealed class HoconException(HoconOrigin origin, string sentence)
    : Exception($"{origin.File}:{origin.Line}:{origin.Column}: {sentence}")
{
    public string File { get; } = origin.File;

    public int Line { get; } = origin.Line;

    public int Column { get; } = origin.Column;

    public string Sentence { get; } = sentence;
}
