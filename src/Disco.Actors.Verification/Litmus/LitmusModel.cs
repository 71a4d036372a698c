using System.Runtime.InteropServices;
using Disco.Actors.Core;

namespace Disco.Actors.Verification.Litmus;

/// <summary>
/// Sequential consistency by enumeration: every order of the CPUs' accesses, one after the other on one memory, and
/// what comes out. [Lamport 1979] It knows nothing of caches or of the machine's interpreter. A CPU's translations are
/// its own and change only by its own instructions; a conditional store may always fail.
/// </summary>
public sealed class LitmusModel
{
    public const int AsidsMax = 4;

    // Steps between two accesses; more are a loop without an end.
    private const int LocalStepsMax = 1000;
    private const int StatesMax = 5_000_000;

    private static readonly int Registers = LitmusRegisters.Values.Length;

    private readonly LitmusTest _test;
    private readonly HashSet<ulong> _visited = [];
    private readonly SortedSet<string> _outcomes = new(StringComparer.Ordinal);
    private readonly Stack<State> _left = new();

    private LitmusModel(LitmusTest test) => _test = test;

    /// <summary>All outcomes that some order gives, sorted.</summary>
    public static SortedSet<string> Outcomes(LitmusTest test) => new LitmusModel(test).Run();

    private SortedSet<string> Run()
    {
        State first = new(_test.Cpus, _test.Initial);
        for (int cpu = 0; cpu < _test.Cpus; cpu++)
        {
            RunLocally(first, cpu);
        }
        Push(first);
        while (_left.TryPop(out State? state))
        {
            bool ended = true;
            for (int cpu = 0; cpu < _test.Cpus; cpu++)
            {
                if (state.Next[cpu] < _test.Threads[cpu].Length)
                {
                    ended = false;
                    Step(state, cpu);
                }
            }
            if (ended)
            {
                _outcomes.Add(_test.OutcomeOf(place => ValueOf(state, place)));
            }
        }
        return _outcomes;
    }

    private void Step(State before, int cpu)
    {
        LitmusInstruction one = _test.Threads[cpu][before.Next[cpu]];
        State state = before.Copy();
        int word = WordOf(state, cpu, one.First);
        ref ulong register = ref state.Values[(cpu * Registers) + one.Target];
        switch (one.Op)
        {
            case LitmusOp.Load:
                register = state.Memory[word];
                break;
            case LitmusOp.LoadLinked:
                register = state.Memory[word];
                state.Links[cpu] = word + 1;
                break;
            case LitmusOp.Store:
                Store(state, word, register);
                break;
            case LitmusOp.StoreConditional:
                if (state.Links[cpu] == word + 1)
                {
                    State succeeds = before.Copy();
                    ref ulong result = ref succeeds.Values[(cpu * Registers) + one.Target];
                    Store(succeeds, word, result);
                    result = 1;
                    End(succeeds, cpu);
                }
                register = 0;
                state.Links[cpu] = 0;
                break;
            default:
                Invariant.Broken($"{one.Op} is no access");
                break;
        }
        End(state, cpu);
    }

    private void End(State state, int cpu)
    {
        state.Values[(cpu * Registers) + Registers - 1] = 0;
        state.Next[cpu]++;
        RunLocally(state, cpu);
        Push(state);
    }

    private static void Store(State state, int word, ulong value)
    {
        state.Memory[word] = value;
        for (int cpu = 0; cpu < state.Links.Length; cpu++)
        {
            state.Links[cpu] = state.Links[cpu] == word + 1 ? 0 : state.Links[cpu];
        }
    }

