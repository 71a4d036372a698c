using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Verification.Stress.Subjects;

/// <summary>
/// What observers know of a memory system: the serial of each word's latest store, which is its value, and who may
/// read or write each line. A load must return the latest value; of a line granted for once, none that was overwritten
/// before the load was asked for.
/// </summary>
internal sealed class CoherenceGhosts
{
    public const int LineBytes = 32;

    private readonly int _nodes;
    private readonly int _lines;
    private readonly int _wordsPerLine;
    private readonly ulong[] _latest;

    // By agent and word: the latest value when the agent's access began to wait.
    private readonly ulong[] _since;
    private readonly ulong[] _readers;
    private readonly ulong[] _writers;
    private ulong _serial;

    public CoherenceGhosts(Shape shape)
    {
        _nodes = shape.Nodes;
        _lines = shape.Lines;
        _wordsPerLine = shape.WordsPerLine;
        _latest = new ulong[_lines * _wordsPerLine];
        _since = new ulong[shape.Cpus * _latest.Length];
        _readers = new ulong[_lines];
        _writers = new ulong[_lines];
    }

    /// <summary>Whose events are counted.</summary>
    public required Subject Owner { get; init; }

    public int Words => _latest.Length;

    public ulong Latest(int word) => _latest[word];

    public LineAddress LineAt(int line) =>
        new(((ulong)(line % _nodes) << Page.Shift) + ((ulong)(line / _nodes) * LineBytes));

    /// <summary>Lines are dealt to the nodes; the last words of a line are used as well as the first.</summary>
    public MachineAddress AddressOf(int word)
    {
        int place = word % _wordsPerLine;
        ulong offset = place == 0 ? 0 : (ulong)(LineBytes - (place * sizeof(ulong)));
        return new MachineAddress(LineAt(word / _wordsPerLine).Value + offset);
    }

    public ulong NextValue(int word) => _latest[word] = ++_serial;

    public void Loaded(Address agent, int word, ulong value, bool once)
    {
        ulong oldest = once ? _since[(agent.Index * _latest.Length) + word] : _latest[word];
        if (value < _latest[word])
        {
            Owner.Happened(Sometimes.OldValueReadOnce);
        }
        if (value < oldest || value > _latest[word])
        {
            Invariant.Broken(
                $"{agent} loaded store {value} of word {word}; the latest is {_latest[word]}{(once ? ", once" : "")}");
        }
    }

    /// <summary>A conditional store is about to succeed.</summary>
    public void Conditional(Address agent, int word, ulong linked)
    {
        if (_latest[word] != linked)
        {
            Invariant.Broken(
                $"{agent} stores conditionally to word {word} what it linked at store {linked}; "
                + $"the latest is {_latest[word]}");
        }
    }

    public void Reported(Address agent, in TraceEvent traceEvent)
    {
        if (traceEvent.Kind == CoherenceTrace.Miss)
        {
            _latest.CopyTo(_since.AsSpan(agent.Index * _latest.Length));
        }
        else if (traceEvent.Kind == CoherenceTrace.CacheState)
        {
            Enter(agent, LineOf(traceEvent.A), (CacheState)(byte)traceEvent.B);
        }
    }

    public void Save(StateWriter writer)
    {
        writer.Write("latest", MemoryMarshal.AsBytes(_latest.AsSpan()));
        writer.Write("since", MemoryMarshal.AsBytes(_since.AsSpan()));
        writer.Write("readers", MemoryMarshal.AsBytes(_readers.AsSpan()));
        writer.Write("writers", MemoryMarshal.AsBytes(_writers.AsSpan()));
        writer.Write("serial", _serial);
    }

    public void Load(StateReader reader)
    {
        reader.ReadBytes("latest", MemoryMarshal.AsBytes(_latest.AsSpan()));
        reader.ReadBytes("since", MemoryMarshal.AsBytes(_since.AsSpan()));
        reader.ReadBytes("readers", MemoryMarshal.AsBytes(_readers.AsSpan()));
        reader.ReadBytes("writers", MemoryMarshal.AsBytes(_writers.AsSpan()));
        _serial = reader.ReadUInt64("serial");
    }

    private int LineOf(ulong address) =>
        (int)(address >> Page.Shift) + (_nodes * (int)((address & (Page.Bytes - 1)) / LineBytes));

    private void Enter(Address agent, int line, CacheState next)
    {
        ulong bit = 1UL << agent.Index;
        _readers[line] = With(bit, _readers[line], Observers.CopyRights.MayRead(next));
        _writers[line] = With(bit, _writers[line], Observers.CopyRights.MayWrite(next));
        if (_writers[line] != 0 && _readers[line] != (_writers[line] & (0 - _writers[line])))
        {
            Invariant.Broken(
                $"line {line} has a writer and another copy: readers {_readers[line]:x}, writers {_writers[line]:x}, "
                + $"{agent} enters {next}");
        }
    }

    private static ulong With(ulong bit, ulong who, bool may) => may ? who | bit : who & ~bit;
}
