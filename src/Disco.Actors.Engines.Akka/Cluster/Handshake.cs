using System.Security.Cryptography;
using System.Text;
using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>
/// How two processes find out that they are of one version and know one secret. Each proves it with the other's nonce,
/// so that neither the secret nor a proof that could be used again is on the wire. It says nothing about who reads or
/// changes what comes after: that takes TLS.
/// </summary>
internal static class Handshake
{
    public const int NonceBytes = 16;

    /// <summary>Layouts that must be the same in all processes.</summary>
    public static string Versions(IReadOnlyList<MessageFamily> families) =>
        $"cluster {Control.Version}, frames {Link.Version}, envelopes {EnvelopeCodec.Version}, "
        + new EnvelopeCodec(families, default).Describe();

    public static byte[] Nonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <param name="secret">Shared; empty when none was chosen.</param>
    /// <param name="role">Whose proof it is, so that none can be sent back.</param>
    /// <param name="own">Of who proves.</param>
    /// <param name="other">Of who is to believe it.</param>
    public static byte[] Proof(string secret, string role, byte[] own, byte[] other) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Claim(role, own, other));

    public static bool Proves(byte[] proof, string secret, string role, byte[] own, byte[] other) =>
        CryptographicOperations.FixedTimeEquals(proof, Proof(secret, role, own, other));

    private static byte[] Claim(string role, byte[] own, byte[] other) =>
        [.. Encoding.UTF8.GetBytes(role), .. own, .. other];
}
