using BenchmarkDotNet.Running;
using Disco.Actors.Benchmarks;

// guests [PART] runs every whole guest once and prints its figures, smoke [PART] does so with tiny parameters;
// shootdowns [smoke] measures the shootdown protocols in virtual time; recording [smoke] [PART] what recording costs;
// anything else is BenchmarkDotNet's.
if (args is ["guests" or "smoke", ..])
{
    foreach (string line in WholeGuests.Measure(smoke: args[0] == "smoke", only: args.Length > 1 ? args[1] : ""))
    {
        Console.WriteLine(line);
    }
    return;
}
if (args is ["recording", ..])
{
    bool smoke = args.Contains("smoke");
    foreach (string line in RecordingCost.Measure(smoke, args.Skip(1).FirstOrDefault(word => word != "smoke") ?? ""))
    {
        Console.WriteLine(line);
    }
    return;
}
if (args is ["shootdowns", ..])
{
    foreach (string line in Shootdowns.Measure(smoke: args.Length > 1 && args[1] == "smoke"))
    {
        Console.WriteLine(line);
    }
    return;
}
BenchmarkSwitcher.FromAssembly(typeof(WholeGuests).Assembly).Run(args);