    /// <summary>What no other CPU can notice happens at once.</summary>
    private void RunLocally(State state, int cpu)
    {
        LitmusInstruction[] thread = _test.Threads[cpu];
        Span<ulong> values = state.Values.AsSpan(cpu * Registers, Registers);
        for (int steps = 0; state.Next[cpu] < thread.Length; steps++)
        {
            LitmusInstruction one = thread[state.Next[cpu]];
            if (one.IsAccess)
            {
                return;
            }
            if (steps == LocalStepsMax)
            {
                throw new FormatException($"{_test.Name}: CPU {cpu} loops for ever without an access");
            }
            int next = state.Next[cpu] + 1;
            switch (one.Op)
            {
                case LitmusOp.LoadImmediate:
                    values[one.Target] = (ulong)one.Value;
                    break;
                case LitmusOp.Move:
                    values[one.Target] = values[one.First];
                    break;
                case LitmusOp.AddImmediate:
                    values[one.Target] = values[one.First] + (ulong)(long)one.Value;
                    break;
                case LitmusOp.Add:
                    values[one.Target] = values[one.First] + values[one.Second];
                    break;
                case LitmusOp.Xor:
                    values[one.Target] = values[one.First] ^ values[one.Second];
                    break;
                case LitmusOp.BranchZero:
                    next = values[one.First] == 0 ? one.Value : next;
                    break;
                case LitmusOp.BranchNotZero:
                    next = values[one.First] != 0 ? one.Value : next;
                    break;
                case LitmusOp.Branch:
                    next = one.Value;
                    break;
                case LitmusOp.Map:
                    state.Pages[SlotOf(state, cpu, one.Target)] = (byte)(one.First + 1);
                    break;
                case LitmusOp.Flush:
                    state.Pages.AsSpan(cpu * State.PagesOfCpu, State.PagesOfCpu).Clear();
                    break;
                case LitmusOp.Asid:
                    state.Asids[cpu] = (byte)one.Value;
                    break;
            }
            values[Registers - 1] = 0;
            state.Next[cpu] = next;
        }
    }

    private int WordOf(State state, int cpu, int pointer)
    {
        if (pointer < LitmusRegisters.FirstPage)
        {
            return pointer;
        }
        int word = state.Pages[SlotOf(state, cpu, pointer - LitmusRegisters.FirstPage)];
        return word > 0
            ? word - 1
            : throw new FormatException(
                $"{_test.Name}: CPU {cpu} may use {LitmusRegisters.Pointers[pointer]} where it is not mapped");
    }

    private static int SlotOf(State state, int cpu, int page) =>
        (cpu * State.PagesOfCpu) + (state.Asids[cpu] * State.PagesOfSpace) + page;

    private void Push(State state)
    {
        Invariant.Holds(_visited.Count < StatesMax);
        if (_visited.Add(state.Hash()))
        {
            _left.Push(state);
        }
    }

    private static ulong ValueOf(State state, string place)
    {
        string[] parts = place.Split(':');
        return parts.Length == 1
            ? state.Memory[Array.IndexOf(LitmusRegisters.WordNames, place)]
            : state.Values[(int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) * Registers)
                + Array.IndexOf(LitmusRegisters.Values, parts[1])];
    }

    private sealed class State(int cpus, ulong[] initial)
    {
        public const int PagesOfSpace = 2;
        public const int PagesOfCpu = AsidsMax * PagesOfSpace;

        public int[] Next { get; private init; } = new int[cpus];

        /// <summary>The word linked, plus 1.</summary>
        public int[] Links { get; private init; } = new int[cpus];

        public ulong[] Values { get; private init; } = new ulong[cpus * Registers];

        public ulong[] Memory { get; private init; } = [.. initial];

        /// <summary>By CPU, address space and page: the word it leads to, plus 1.</summary>
        public byte[] Pages { get; private init; } = new byte[cpus * PagesOfCpu];

        public byte[] Asids { get; private init; } = new byte[cpus];

        public State Copy() => new(Next.Length, Memory)
        {
            Next = [.. Next], Links = [.. Links], Values = [.. Values], Pages = [.. Pages], Asids = [.. Asids],
        };

        public ulong Hash()
        {
            StateHash hash = new();
            hash.Write("next", MemoryMarshal.AsBytes(Next.AsSpan()));
            hash.Write("links", MemoryMarshal.AsBytes(Links.AsSpan()));
            hash.Write("values", MemoryMarshal.AsBytes(Values.AsSpan()));
            hash.Write("memory", MemoryMarshal.AsBytes(Memory.AsSpan()));
            hash.Write("pages", Pages);
            hash.Write("asids", Asids);
            return hash.Value;
        }
    }
}
