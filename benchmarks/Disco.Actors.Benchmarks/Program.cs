using BenchmarkDotNet.Running;
using Disco.Actors.Benchmarks;

// guests [PART] runs every whole guest once and prints its figures, smoke [PART] does so with tiny parameters;
// anything else is BenchmarkDotNet's.
if (args is ["guests" or "smoke", ..])
{
    foreach (string line in WholeGuests.Measure(smoke: args[0] == "smoke", only: args.Length > 1 ? args[1] : ""))
    {
        Console.WriteLine(line);
    }
    return;
}
BenchmarkSwitcher.FromAssembly(typeof(WholeGuests).Assembly).Run(args);
