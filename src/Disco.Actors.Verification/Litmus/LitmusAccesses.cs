using Disco.Actors.Core;
using Disco.Actors.Verification.Stress;
using Disco.Actors.Verification.Stress.Subjects;

namespace Disco.Actors.Verification.Litmus;

/// <summary>
/// A plain litmus test as operations of caches. The values that stress runs store are serial numbers; here they are
/// told from each other and translated back into the test's.
/// </summary>
internal sealed class LitmusAccesses
{
    private readonly LitmusTest _test;

    // By CPU, its accesses: a store's value, or the register that a load writes.
    private readonly List<(bool IsStore, ulong Value, int Register)>[] _accesses;

    // By CPU and register, the value of the last li after the last load; null when a load was last.
    private readonly ulong?[][] _constants;

    public LitmusAccesses(LitmusTest test)
    {
        Invariant.Holds(test.IsPlain);
        _test = test;
        _accesses = [.. test.Threads.Select(_ => new List<(bool, ulong, int)>())];
        _constants = [.. test.Threads.Select(_ => new ulong?[LitmusRegisters.Values.Length])];
        List<StressOp> ops = [];
        for (int cpu = 0; cpu < test.Cpus; cpu++)
        {
            Array.Fill(_constants[cpu], 0UL);
            foreach (LitmusInstruction one in test.Threads[cpu])
            {
                Read(one, cpu, ops);
            }
        }
        Ops = [.. ops];
        Words = test.Threads.Max(thread => thread.Where(one => one.IsAccess).Select(one => one.First).Max()) + 1;
    }

    public StressOp[] Ops { get; }

    public int Words { get; }

    /// <summary>The outcome of a subject that has run the operations and is at rest.</summary>
    public string OutcomeOf(Subject subject)
    {
        CoherenceSubject caches = (CoherenceSubject)subject;
        Dictionary<ulong, ulong> valueOf = [];
        for (int cpu = 0; cpu < _accesses.Length; cpu++)
        {
            for (int i = 0; i < _accesses[cpu].Count; i++)
            {
                if (_accesses[cpu][i].IsStore)
                {
                    valueOf.Add(caches.Observed(cpu)[i], _accesses[cpu][i].Value);
                }
            }
        }
        return _test.OutcomeOf(place =>
        {
            string[] parts = place.Split(':');
            if (parts.Length == 1)
            {
                int word = Array.IndexOf(LitmusRegisters.WordNames, place);
                return valueOf.TryGetValue(caches.LatestOf(word), out ulong value) ? value : _test.Initial[word];
            }
            int cpu = parts[0][0] - '0';
            int register = Array.IndexOf(LitmusRegisters.Values, parts[1]);
            if (_constants[cpu][register] is { } constant)
            {
                return constant;
            }
            int last = _accesses[cpu].FindLastIndex(access => !access.IsStore && access.Register == register);
            ulong serial = caches.Observed(cpu)[last];
            int loaded = Ops.Where(op => op.Actor == cpu).ElementAt(last).A;
            return valueOf.TryGetValue(serial, out ulong stored) ? stored : _test.Initial[loaded];
        });
    }

    private void Read(LitmusInstruction one, int cpu, List<StressOp> ops)
    {
        switch (one.Op)
        {
            case LitmusOp.LoadImmediate:
                _constants[cpu][one.Target] = (ulong)one.Value;
                break;
            case LitmusOp.Store:
                ops.Add(new StressOp(cpu, OpKind.Store, one.First));
                _accesses[cpu].Add((true, _constants[cpu][one.Target] ?? NotKnown(), one.Target));
                break;
            case LitmusOp.Load:
                ops.Add(new StressOp(cpu, OpKind.Load, one.First));
                _accesses[cpu].Add((false, 0, one.Target));
                _constants[cpu][one.Target] = null;
                break;
            default:
                // Nothing for a cache to do.
                break;
        }
    }

    private ulong NotKnown() => throw new FormatException(
        $"{_test.Name}: what was loaded is stored again, which caches alone cannot do");
}
