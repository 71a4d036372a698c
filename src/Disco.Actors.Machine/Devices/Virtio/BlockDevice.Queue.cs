using System.Buffers.Binary;
using System.Numerics;
using Disco.Actors.Core;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <content>
/// Works off the request queue, one request at a time. Every access to memory is a move that may have to wait; the
/// phase says what the present move is for. [VIRTIO 1.2, 2.7]
/// </content>
public sealed partial class BlockDevice
{
    private const int BufferBytes = 4096;
    private const ushort NoInterruptFlag = 1;
    private const int IdBytes = 20;

    private const byte ResultOk = 0;
    private const byte ResultError = 1;
    private const byte ResultUnsupported = 2;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly List<Descriptor> _chain = [];
    private Phase _phase;
    private DmaTransfer _transfer;
    private ushort _availableSeen;
    private ushort _head;
    private bool _interruptWanted;
    private BlockRequest _request;

    // Of the data: which descriptor, how far in it, and in all.
    private int _part;
    private uint _partDone;
    private uint _written;
    private ulong _generation;

    private enum Phase : byte
    {
        Idle,
        AvailableIndex,
        AvailableEntry,
        ChainDescriptor,
        Header,

        /// <summary>The disk is at work; no move is under way.</summary>
        Service,
        Data,
        Result,
        UsedEntry,
        UsedIndex,
    }

    private bool QueueIsUsable =>
        (_transport.Status & (StatusDriverOk | StatusNeedsReset)) == StatusDriverOk
        && _transport.QueueReady != 0
        && BitOperations.IsPow2(_transport.QueueSize) && _transport.QueueSize <= QueueSizeMax;

    private void Notify(Context context)
    {
        if (_phase == Phase.Idle && QueueIsUsable)
        {
            Move(Phase.AvailableIndex, _transport.Available, 4, toMemory: false);
            Work(context);
        }
    }

    /// <summary>A reset drops the request; a move that waits for a line ends without effect.</summary>
    private void ResetQueue()
    {
        _phase = Phase.Idle;
        _transfer = default;
        _availableSeen = 0;
        _chain.Clear();
        _generation++;
    }

    private void Move(Phase phase, ulong address, int bytes, bool toMemory)
    {
        _phase = phase;
        _transfer = new DmaTransfer(address, bytes, toMemory);
        if (address > _dma.MemoryBytes - (ulong)bytes)
        {
            Break();
        }
    }

    // The driver has broken the rules: nothing more is done until it resets the device. [2.1.2]
    private void Break()
    {
        _transport.Status |= StatusNeedsReset;
        _phase = Phase.Idle;
    }

    private void Work(Context context)
    {
        while (_phase is not (Phase.Idle or Phase.Service))
        {
            if (!_dma.Continue(ref _transfer, _buffer, context))
            {
                return;
            }
            Moved(context);
        }
        _dma.Settle(context);
    }

