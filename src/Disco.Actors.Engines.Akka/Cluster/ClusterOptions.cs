using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Disco.Actors.Core;

namespace Disco.Actors.Engines.Akka.Cluster;

/// <summary>How the processes of one machine find and trust each other.</summary>
public sealed record ClusterOptions
{
    /// <summary>All families of messages the program knows, whether or not the machine has them.</summary>
    public required IReadOnlyList<MessageFamily> Families { get; init; }

    /// <summary>Processes, the coordinator among them.</summary>
    public int Members { get; init; } = 1;

    /// <summary>Where this process listens.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 for any.</summary>
    public int Port { get; init; } = 4053;

    /// <summary>All processes must have the same; empty for none.</summary>
    public string Secret { get; init; } = "";

    /// <summary>A PKCS #12 file for TLS; empty for none.</summary>
    public string CertificateFile { get; init; } = "";

    public string CertificatePassword { get; init; } = "";

    /// <summary>How long the coordinator waits for all, and a member for the coordinator.</summary>
    public TimeSpan JoinWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a process of the run may be silent before it is taken for gone.</summary>
    public TimeSpan AnswerWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Over all of the configuration.</summary>
    internal string Overrides { get; init; } = "";

    /// <summary>Told of the actor system of a member.</summary>
    internal Action<ActorSystem>? Started { get; init; }

    /// <summary>What every address of the cluster begins with; Akka has another one for TLS.</summary>
    internal string Protocol => CertificateFile.Length == 0 ? "akka.tcp" : "akka.ssl.tcp";

    /// <summary>Over hocon/engines/akka-cluster.conf and akka.conf.</summary>
    internal Config ToConfig(int threads, string role)
    {
        string tls = CertificateFile.Length == 0 ? "" : $$"""
            akka.remote.dot-netty.tcp.enable-ssl = true
            akka.remote.dot-netty.tcp.ssl {
              suppress-validation = false
              certificate { path = {{Quoted(CertificateFile)}}, password = {{Quoted(CertificatePassword)}} }
            }
            """;
        string own = string.Create(CultureInfo.InvariantCulture, $$"""
            akka.remote.dot-netty.tcp.hostname = {{Quoted(Host)}}
            akka.remote.dot-netty.tcp.port = {{Port}}
            akka.cluster.roles = [{{role}}]
            {{Pacer.Dispatcher}}.blocking-threads = {{threads}}

            """);
        return ConfigurationFactory.ParseString(Overrides)
            .WithFallback(ConfigurationFactory.ParseString(own + tls))
            .WithFallback(ConfigurationFactory.ParseString(AkkaEngine.TextOf("akka-cluster.conf")))
            .WithFallback(AkkaEngine.ConfigurationOf(threads));
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
