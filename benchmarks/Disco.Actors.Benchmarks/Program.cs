using BenchmarkDotNet.Running;
using Disco.Actors.Benchmarks;

// guests [PART] runs every whole guest once and prints its figures, smoke [PART] does so with tiny parameters;
// shootdowns [smoke] measures the shootdown protocols in virtual time; recording [smoke] [PART] what recording costs,
// replay [smoke|DELIVERIES] what one actor alone and a seek do; recordings [COUNT] [FIRST] records random runs and
// repeats them by every route;
// akka [smoke], built with -p:WithAkka=true, compares a message of the Akka engine with a bare one, by time and by
// processor time, and so does --filter *AkkaMessage*;
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
if (args is ["recordings", ..])
{
    int count = args.Length > 1 && int.TryParse(args[1], out int asked) ? asked : 1000;
    ulong first = args.Length > 2 && ulong.TryParse(args[2], out ulong from) ? from : 0;
    foreach (string line in RandomRecordings.Measure(count, first))
    {
        Console.WriteLine(line);
    }
    return;
}
if (args is ["replay", ..])
{
    bool smoke = args.Contains("smoke");
    long deliveries = args.Length > 1 && long.TryParse(args[1], out long number) ? number : 100_000_000;
    foreach (string line in ReplayCost.Actor(smoke).Concat(ReplayCost.Seek(smoke ? 1_000_000 : deliveries)))
    {
        Console.WriteLine(line);
    }
    return;
}
#if WITH_AKKA
if (args is ["akka", ..])
{
    foreach (string line in AkkaMessages.Measure(smoke: args.Length > 1 && args[1] == "smoke"))
    {
        Console.WriteLine(line);
    }
    return;
}
#endif
if (args is ["shootdowns", ..])
{
    foreach (string line in Shootdowns.Measure(smoke: args.Length > 1 && args[1] == "smoke"))
    {
        Console.WriteLine(line);
    }
    return;
}
BenchmarkSwitcher.FromAssembly(typeof(WholeGuests).Assembly).Run(args);
