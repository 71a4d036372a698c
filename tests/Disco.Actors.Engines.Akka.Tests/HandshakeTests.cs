using Akka.Actor;
using Disco.Actors.Core;
using Disco.Actors.Engines.Akka.Cluster;
using Xunit;
using AkkaTestKit = Akka.TestKit.Xunit2.TestKit;

namespace Disco.Actors.Engines.Akka.Tests;

/// <summary>Who may take part is told by proofs and versions; what comes over the wire is read or refused.</summary>
public sealed class HandshakeTests : AkkaTestKit
{
    private static readonly byte[] Mine = [1, 2, 3];
    private static readonly byte[] Yours = [4, 5, 6];

    [Fact]
    public void A_proof_is_of_one_secret_one_side_and_one_pair_of_nonces()
    {
        byte[] proof = Handshake.Proof("secret", "member", Mine, Yours);

        Assert.True(Handshake.Proves(proof, "secret", "member", Mine, Yours));
        Assert.False(Handshake.Proves(proof, "another", "member", Mine, Yours));
        Assert.False(Handshake.Proves(proof, "", "member", Mine, Yours));
        Assert.False(Handshake.Proves(proof, "secret", "coordinator", Mine, Yours));
        Assert.False(Handshake.Proves(proof, "secret", "member", Yours, Mine));
        Assert.False(Handshake.Proves([], "secret", "member", Mine, Yours));
    }

    [Fact]
    public void Another_version_of_a_family_makes_another_program()
    {
        string one = Handshake.Versions([new MessageFamily(1, "coherence", 1)]);

        Assert.NotEqual(one, Handshake.Versions([new MessageFamily(1, "coherence", 2)]));
        Assert.NotEqual(one, Handshake.Versions([]));
        Assert.Contains("coherence version 1", one, StringComparison.Ordinal);
    }

    [Fact]
    public void Greetings_and_frames_come_back_from_their_bytes()
    {
        WireSerializer serializer = new((ExtendedActorSystem)Sys);
        Greeting greeting = new(GreetingKind.Challenge, "Grüße", Mine, Yours);

        Greeting read = (Greeting)serializer.FromBinary(serializer.ToBinary(greeting), serializer.Manifest(greeting));
        LinkFrames frames = new([7, 8]);

        Assert.Equal((greeting.Kind, greeting.Text), (read.Kind, read.Text));
        Assert.Equal(Mine, read.Nonce);
        Assert.Equal(Yours, read.Proof);
        object again = serializer.FromBinary(serializer.ToBinary(frames), serializer.Manifest(frames));
        Assert.Equal(frames.Bytes, ((LinkFrames)again).Bytes);
    }

    [Fact]
    public void Bytes_of_another_program_are_refused()
    {
        WireSerializer serializer = new((ExtendedActorSystem)Sys);

        Assert.Contains("disco-greeting/2", Assert.Throws<EnvelopeFormatException>(
            () => serializer.FromBinary([0], "disco-greeting/2")).Message, StringComparison.Ordinal);
        Assert.Throws<EnvelopeFormatException>(() => serializer.FromBinary([0, 255, 255], "disco-greeting/1"));
        Assert.Throws<EnvelopeFormatException>(() => serializer.FromBinary([], "disco-greeting/1"));
    }
}
