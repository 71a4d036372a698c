using System.CommandLine;
using System.Diagnostics;
using Disco.Actors.Cli.Configuration;
using Disco.Actors.Cli.Reports;
using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Tracing.Recording;
using Disco.Actors.Verification.Observers;

namespace Disco.Actors.Cli.Commands;

/// <summary>
/// <c>disco run</c>: builds the machine, runs the guest, reports. The guest's console goes to standard output, progress
/// and errors to standard error; with <c>--json</c> standard output is one JSON object and nothing else.
/// </summary>
internal static class RunCommand
{
    private const long FirstLookCycles = 1 << 12;
    private const long LastLookCycles = 1 << 17;

    public static Command Create()
    {
        Flags flags = new();
        Option<bool> json = new("--json") { Description = "print the report as one JSON object" };
        Option<bool> registers = new("--registers") { Description = "show all CPUs' registers at the end" };
        DiskSaveFlag disk = new();
        RecordFlags record = new();
        GdbFlag gdb = new();
        CheckFlag check = new();
        Command command = new("run", "boot a machine, run a guest on it, report") { json, registers };
        CheckpointFlags checkpoints = new();
        record.AddTo(command);
        checkpoints.AddTo(command);
        gdb.AddTo(command);
        disk.AddTo(command);
        check.AddTo(command);
        flags.AddTo(command);
        command.SetAction(parsed =>
        {
            Settings settings = flags.Load(parsed);
            Experiment experiment = Experiment.Of(settings);
            TimeSpan every = settings.HostTime("run.progress");
            RecordRequest? recording = record.Read(parsed, settings);
            CheckpointRequest checkpoint = checkpoints.Read(parsed, settings);
            if (recording is not null && checkpoint.From is not null)
            {
                throw new UserError("A recording starts at power-on: use --record without --checkpoint-load.");
            }
            if (recording is not null && experiment.Monitor?.Disks.FirstOrDefault(spec => spec.Persistent) is { } own)
            {
                throw new UserError($"A recording is repeated with the disks it began with, and '{own.Name}' is "
                    + "persistent: make it a shared disk (disk instead of persistent).");
            }
            if (gdb.Read(parsed) is { } listenAt)
            {
                if (recording is not null)
                {
                    throw new UserError(
                        "A run is recorded or debugged: record it with --record, then disco replay FILE --gdb PORT.");
                }
                if (experiment.Losses.Losses.Count > 0)
                {
                    throw new UserError("A run is debugged without run.lose: record it, then disco replay FILE "
                        + "--gdb PORT.");
                }
                experiment = experiment with { Engine = EngineKind.Deterministic, GdbAt = listenAt };
            }
            return Run(
                experiment, every, recording, checkpoint, disk.Read(parsed, experiment),
                check.Read(parsed, experiment), parsed.GetValue(json), parsed.GetValue(registers));
        });
        return command;
    }

