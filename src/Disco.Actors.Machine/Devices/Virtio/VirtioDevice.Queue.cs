using System.Buffers.Binary;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <content>
/// Works off the queues, one request at a time. Every access to memory is a move that may have to wait; the phase says
/// what the present move is for. [VIRTIO 1.2, 2.7]
/// </content>
public abstract partial class VirtioDevice
{
    protected const int BufferBytes = 4096;

    private const ushort NoInterruptFlag = 1;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly List<Descriptor> _chain = [];
    private QueuePhase _phase;
    private bool _moves;
    private DmaTransfer _transfer;
    private int _queue;
    private ushort _head;
    private uint _written;

    // A request has been given back, and the driver has not been told.
    private bool _interruptOwed;

    private enum QueuePhase : byte
    {
        Idle,
        AvailableIndex,
        AvailableEntry,
        ChainDescriptor,

        /// <summary>The request is the device's: it moves its data, or takes its time.</summary>
        Request,
        UsedEntry,
        UsedIndex,
    }

    /// <summary>What was moved, or is.</summary>
    protected Span<byte> Buffer => _buffer;

    /// <summary>The descriptors of the request under way.</summary>
    protected IReadOnlyList<Descriptor> Chain => _chain;

    /// <summary>The queue that the request under way is of.</summary>
    protected int Queue => _queue;

    /// <summary>True while the request is the device's and nothing is moved.</summary>
    protected bool TakesItsTime => _phase == QueuePhase.Request && !_moves;

    /// <summary>Are requests of the queue wanted now? Those that wait for input from outside are not always.</summary>
    protected virtual bool Wants(int queue) => true;

    /// <summary>
    /// The chain of a new request has been read: begin with it, by a move, by <see cref="Complete"/> or
    /// <see cref="Break"/>, or by a timer.
    /// </summary>
    protected abstract void Begin(Context context);

    /// <summary>The move of the request has been done: go on as in <see cref="Begin"/>.</summary>
    protected abstract void Moved(Context context);

    /// <summary>Begins to move bytes between memory and the buffer.</summary>
    protected void Move(ulong address, int bytes, bool toMemory) =>
        Move(QueuePhase.Request, address, bytes, toMemory);

