using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>
/// A virtio device whose requests take no time: what the driver wrote is read whole, and what the device says to it is
/// written into the rest of the chain. [VIRTIO 1.2, 2.6: device-readable before device-writable]
/// </summary>
public abstract class AnsweringDevice(Address address, int node, DeviceWiring wiring, VirtioKind kind, DmaPort dma)
    : VirtioDevice(address, node, wiring, kind, dma)
{
    // The largest frame of a network device with offloads, and more than any other device takes.
    private const int RequestBytesMax = 1 << 17;

    private readonly List<byte> _read = [];
    private byte[] _answer = [];
    private bool _asked;
    private bool _defers;
    private int _answered;
    private int _part;
    private uint _partDone;
    private int _moving;

    /// <summary>Does what a request asks for.</summary>
    /// <param name="request">What the driver wrote.</param>
    /// <param name="room">Bytes it has room for.</param>
    /// <param name="context">To act with.</param>
    /// <returns>What is written for it, no more than there is room.</returns>
    protected abstract byte[] Answer(ReadOnlySpan<byte> request, long room, Context context);

    /// <summary>Called by <see cref="Answer"/>: what it returns is written only after <see cref="Resume"/>.</summary>
    protected void Defer() => _defers = true;

    /// <summary>The request that was deferred can be answered.</summary>
    protected void Resume(Context context)
    {
        Invariant.Holds(_defers && TakesItsTime);
        _defers = false;
        _part = 0;
        Next(context);
        Work(context);
    }

    protected override void ResetRequest()
    {
        _defers = false;
        _read.Clear();
        _answer = [];
    }

    protected sealed override void Begin(Context context)
    {
        _read.Clear();
        _answer = [];
        _asked = false;
        _answered = 0;
        _part = 0;
        _partDone = 0;
        Next(context);
    }

    protected sealed override void Moved(Context context)
    {
        if (_asked)
        {
            _answered += _moving;
        }
        else
        {
            _read.AddRange(Buffer[.._moving]);
        }
        _partDone += (uint)_moving;
        Next(context);
    }

    protected override void SaveRequest(StateWriter writer)
    {
        writer.Write("reads", _read.Count);
        writer.Write("read", _read.ToArray());
        writer.Write("asked", _asked);
        writer.Write("defers", _defers);
        writer.Write("answers", _answer.Length);
        writer.Write("answer", _answer);
        writer.Write("answered", _answered);
        writer.Write("part", _part);
        writer.Write("partDone", _partDone);
        writer.Write("moving", _moving);
    }

    protected override void LoadRequest(StateReader reader)
    {
        byte[] read = new byte[reader.ReadInt32("reads")];
        reader.ReadBytes("read", read);
        _read.Clear();
        _read.AddRange(read);
        _asked = reader.ReadBool("asked");
        _defers = reader.ReadBool("defers");
        _answer = new byte[reader.ReadInt32("answers")];
        reader.ReadBytes("answer", _answer);
        _answered = reader.ReadInt32("answered");
        _part = reader.ReadInt32("part");
        _partDone = (uint)reader.ReadUInt64("partDone");
        _moving = reader.ReadInt32("moving");
    }

    // The next piece: to be read, then the answer, to be written as long as there is some of it left.
    private void Next(Context context)
    {
        while (_part < Chain.Count && (_partDone == Chain[_part].Bytes || Chain[_part].DeviceWrites != _asked))
        {
            _part++;
            _partDone = 0;
        }
        if (_part == Chain.Count && !_asked)
        {
            Ask(context);
            if (!_defers)
            {
                _part = 0;
                Next(context);
            }
            return;
        }
        int answer = _answer.Length - _answered;
        if (_part == Chain.Count || (_asked && answer == 0))
        {
            Complete((uint)_answered);
            return;
        }
        _moving = (int)Math.Min(BufferBytes, Chain[_part].Bytes - _partDone);
        if (_asked)
        {
            _moving = Math.Min(_moving, answer);
            _answer.AsSpan(_answered, _moving).CopyTo(Buffer);
        }
        if (_read.Count + _moving > RequestBytesMax)
        {
            Break();
        }
        else
        {
            Move(Chain[_part].Address + _partDone, _moving, toMemory: _asked);
        }
    }

    private void Ask(Context context)
    {
        _asked = true;
        long room = Chain.Where(part => part.DeviceWrites).Sum(part => (long)part.Bytes);
        _answer = Answer(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_read), room, context);
        Invariant.Holds(_answer.Length <= room);
    }
}