    private static int Run(
        Experiment experiment, TimeSpan every, RecordRequest? record, CheckpointRequest checkpoint,
        string? diskTo, bool isChecked, bool json, bool registers)
    {
        if (experiment.Engine == EngineKind.Akka)
        {
            AkkaSupport.Check();
        }
        if (experiment.ClusterMembers > 1 && checkpoint.From is not null)
        {
            throw new UserError("A saved run goes on in one process: use --checkpoint-load without "
                + "engine.akka.cluster.members.");
        }
        BuiltMachine machine = experiment.Build();
        Engine engine = experiment.MakeEngine(machine.World);
        using IDisposable? owned = engine as IDisposable;
        checkpoint.Begin(experiment, machine, engine);
        RunChecks? checks = isChecked ? CheckFlag.Begin(machine, engine) : null;
        Cycle until = experiment.Until == Cycle.Never ? Cycle.Never : engine.Now + experiment.Until.Value;
        using Interruption interruption = new();
        Keyboard? keyboard = Keyboard.For(experiment, json);
        using Stream output = Console.OpenStandardOutput();
        using Stream? outside = experiment.Gateway.Open();
        using PortForwards? forwards = PortForwards.For(experiment);
        ILiveInput[] live = [.. new ILiveInput?[] { keyboard, forwards }.OfType<ILiveInput>()];
        GuestConsoles consoles = new(machine, json ? null : output, keyboard is not null)
        {
            Outside = outside, Forwards = forwards,
        };
        engine.OnOutput = consoles.Print;
        using Recorder? recorder = record?.Start(experiment, engine);
        bool shows = !json && keyboard is null && !Console.IsErrorRedirected;
        ProgressLine progress = new(machine.Hardware, every, enabled: shows)
        {
            Recorded = recorder is null ? null : () => recorder.BytesWritten,
        };
        MemoryPeak? peak = machine.Disco is { } disco ? new MemoryPeak(disco) : null;
        void Look(Progress at)
        {
            progress.Show(at);
            peak?.Look();
            consoles.Follow();
            keyboard?.KeepPace(
                at.Cycle, () => interruption.Requested || Array.Exists(live, input => input.IsWaiting));
        }
        Stopwatch watch = Stopwatch.StartNew();
        TypedKeys.Poster post = recorder is null ? engine.Post : recorder.Post;
        experiment.Keys.Type(post, engine.Now);
        experiment.Gateway.Send(post, engine.Now);
        RunResult result = experiment.GdbAt is not null
            ? DebuggedRun.Live(experiment, machine, (DeterministicEngine)engine, until, consoles.Print, interruption)
            : experiment.Losses.Run(engine, until, post, (limit, isLast) => live.Length > 0
                ? LiveInput.Run(engine, recorder, live, limit, () => interruption.Requested, Look, isLast)
                : recorder is null
                ? RunAndLook(engine, limit, interruption, peak, Look)
                : recorder.Run(limit, () => interruption.Requested, Look, isLast: isLast));
        watch.Stop();
        result = CheckFlag.End(checks, result);
        progress.Clear();
        consoles.Finish();

        recorder?.Dispose();
        RunReport report = RunReport.Of(experiment, machine, engine, result, watch.Elapsed, consoles, peak, checks);
        if (json)
        {
            Console.WriteLine(report.ToJson(registers, record?.Report(recorder!)));
        }
        else
        {
            report.Print(registers);
        }
        if (record is not null && !json)
        {
            Console.Error.WriteLine($"recorded in {record.File}: {recorder!.BytesWritten:N0} bytes, "
                + $"{recorder.BytesWritten / watch.Elapsed.TotalSeconds / (1 << 20):F1} MiB/s"
                + (recorder.RepeatsUntil is { } last ? $"; it ends at {last}, the last mark before the loss" : ""));
        }
        checkpoint.End(experiment, engine, result);
        if (diskTo is not null)
        {
            DiskSaveFlag.Save(machine, diskTo);
        }
        if (machine.Disco is not null && checkpoint.To is null && result.Outcome != Outcome.Faulted)
        {
            PersistentDisks.Keep(machine.Disco);
        }
        bool hasLost = machine.Disco?.Vms.Any(vm => vm.Processors.IsLost) == true;
        return hasLost && result.Outcome == Outcome.Stopped ? ExitCode.Lost : ExitCodeOf(experiment, result);
    }

    /// <summary>
    /// With virtual machines memory is looked at more often in the beginning, as small ones end soon.
    /// </summary>
    private static RunResult RunAndLook(
        Engine engine, Cycle until, Interruption interruption, MemoryPeak? peak, Action<Progress> look)
    {
        for (long step = FirstLookCycles; peak is not null && step < LastLookCycles; step += step / 4)
        {
            Cycle next = engine.Now + step;
            if (next.Value >= until.Value)
            {
                break;
            }
            RunResult result = engine.Run(next, () => interruption.Requested, look);
            if (result.Outcome != Outcome.ReachedLimit)
            {
                return result;
            }
        }
        return engine.Run(until, () => interruption.Requested, look);
    }

    private static int ExitCodeOf(Experiment experiment, RunResult result) => result.Outcome switch
    {
        // Who drives a guest by a script decides what its codes mean.
        Outcome.Stopped when experiment.Bare?.Script is not null
            || experiment.Monitor?.Vms.Any(vm => vm.Script is not null) == true => (byte)result.ExitCode,
        Outcome.Stopped => result.ExitCode == 0 ? ExitCode.Success : ExitCode.RunFailed,
        // Asked for with --for: a guest that still runs then is no failure.
        Outcome.ReachedLimit => ExitCode.Success,
        Outcome.Cancelled => ExitCode.Interrupted,
        Outcome.NoProgress or Outcome.Faulted => ExitCode.RunFailed,
    };
}
