using System.CommandLine;
using Disco.Actors.Cli.Configuration;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>disco node --join HOST:PORT</c>: runs a share of the nodes of a machine that <c>disco run</c> with
/// <c>engine.akka.cluster.members</c> has begun elsewhere. One run, then it ends.
/// </summary>
internal static class NodeCommand
{
    public static Command Create()
    {
        Option<string> join = new("--join")
        {
            Description = "where disco run waits, as it says itself",
            HelpName = "HOST:PORT",
            Required = true,
        };
        Option<string> threads = new("--threads") { Description = "host threads", HelpName = "N" };
        Option<string[]> set = new("--set", "-s")
        {
            Description = "set a key of this process, e.g. --set engine.akka.cluster.secret-file=FILE",
            HelpName = "KEY=VALUE",
        };
        Command command = new("node", "run a share of the nodes of a machine begun elsewhere (Akka)")
        {
            join, threads, set,
        };
        command.SetAction(parsed =>
        {
            AkkaSupport.Check();
            // Any port, unless another is asked for: the coordinator has the one of the configuration.
            Dictionary<string, string> values = new() { ["engine.akka.cluster.port"] = "0" };
            if (parsed.GetValue(threads) is { } count)
            {
                values["engine.threads"] = count;
            }
            Flags.AddPairs(parsed.GetValue(set) ?? [], values);
            string address = parsed.GetValue(join)!;
            int colon = address.LastIndexOf(':');
            if (colon <= 0 || !ushort.TryParse(address.AsSpan(colon + 1), out _))
            {
                throw new UserError($"--join {address}: write HOST:PORT, for example 127.0.0.1:4053.");
            }
            using CancellationTokenSource asked = new();
            using Interruption interruption = new(asked.Cancel);
            return AkkaSupport.RunNode(Settings.Load(null, null, values), address, asked.Token);
        });
        return command;
    }
}
