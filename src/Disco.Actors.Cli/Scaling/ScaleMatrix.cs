using Disco.Actors.Cli.Configuration;
using Disco.Actors.Engines;

namespace Disco.Actors.Cli.Scaling;

/// <summary>All runs of one machine size at one thread count.</summary>
/// <param name="Runs">At least one, in the order they were made.</param>
/// <param name="SideBySideSeconds">Of <see cref="SideBySide"/> with as many machines as the cell has threads, one for
/// each run; empty when not asked for.</param>
internal sealed record ScaleCell(IReadOnlyList<ScaleRun> Runs, IReadOnlyList<double> SideBySideSeconds)
{
    public int Threads => Runs[0].Threads;

    /// <summary>The run in the middle when ordered by host time.</summary>
    public ScaleRun Median { get; } = MiddleOf(Runs, run => run.HostSeconds);

    /// <summary>Null when not asked for.</summary>
    public double? MedianSideBySideSeconds =>
        SideBySideSeconds.Count == 0 ? null : MiddleOf(SideBySideSeconds, seconds => seconds);

    public double FastestSeconds => Runs.Min(run => run.HostSeconds);

    public double SlowestSeconds => Runs.Max(run => run.HostSeconds);

    // Of an even number the lower one: a run that was made, not a mean.
    private static T MiddleOf<T>(IReadOnlyList<T> all, Func<T, double> by) =>
        all.OrderBy(by).ElementAt((all.Count - 1) / 2);
}

/// <summary>All cells of one machine size.</summary>
/// <param name="Cpus">Of the machine.</param>
/// <param name="Cells">In the order the thread counts were given.</param>
/// <param name="Prediction">What the run's own messages allow on more host cores; null when not asked for.</param>
/// <param name="IsExact">The order of messages is exact, so that every run ends in one state.</param>
internal sealed record ScaleSize(
    int Cpus, IReadOnlyList<ScaleCell> Cells, ScalePrediction? Prediction, bool IsExact = true)
{
    public ScaleRun Any => Cells[0].Runs[0];

    /// <summary>What a window added to the ways of messages: of the cell with the most threads.</summary>
    public WindowDelay Delay => Cells.MaxBy(cell => cell.Threads)!.Median.Delay;

    /// <summary>Of the run that took least: the first also pays for what later ones find compiled.</summary>
    public long ResidentBytes => Cells.SelectMany(cell => cell.Runs).Min(run => run.ResidentBytes);

    /// <summary>What the others are compared with: the fewest threads.</summary>
    public ScaleCell Base => Cells.MinBy(cell => cell.Threads)!;

    /// <summary>True when every run ended equally: also in one state, where order is exact.</summary>
    public bool Agrees => Cells.All(EndsEqually) && (!IsExact || HasOneState);

    /// <summary>True when every run ended in the same state.</summary>
    public bool HasOneState => Cells.SelectMany(cell => cell.Runs).Select(run => run.StateHash).Distinct().Count() == 1;

    /// <summary>True when all runs of a cell have the exit code and the output of the first cell's first.</summary>
    public bool EndsEqually(ScaleCell cell) => cell.Runs.All(run => run.End == Any.End);

    public double SpeedUp(ScaleCell cell) => Base.Median.HostSeconds / cell.Median.HostSeconds;

    public double Efficiency(ScaleCell cell) => SpeedUp(cell) / Math.Max(1, cell.Threads) * Math.Max(1, Base.Threads);

    /// <summary>
    /// How many times as much as one thread as many threads get done that have nothing to do with each other; null when
    /// not measured, or where no cell has one thread to compare with.
    /// </summary>
    public double? SideBySideSpeedUp(ScaleCell cell) =>
        cell.Threads * Cells.FirstOrDefault(other => other.Threads == 1)?.Median.HostSeconds
            / cell.MedianSideBySideSeconds;

    /// <summary>The prediction for a cell's thread count; null for a count it was not made for.</summary>
    public double? Predicted(ScaleCell cell) => Prediction?.SpeedUps
        .Where(speedUp => speedUp.Cores == Math.Max(1, cell.Threads))
        .Select(speedUp => (double?)speedUp.ByNode)
        .FirstOrDefault();
}

/// <summary>What a scaling run found.</summary>
/// <param name="Workload">What ran.</param>
/// <param name="Engine">Of the cells with host threads.</param>
/// <param name="Window"><c>exact</c>, or cycles.</param>
/// <param name="Processes">Each cell runs in so many.</param>
/// <param name="Repeats">Runs of each cell.</param>
/// <param name="Sizes">In the order given.</param>
internal sealed record ScaleMatrix(
    string Workload, EngineKind Engine, string Window, int Processes, int Repeats, IReadOnlyList<ScaleSize> Sizes)
{
    /// <summary>What it is a report of, in short.</summary>
    public string Title =>
        $"{Workload}, {EngineName} engine{(Processes == 1 ? "" : $", {Processes} processes")}, window {Window}";

    /// <summary>In lower case but for the proper name.</summary>
    public string EngineName => Engine == EngineKind.Akka ? "Akka" : "parallel";

    public bool IsExact => Engine != EngineKind.Akka;

    public bool Agrees => Sizes.All(size => size.Agrees);

    public bool HasSideBySide => Sizes.Any(size => size.Cells.Any(cell => cell.SideBySideSeconds.Count > 0));

    /// <summary>How much faster the guest gets, in virtual time, than on the first machine.</summary>
    public double SimulatedSpeedUp(ScaleSize size) =>
        (double)Sizes[0].Any.Figures.Cycles / size.Any.Figures.Cycles;
}
