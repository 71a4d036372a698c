using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Interconnect;

// Runs every ELF program of a folder bare on a one-CPU machine and counts those that power off with code 0.
// Usage: Disco.Actors.Conformance FOLDER [coherent|fast]
if (args.Length is 0 or > 2 || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("conformance: give a folder of ELF programs, and coherent or fast");
    return 2;
}

Fidelity fidelity = args is [_, "coherent"] ? Fidelity.Coherent : Fidelity.Fast;
string[] programs = [.. Directory.EnumerateFiles(args[0], "*.elf").Order(StringComparer.Ordinal)];
List<string> failures = [];
int done = 0;
Parallel.ForEach(programs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, program =>
{
    string outcome = Conformance.Run(program, fidelity);
    lock (failures)
    {
        done++;
        if (outcome.Length > 0)
        {
            failures.Add($"{Path.GetFileNameWithoutExtension(program)}: {outcome}");
        }
        if (!Console.IsErrorRedirected && done % 20 == 0)
        {
            Console.Error.Write($"\r{done} of {programs.Length}");
        }
    }
});
failures.Sort(StringComparer.Ordinal);
failures.ForEach(Console.WriteLine);
Console.WriteLine($"{programs.Length - failures.Count} passed, {failures.Count} failed");
return failures.Count == 0 ? 0 : 1;

internal static class Conformance
{
    /// <summary>Far more than any of the programs needs.</summary>
    private const long CyclesMax = 20_000_000_000;

    private static readonly BoardConfig Board = new()
    {
        Name = "one-cpu",
        Nodes = 1,
        Cpus = 1,
        Topology = TopologyKind.Uma,
        MemoryBytes = 64 << 20,
    };

    /// <summary>Empty for success, else what went wrong.</summary>
    public static string Run(string path, Fidelity fidelity)
    {
        try
        {
            ElfImage image = ElfImage.Parse(File.ReadAllBytes(path), Path.GetFileName(path));
            Multiprocessor machine = MachineBuilder.Build(Board with { Fidelity = fidelity }, image);
            DeterministicEngine engine = new(machine.World, new EngineOptions());
            RunResult result = engine.Run(new Cycle(CyclesMax));
            return result.Outcome == Outcome.Stopped && result.ExitCode == 0
                ? ""
                : $"{result.Outcome}, code {result.ExitCode}: {result.Reason}";
        }
        catch (Exception e) when (e is ElfException or BoardException)
        {
            return e.Message;
        }
    }
}
