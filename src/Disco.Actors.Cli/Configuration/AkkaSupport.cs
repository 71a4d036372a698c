using Disco.Actors.Core;
using Disco.Actors.Engines;
#if WITH_AKKA
using Disco.Actors.Engines.Akka;
#endif

namespace Disco.Actors.Cli.Configuration;

/// <summary>The Akka engine, where this build has it.</summary>
internal static class AkkaSupport
{
#if WITH_AKKA
    public static void Check()
    {
    }

    public static Engine MakeEngine(World world, Experiment experiment) => new AkkaEngine(
        world,
        experiment.Options,
        new AkkaOptions
        {
            WindowCycles = experiment.AkkaWindowCycles,
            SliceCycles = experiment.AkkaSliceCycles,
        });
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
#endif
}
