using Disco.Actors.Core;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Drivers;

/// <summary>What random drivers do together.</summary>
/// <param name="Words">Words to load and store; put several in a line for false sharing.</param>
/// <param name="Counters">Words to increment by LL and SC.</param>
/// <param name="Steps">Steps of each driver; increments begun are finished.</param>
/// <param name="DelayCyclesMax">The longest pause between steps.</param>
public sealed record TrafficPlan(MachineAddress[] Words, MachineAddress[] Counters, int Steps, int DelayCyclesMax);

/// <summary>
/// Loads, stores, increments and evictions in seeded random order (in the manner of gem5's RubyTester). Every store
/// has a value of its own, so that an observer knows which store a load saw.
/// </summary>
public sealed class RandomTraffic(int driver, TrafficPlan plan, ulong seed) : DriverProgram
{
    private SeededRandom _random = new(TotalOrder.Mix(seed ^ ((ulong)driver << 32)));
    private int _steps;
    private ulong _serial;

    // An increment under way: 0 none, 1 the LL is to come, 2 the SC is.
    private int _increment;
    private MachineAddress _counter;
    private ulong _linked;

    /// <summary>Increments that succeeded.</summary>
    public int Increments { get; private set; }

    public override bool TryNext(out DriverStep step)
    {
        step = default;
        if (_increment == 2)
        {
            step = new DriverStep(DriverAction.StoreConditional, _counter, _linked + 1, Delay(4));
            return true;
        }
        if (_increment == 1)
        {
            step = new DriverStep(DriverAction.LoadLinked, _counter, 0, Delay(plan.DelayCyclesMax));
            return true;
        }
        if (_steps++ >= plan.Steps)
        {
            return false;
        }
        step = Choose();
        return true;
    }

    public override void Performed(in DriverStep step, ulong value, bool succeeded)
    {
        if (step.Action == DriverAction.LoadLinked)
        {
            _linked = value;
            _increment = 2;
        }
        else if (step.Action == DriverAction.StoreConditional)
        {
            Increments += succeeded ? 1 : 0;
            _increment = succeeded ? 0 : 1;
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("random", _random.State);
        writer.Write("steps", _steps);
        writer.Write("serial", _serial);
        writer.Write("increment", _increment);
        writer.Write("counter", _counter.Value);
        writer.Write("linked", _linked);
        writer.Write("increments", Increments);
    }

    public override void Load(StateReader reader)
    {
        _random.State = reader.ReadUInt64("random");
        _steps = reader.ReadInt32("steps");
        _serial = reader.ReadUInt64("serial");
        _increment = reader.ReadInt32("increment");
        _counter = new MachineAddress(reader.ReadUInt64("counter"));
        _linked = reader.ReadUInt64("linked");
        Increments = reader.ReadInt32("increments");
    }

    private DriverStep Choose()
    {
        int dice = _random.Below(20);
        MachineAddress word = plan.Words[_random.Below(plan.Words.Length)];
        if (dice < 3 && plan.Counters.Length > 0)
        {
            _counter = plan.Counters[_random.Below(plan.Counters.Length)];
            _increment = 1;
            return new DriverStep(DriverAction.LoadLinked, _counter, 0, Delay(plan.DelayCyclesMax));
        }
        if (dice == 3)
        {
            return new DriverStep(DriverAction.Evict, word, 0, 0);
        }
        if (dice < 11)
        {
            _serial++;
            ulong value = ((ulong)(driver + 1) << 32) | _serial;
            return new DriverStep(DriverAction.Store, word, value, Delay(plan.DelayCyclesMax));
        }
        return new DriverStep(DriverAction.Load, word, 0, Delay(plan.DelayCyclesMax));
    }

    private int Delay(int cyclesMax) => _random.OneIn(2) ? 0 : _random.Below(cyclesMax + 1);
}
