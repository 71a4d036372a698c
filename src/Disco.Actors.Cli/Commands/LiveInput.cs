using Disco.Actors.Cli.Configuration;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Recording;

namespace Disco.Actors.Cli.Commands;

/// <summary>Something of the host that says things to a machine while it runs.</summary>
internal interface ILiveInput
{
    /// <summary>There is something to say, or the run is to end.</summary>
    bool IsWaiting { get; }

    /// <summary>The run is to end.</summary>
    bool Quits { get; }

    /// <summary>Says it.</summary>
    void Post(TypedKeys.Poster post, Cycle now);
}

/// <summary>Runs an engine, which stops where something comes from outside, and goes on.</summary>
internal static class LiveInput
{
    /// <summary>As <see cref="Engine.Run"/>, or as <see cref="Recorder.Run"/> where there is one.</summary>
    public static RunResult Run(
        Engine engine, Recorder? recorder, IReadOnlyList<ILiveInput> inputs, Cycle until, Func<bool> cancelled,
        Action<Progress> progress, bool isLast = true)
    {
        TypedKeys.Poster post = recorder is null ? engine.Post : recorder.Post;
        bool IsInterrupted() => cancelled() || inputs.Any(input => input.IsWaiting);
        bool GoesOn()
        {
            if (cancelled() || inputs.Any(input => input.Quits))
            {
                return false;
            }
            foreach (ILiveInput input in inputs)
            {
                input.Post(post, engine.Now);
            }
            return true;
        }
        if (recorder is not null)
        {
            return recorder.Run(until, IsInterrupted, progress, GoesOn, isLast);
        }
        while (true)
        {
            RunResult result = engine.Run(until, IsInterrupted, progress);
            if (result.Outcome != Outcome.Cancelled || !GoesOn())
            {
                return result;
            }
        }
    }
}
