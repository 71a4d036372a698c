using Disco.Actors.Core;
using Disco.Actors.Engines;
#if WITH_AKKA
using System.Text;
using System.Text.Json;
using Disco.Actors.Engines.Akka;
using Disco.Actors.Engines.Akka.Cluster;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Vmm.Boards;
#endif

namespace Disco.Actors.Cli.Configuration;

/// <summary>The Akka engine, where this build has it.</summary>
internal static class AkkaSupport
{
#if WITH_AKKA
    public static void Check()
    {
    }

    /// <summary>Errors: UserError when the processes it asks for do not come.</summary>
    public static Engine MakeEngine(World world, Experiment experiment)
    {
        if (experiment.ClusterMembers == 1)
        {
            return new AkkaEngine(world, experiment.Options, OptionsOf(experiment));
        }
        try
        {
            return new ClusterEngine(
                world, experiment.Options, OptionsOf(experiment), ClusterOf(experiment.Settings),
                JsonSerializer.SerializeToUtf8Bytes(Shared(experiment.Settings)), Log);
        }
        catch (ClusterException e)
        {
            throw new UserError(e.Message);
        }
    }

    /// <summary>One run as a member. Errors: UserError when the coordinator, or this process, refuses.</summary>
    /// <returns>What the program returns to the shell.</returns>
    public static int RunNode(Settings settings, string coordinator, CancellationToken asked)
    {
        MemberEnd end = MemberProcess.Run(
            ClusterOf(settings), (int)settings.Whole("engine.threads", 1, BoardConfig.CpusMax), coordinator, Build,
            Log, asked);
        switch (end.Kind)
        {
            case MemberEndKind.Good:
                return ExitCode.Success;
            case MemberEndKind.Asked:
                Log(UserError.Sentence(end.Reason).Message);
                return ExitCode.Interrupted;
            case MemberEndKind.Failed:
                Log(UserError.Sentence($"the run did not end well: {end.Reason}").Message);
                return ExitCode.RunFailed;
            case MemberEndKind.Refused:
                throw UserError.Sentence(end.Reason);
        }
        return Invariant.Unreachable<int>($"{end}");
    }

    private static Blueprint Build(byte[] shared)
    {
        Dictionary<string, string> values = JsonSerializer.Deserialize<Dictionary<string, string>>(shared) ?? [];
        Experiment experiment = Experiment.Of(Settings.Load(null, null, values));
        return new Blueprint(experiment.Build().World, experiment.Options, OptionsOf(experiment));
    }

    /// <summary>What makes the machine; not what belongs to one process.</summary>
    private static Dictionary<string, string> Shared(Settings settings) => settings.All
        .Where(setting => !setting.Key.StartsWith("engine.akka.cluster.", StringComparison.Ordinal))
        .ToDictionary(setting => setting.Key, setting => setting.Value);

    private static AkkaOptions OptionsOf(Experiment experiment) => new()
    {
        WindowCycles = experiment.AkkaWindowCycles,
        SliceCycles = experiment.AkkaSliceCycles,
    };

    private static ClusterOptions ClusterOf(Settings settings) => new()
    {
        Families = new DiscoMessageNames(new MachineMessageNames()).Families,
        Members = (int)settings.Whole("engine.akka.cluster.members", 1, 64),
        Host = settings.Text("engine.akka.cluster.host"),
        Port = (int)settings.Whole("engine.akka.cluster.port", 0, ushort.MaxValue),
        JoinWait = settings.HostTime("engine.akka.cluster.wait"),
        AnswerWait = settings.HostTime("engine.akka.cluster.answer-wait"),
        Secret = Contents(settings.Text("engine.akka.cluster.secret-file")),
        CertificateFile = settings.Text("engine.akka.cluster.certificate-file"),
        CertificatePassword = Contents(settings.Text("engine.akka.cluster.certificate-password-file")),
    };

    private static string Contents(string file)
    {
        try
        {
            return file.Length == 0 ? "" : File.ReadAllText(file, Encoding.UTF8).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The file '{file}' cannot be read: {e.Message}");
        }
    }

    private static void Log(string sentence) => Console.Error.WriteLine($"disco: {sentence}");
#else
    /// <summary>Errors: UserError, since this build is without.</summary>
    public static void Check() => throw new UserError(
        "The Akka engine is not in this build: build disco with -p:WithAkka=true, which takes Akka.NET from NuGet.");

    /// <summary>Errors: UserError, since this build is without.</summary>
    public static Engine MakeEngine(World world, Experiment experiment)
    {
        Check();
        return Invariant.Unreachable<Engine>($"{world.Actors.Length} actors, {experiment.Engine}");
    }

    /// <summary>Errors: UserError, since this build is without.</summary>
    public static int RunNode(Settings settings, string coordinator, CancellationToken asked)
    {
        Check();
        return Invariant.Unreachable<int>($"{settings} {coordinator} {asked}");
    }
#endif
}