    /// <summary>The move of the present phase is complete: use it and begin the next.</summary>
    private void Moved(Context context)
    {
        switch (_phase)
        {
            case Phase.AvailableIndex:
                SeeAvailable();
                break;
            case Phase.AvailableEntry:
                _head = Half(0);
                _chain.Clear();
                NextDescriptor(_head);
                break;
            case Phase.ChainDescriptor:
                SeeDescriptor();
                break;
            case Phase.Header:
                _request = BlockRequest.Decode(_buffer, _chain, _disk.Sectors);
                _phase = Phase.Service;
                context.After(_serviceCycles, TimerMessage.Of(TimerKind.WorkDue, 0, ++_generation));
                break;
            case Phase.Data:
                DataMoved();
                break;
            case Phase.Result:
                BinaryPrimitives.WriteUInt32LittleEndian(_buffer, _head);
                BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(4), _written);
                Move(Phase.UsedEntry,
                    _transport.Used + 4 + (8 * (ulong)(_availableSeen & (_transport.QueueSize - 1))), 8,
                    toMemory: true);
                break;
            case Phase.UsedEntry:
                _availableSeen++;
                BinaryPrimitives.WriteUInt16LittleEndian(_buffer, _availableSeen);
                Move(Phase.UsedIndex, _transport.Used + 2, 2, toMemory: true);
                break;
            case Phase.UsedIndex:
                Complete(context);
                break;
            case Phase.Idle:
            case Phase.Service:
                Invariant.Broken($"{Address} moved nothing");
                break;
        }
    }

    private void SeeAvailable()
    {
        _interruptWanted = (Half(0) & NoInterruptFlag) == 0;
        if (Half(2) == _availableSeen)
        {
            _phase = Phase.Idle;
            return;
        }
        uint slot = _availableSeen & (_transport.QueueSize - 1);
        Move(Phase.AvailableEntry, _transport.Available + 4 + (2 * (ulong)slot), 2, toMemory: false);
    }

    private void NextDescriptor(ushort index)
    {
        if (index >= _transport.QueueSize || _chain.Count == (int)_transport.QueueSize)
        {
            Break();
            return;
        }
        Move(Phase.ChainDescriptor, _transport.Descriptors + (Descriptor.Size * (ulong)index), Descriptor.Size,
            toMemory: false);
    }

    private void SeeDescriptor()
    {
        Descriptor descriptor = Descriptor.Parse(_buffer);
        _chain.Add(descriptor);
        if (descriptor.HasNext)
        {
            NextDescriptor(descriptor.Next);
        }
        else if (BlockRequest.IsChain(_chain, _dma.MemoryBytes))
        {
            Move(Phase.Header, _chain[0].Address, BlockRequest.HeaderBytes, toMemory: false);
        }
        else
        {
            Break();
        }
    }

    private void ServiceDue(ulong generation, Context context)
    {
        if (generation != _generation || _phase != Phase.Service)
        {
            return;
        }
        _part = 1;
        _partDone = 0;
        _written = 0;
        bool hasData = _request.Command is BlockCommand.Read or BlockCommand.Write or BlockCommand.GetId;
        if (hasData)
        {
            NextData();
        }
        else
        {
            WriteResult();
        }
        Work(context);
    }

    // The next piece of the data descriptors, all but the first and the last.
    private void NextData()
    {
        while (_part < _chain.Count - 1 && _partDone == _chain[_part].Bytes)
        {
            _part++;
            _partDone = 0;
        }
        if (_part == _chain.Count - 1)
        {
            WriteResult();
            return;
        }
        int bytes = (int)Math.Min(BufferBytes, _chain[_part].Bytes - _partDone);
        bool toMemory = _request.Command != BlockCommand.Write;
        if (_request.Command == BlockCommand.Read)
        {
            _disk.Read(_request.Offset, _buffer.AsSpan(0, bytes));
        }
        else if (_request.Command == BlockCommand.GetId)
        {
            bytes = Math.Min(bytes, IdBytes);
            _buffer.AsSpan(0, bytes).Clear();
            System.Text.Encoding.ASCII.GetBytes($"disco-{Address.Index}").AsSpan().CopyTo(_buffer);
        }
        Move(Phase.Data, _chain[_part].Address + _partDone, bytes, toMemory);
    }

    private void DataMoved()
    {
        int bytes = _transfer.Bytes;
        if (_request.Command == BlockCommand.Write)
        {
            _disk.Write(_request.Offset, _buffer.AsSpan(0, bytes));
        }
        else
        {
            _written += (uint)bytes;
        }
        _request = _request with { Offset = _request.Offset + bytes };
        _partDone = _request.Command == BlockCommand.GetId ? _chain[_part].Bytes : _partDone + (uint)bytes;
        NextData();
    }

    private void WriteResult()
    {
        _buffer[0] = _request.Command switch
        {
            BlockCommand.Refused => ResultError,
            BlockCommand.Unsupported => ResultUnsupported,
            _ => ResultOk,
        };
        _written++;
        Move(Phase.Result, _chain[^1].Address + _chain[^1].Bytes - 1, 1, toMemory: true);
    }

    private void Complete(Context context)
    {
        if (_interruptWanted)
        {
            _transport.InterruptStatus |= RingInterrupt;
            DriveLine(true, context);
        }
        Move(Phase.AvailableIndex, _transport.Available, 4, toMemory: false);
    }

    private ushort Half(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(offset));

    private void SaveQueue(StateWriter writer)
    {
        writer.Write("buffer", _buffer);
        writer.Write("phase", (ulong)_phase);
        _transfer.Save(writer);
        writer.Write("availableSeen", _availableSeen);
        writer.Write("head", _head);
        writer.Write("interruptWanted", _interruptWanted);
        writer.Write("command", (ulong)_request.Command);
        writer.Write("offset", _request.Offset);
        writer.Write("part", _part);
        writer.Write("partDone", _partDone);
        writer.Write("written", _written);
        writer.Write("generation", _generation);
        writer.Write("chain", _chain.Count);
        foreach (Descriptor descriptor in _chain)
        {
            writer.Write("address", descriptor.Address);
            writer.Write("bytes", descriptor.Bytes);
            writer.Write("flags", descriptor.Flags);
            writer.Write("next", descriptor.Next);
        }
    }

    private void LoadQueue(StateReader reader)
    {
        reader.ReadBytes("buffer", _buffer);
        _phase = (Phase)reader.ReadUInt64("phase");
        _transfer.Load(reader);
        _availableSeen = (ushort)reader.ReadUInt64("availableSeen");
        _head = (ushort)reader.ReadUInt64("head");
        _interruptWanted = reader.ReadBool("interruptWanted");
        _request = new BlockRequest((BlockCommand)reader.ReadUInt64("command"), reader.ReadInt64("offset"));
        _part = reader.ReadInt32("part");
        _partDone = (uint)reader.ReadUInt64("partDone");
        _written = (uint)reader.ReadUInt64("written");
        _generation = reader.ReadUInt64("generation");
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
