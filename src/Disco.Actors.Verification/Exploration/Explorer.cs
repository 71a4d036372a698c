using Disco.Actors.Core;

namespace Disco.Actors.Verification.Exploration;

/// <summary>What an exploration found.</summary>
/// <param name="States">Distinct states; pinned in tests, so that a change of the protocol shows.</param>
/// <param name="Steps">Steps between them.</param>
/// <param name="QuiescentStates">States with nothing under way.</param>
/// <param name="Depth">The longest of all shortest ways from the start.</param>
/// <param name="Violation">Null, or the shortest counterexample, a step a line.</param>
public sealed record Exploration(int States, int Steps, int QuiescentStates, int Depth, string? Violation);

/// <summary>
/// Visits every state of a model, in breadth. Checks in each what the model checks, that nothing is stuck, and that
/// from each the model can come to rest. States are told apart by a 64-bit hash.
/// </summary>
/// <typeparam name="TMove">The model's steps.</typeparam>
public sealed class Explorer<TMove>
    where TMove : struct
{
    private readonly IModel<TMove> _model;
    private readonly StatePacker _packer = new();
    private readonly StateUnpacker _unpacker = new();
    private readonly Dictionary<ulong, int> _visited = [];
    private readonly List<(int Parent, TMove Move)> _ways = [];
    private readonly List<(int From, int To)> _edges = [];
    private readonly List<int> _quiescent = [];
    private readonly int _statesMax;
    private byte[] _initial = [];

    /// <param name="model">In its first state.</param>
    /// <param name="statesMax">Exploring more is a bug of whoever asked.</param>
    public Explorer(IModel<TMove> model, int statesMax = 2_000_000)
    {
        _model = model;
        _statesMax = statesMax;
    }

    public Exploration Run()
    {
        Queue<(int State, byte[] Bytes, int Depth)> frontier = new();
        Visit(-1, default, 0, frontier);
        _initial = frontier.Peek().Bytes;
        int depth = 0;
        while (frontier.TryDequeue(out (int State, byte[] Bytes, int Depth) at))
        {
            depth = at.Depth;
            Restore(at.Bytes);
            foreach (TMove move in _model.Moves())
            {
                Restore(at.Bytes);
                string? broken = TryMake(move);
                if (broken is not null)
                {
                    return Result(depth, $"{Way(at.State)}{Step(at.Bytes, move)}\n{broken}");
                }
                int next = Visit(at.State, move, at.Depth + 1, frontier);
                _edges.Add((at.State, next));
            }
        }
        int stuck = FindStuck();
        return Result(depth, stuck < 0 ? null : $"{Way(stuck)}from here the model never comes to rest");
    }

    private Exploration Result(int depth, string? violation) =>
        new(_visited.Count, _edges.Count, _quiescent.Count, depth, violation);

    private void Restore(byte[] bytes)
    {
        _unpacker.Start(bytes);
        _model.Load(_unpacker);
    }

    private string? TryMake(TMove move)
    {
        try
        {
            _model.Make(move);
        }
        catch (InvariantBroken broken)
        {
            return broken.Message;
        }
        return _model.IsDeadlock ? "deadlock: nothing is under way and somebody waits" : null;
    }

    /// <summary>The number of the model's present state, entered in the frontier when it is new.</summary>
    private int Visit(int parent, TMove move, int depth, Queue<(int State, byte[] Bytes, int Depth)> frontier)
    {
        _packer.Clear();
        _model.Save(_packer);
        StateHash hash = new();
        hash.Write("state", _packer.Bytes);
        if (_visited.TryGetValue(hash.Value, out int known))
        {
            return known;
        }
        int state = _ways.Count;
        Invariant.Holds(state < _statesMax);
        _visited.Add(hash.Value, state);
        _ways.Add((parent, move));
        if (_model.IsQuiescent)
        {
            _quiescent.Add(state);
        }
        frontier.Enqueue((state, _packer.Bytes.ToArray(), depth));
        return state;
    }

    /// <summary>A state from which no quiescent one can be reached; -1 when there is none.</summary>
    private int FindStuck()
    {
        int states = _ways.Count;
        ILookup<int, int> into = _edges.ToLookup(edge => edge.To, edge => edge.From);
        bool[] ends = new bool[states];
        Queue<int> found = new(_quiescent);
        foreach (int state in _quiescent)
        {
            ends[state] = true;
        }
        while (found.TryDequeue(out int state))
        {
            foreach (int before in into[state])
            {
                if (!ends[before])
                {
                    ends[before] = true;
                    found.Enqueue(before);
                }
            }
        }
        return Array.IndexOf(ends, false);
    }

    /// <summary>The shortest way to a state in words, by walking it again.</summary>
    private string Way(int state)
    {
        Stack<TMove> moves = new();
        for (int at = state; _ways[at].Parent >= 0; at = _ways[at].Parent)
        {
            moves.Push(_ways[at].Move);
        }
        Restore(_initial);
        string text = "";
        foreach (TMove move in moves)
        {
            text += _model.Describe(move);
            _model.Make(move);
            text += $"   [{_model.Picture()}]\n";
        }
        return text;
    }

    private string Step(byte[] bytes, TMove move)
    {
        Restore(bytes);
        return _model.Describe(move);
    }
}