    /// <summary>The request is done; so many bytes were written for the driver.</summary>
    protected void Complete(uint written)
    {
        ref readonly QueueState queue = ref _queues[_queue];
        _written = written;
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer, _head);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(4), _written);
        Move(QueuePhase.UsedEntry, queue.Used + 4 + (8 * (ulong)queue.Slot), 8, toMemory: true);
    }

    /// <summary>The driver has broken the rules: nothing more is done until it resets the device. [2.1.2]</summary>
    protected void Break()
    {
        _transport.Status |= StatusNeedsReset;
        _phase = QueuePhase.Idle;
        _moves = false;
    }

    /// <summary>Goes on with moves, then with the next requests, until something has to be waited for.</summary>
    protected void Work(Context context)
    {
        if (_phase == QueuePhase.Idle)
        {
            NextQueue();
        }
        while (_moves)
        {
            if (!_dma.Continue(ref _transfer, _buffer, context))
            {
                return;
            }
            _moves = false;
            AfterMove(context);
        }
        _dma.Settle(context);
    }

    private void Notify(uint queue, Context context)
    {
        if (queue < (uint)_queues.Length)
        {
            _queues[queue].Notified = true;
            if (_phase == QueuePhase.Idle)
            {
                Work(context);
            }
        }
    }

    /// <summary>A reset drops the request; a move that waits for a line ends without effect.</summary>
    private void ResetQueues()
    {
        _phase = QueuePhase.Idle;
        _moves = false;
        _interruptOwed = false;
        _transfer = default;
        _dma.Drop();
        _chain.Clear();
        Array.Clear(_queues);
        ResetRequest();
    }

    private void Move(QueuePhase phase, ulong address, int bytes, bool toMemory)
    {
        _phase = phase;
        _moves = true;
        _transfer = new DmaTransfer(address, bytes, toMemory);
        if (address > _dma.MemoryBytes - (ulong)bytes)
        {
            Break();
        }
    }

    // Turns to the first queue that may have a request.
    private void NextQueue()
    {
        _phase = QueuePhase.Idle;
        if ((_transport.Status & (StatusDriverOk | StatusNeedsReset)) != StatusDriverOk)
        {
            return;
        }
        for (int queue = 0; queue < _queues.Length; queue++)
        {
            if (_queues[queue].Notified && _queues[queue].IsUsable(_kind.QueueSize) && Wants(queue))
            {
                _queue = queue;
                Look();
                return;
            }
        }
    }

    // A notification that comes while the index is being read may be about what it does not show yet.
    private void Look()
    {
        _queues[_queue].Notified = false;
        Move(QueuePhase.AvailableIndex, _queues[_queue].Available, 4, toMemory: false);
    }

    /// <summary>The move of the present phase is complete: use it and begin the next.</summary>
    private void AfterMove(Context context)
    {
        ref QueueState queue = ref _queues[_queue];
        switch (_phase)
        {
            case QueuePhase.AvailableIndex:
                SeeAvailable(context);
                break;
            case QueuePhase.AvailableEntry:
                _head = Half(0);
                _chain.Clear();
                NextDescriptor(_head);
                break;
            case QueuePhase.ChainDescriptor:
                SeeDescriptor(context);
                break;
            case QueuePhase.Request:
                Moved(context);
                break;
            case QueuePhase.UsedEntry:
                queue.Seen++;
                BinaryPrimitives.WriteUInt16LittleEndian(_buffer, queue.Seen);
                Move(QueuePhase.UsedIndex, queue.Used + 2, 2, toMemory: true);
                break;
            case QueuePhase.UsedIndex:
                // The flag counts as it is after the index was written: the driver clears it, then looks at the index
                // once more, so one of the two sees the other. [2.7.7.2, 2.7.10]
                _interruptOwed = true;
                Look();
                break;
            case QueuePhase.Idle:
                Invariant.Broken($"{Address} moved nothing");
                break;
        }
    }

    private void SeeAvailable(Context context)
    {
        ref QueueState queue = ref _queues[_queue];
        if (_interruptOwed && (Half(0) & NoInterruptFlag) == 0)
        {
            _transport.InterruptStatus |= RingInterrupt;
            DriveLine(true, context);
        }
        _interruptOwed = false;
        bool isAny = Half(2) != queue.Seen;
        queue.Notified |= isAny;
        if (isAny && Wants(_queue))
        {
            Move(QueuePhase.AvailableEntry, queue.Available + 4 + (2 * (ulong)queue.Slot), 2, toMemory: false);
        }
        else
        {
            NextQueue();
        }
    }

    private void NextDescriptor(ushort index)
    {
        ref readonly QueueState queue = ref _queues[_queue];
        if (index >= queue.Size || _chain.Count == (int)queue.Size)
        {
            Break();
            return;
        }
        Move(QueuePhase.ChainDescriptor, queue.Descriptors + (Descriptor.Size * (ulong)index), Descriptor.Size,
            toMemory: false);
    }

    private void SeeDescriptor(Context context)
    {
        Descriptor descriptor = Descriptor.Parse(_buffer);
        _chain.Add(descriptor);
        if (descriptor.IsIndirect || !descriptor.IsIn(MemoryBytes))
        {
            Break();
        }
        else if (descriptor.HasNext)
        {
            NextDescriptor(descriptor.Next);
        }
        else
        {
            _phase = QueuePhase.Request;
            Begin(context);
        }
    }

    private ushort Half(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(offset));

    private void SaveQueues(StateWriter writer)
    {
        foreach (QueueState queue in _queues)
        {
            queue.Save(writer);
        }
        writer.Write("buffer", _buffer);
        writer.Write("phase", (ulong)_phase);
        writer.Write("moves", _moves);
        _transfer.Save(writer);
        writer.Write("queue", _queue);
        writer.Write("head", _head);
        writer.Write("written", _written);
        writer.Write("interruptOwed", _interruptOwed);
        writer.Write("chain", _chain.Count);
        foreach (Descriptor descriptor in _chain)
        {
            writer.Write("address", descriptor.Address);
            writer.Write("bytes", descriptor.Bytes);
            writer.Write("flags", descriptor.Flags);
            writer.Write("next", descriptor.Next);
        }
    }

    private void LoadQueues(StateReader reader)
    {
        foreach (ref QueueState queue in _queues.AsSpan())
        {
            queue.Load(reader);
        }
        reader.ReadBytes("buffer", _buffer);
        _phase = (QueuePhase)reader.ReadUInt64("phase");
        _moves = reader.ReadBool("moves");
        _transfer.Load(reader);
        _queue = reader.ReadInt32("queue");
        _head = (ushort)reader.ReadUInt64("head");
        _written = (uint)reader.ReadUInt64("written");
        _interruptOwed = reader.ReadBool("interruptOwed");
        _chain.Clear();
        int count = reader.ReadInt32("chain");
        for (int i = 0; i < count; i++)
        {
            _chain.Add(new Descriptor(
                reader.ReadUInt64("address"),
                (uint)reader.ReadUInt64("bytes"),
                (ushort)reader.ReadUInt64("flags"),
                (ushort)reader.ReadUInt64("next")));
        }
    }
}
