using System.Reflection;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Shrinking;

namespace Disco.Actors.Cli.Stress;

/// <summary>
/// The code under stress: the shipping one, or its copy that can make mistakes. That copy has types of the same names,
/// so it is loaded when it is wanted and reached by text alone.
/// </summary>
internal sealed class StressEngine
{
    private const string MutatedFile = "Disco.Actors.Mutated.dll";

    private readonly RunDelegate _run;
    private readonly Func<string, bool, Action<string>?, string?> _repeat;
    private readonly Func<string, string> _draw;
    private readonly Func<string, string?> _waits;
    private readonly Func<string, string?> _deliveries;
    private readonly Func<string, int> _fewest;

    private StressEngine(Type port)
    {
        _run = Bind<RunDelegate>(port, nameof(StressPort.Run));
        _repeat = Bind<Func<string, bool, Action<string>?, string?>>(port, nameof(StressPort.Repeat));
        _draw = Bind<Func<string, string>>(port, nameof(StressPort.Draw));
        _waits = Bind<Func<string, string?>>(port, nameof(StressPort.Waits));
        _deliveries = Bind<Func<string, string?>>(port, nameof(StressPort.Deliveries));
        _fewest = Bind<Func<string, int>>(port, nameof(StressPort.FewestSteps));
    }

    private delegate string RunDelegate(
        string request, Action<long, long, double, ulong>? progress, Func<bool>? isCancelled);

    /// <summary>The engine that can make a mistake.</summary>
    /// <param name="mutant">None for the code that ships.</param>
    public static StressEngine For(string mutant)
    {
        if (mutant == nameof(Core.Mutant.None))
        {
            return new StressEngine(typeof(StressPort));
        }
        string file = Path.Combine(AppContext.BaseDirectory, MutatedFile);
        if (!File.Exists(file))
        {
            throw new UserError($"Mutants need {MutatedFile} beside the program; build src/Disco.Actors.Mutated.");
        }
        return new StressEngine(Assembly.LoadFrom(file).GetType(typeof(StressPort).FullName!, throwOnError: true)!);
    }

    public StressReport Run(
        StressRequest request, Action<long, long, double, ulong>? progress = null, Func<bool>? isCancelled = null) =>
        StressPort.Read<StressReport>(_run(StressPort.Write(request), progress, isCancelled));

    /// <summary>What breaks when a file's steps are repeated; null for nothing.</summary>
    public string? Repeat(string repro, bool withMutant, Action<string>? each) => _repeat(repro, withMutant, each);

    public string Draw(string repro) => _draw(repro);

    /// <summary>Who waits for whom, as a Mermaid graph, when a file's run has come to no end; null for any other.
    /// </summary>
    public string? Waits(string repro) => _waits(repro);

    /// <summary>What a file's run delivers; null for a whole machine.</summary>
    public DeliveredRun? Deliveries(string repro) =>
        _deliveries(repro) is { } run ? StressPort.Read<DeliveredRun>(run) : null;

    /// <summary>The fewest steps that break a file's rule; 0 when they were not found.</summary>
    public int FewestSteps(string repro) => _fewest(repro);

    private static T Bind<T>(Type port, string method)
        where T : Delegate => port.GetMethod(method)!.CreateDelegate<T>();
}
