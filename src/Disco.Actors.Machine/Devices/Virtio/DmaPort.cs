using Disco.Actors.Core;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Memory;

namespace Disco.Actors.Machine.Devices.Virtio;

/// <summary>A move between memory and a device's buffer that may be under way.</summary>
public struct DmaTransfer(ulong address, int bytes, bool toMemory)
{
    public ulong Address = address;
    public int Bytes = bytes;
    public bool ToMemory = toMemory;

    /// <summary>Bytes moved so far.</summary>
    public int Done;

    public readonly void Save(StateWriter writer)
    {
        writer.Write("dmaAddress", Address);
        writer.Write("dmaBytes", Bytes);
        writer.Write("dmaToMemory", ToMemory);
        writer.Write("dmaDone", Done);
    }

    public void Load(StateReader reader)
    {
        Address = reader.ReadUInt64("dmaAddress");
        Bytes = reader.ReadInt32("dmaBytes");
        ToMemory = reader.ReadBool("dmaToMemory");
        Done = reader.ReadInt32("dmaDone");
    }
}

/// <summary>How a device reaches memory.</summary>
public abstract class DmaPort
{
    public abstract ulong MemoryBytes { get; }

    /// <summary>What a move that is not finished waits for.</summary>
    public virtual WaitsFor? WaitingFor => null;

    /// <summary>Bytes are still being moved, though it may be for nobody.</summary>
    public virtual bool IsUnderWay => false;

    /// <summary>Moves on; false when it has to wait for a message.</summary>
    public abstract bool Continue(ref DmaTransfer transfer, Span<byte> buffer, Context context);

    /// <summary>A coherence message for the device; true when the move can go on.</summary>
    public abstract bool Receive(in Envelope envelope, Context context);

    /// <summary>The move under way is not wanted any more; it may still wait for its message.</summary>
    public virtual void Drop()
    {
    }

    /// <summary>
    /// Its cache begins anew, as nodes are lost: a message to the device on which a move goes on; null for none.
    /// </summary>
    /// <param name="forgets">The move under way is not wanted any more.</param>
    public virtual Message? Recover(bool forgets) => null;

    /// <summary>What was granted and is not wanted any more is given up.</summary>
    public virtual void Settle(Context context)
    {
    }

    public virtual void Save(StateWriter writer)
    {
    }

    public virtual void Load(StateReader reader)
    {
    }
}

/// <summary>Through a small coherent cache of the device's own: GetS to read a line, GetX to write it.</summary>
public sealed unsafe class CoherentDma(CoherentCache cache, Fabric fabric) : DmaPort
{
    /// <summary>A device reads and writes in streams; a few lines are enough.</summary>
    public static CacheConfig CacheOf(int lineBytes) => new() { Second = new CacheShape(16 * lineBytes, 4, lineBytes) };

    public override ulong MemoryBytes => fabric.Homes.MemoryBytes;

    public override WaitsFor? WaitingFor => cache.WaitingFor;

    public override bool Continue(ref DmaTransfer transfer, Span<byte> buffer, Context context)
    {
        // A move that was dropped may still wait for its line.
        if (cache.Waiting)
        {
            return false;
        }
        while (transfer.Done < transfer.Bytes)
        {
            ulong address = transfer.Address + (ulong)transfer.Done;
            int length = Math.Min(
                transfer.Bytes - transfer.Done, cache.LineBytes - (int)(address % (ulong)cache.LineBytes));
            AccessKind kind = transfer.ToMemory ? AccessKind.Store : AccessKind.Load;
            byte* host = cache.Access(new MachineAddress(address), kind, context, out _);
            if (host is null)
            {
                return false;
            }
            DmaCopy.Move(host, buffer.Slice(transfer.Done, length), transfer.ToMemory);
            cache.AccessPerformed(context);
            transfer.Done += length;
        }
        return true;
    }

    public override bool Receive(in Envelope envelope, Context context) => cache.Receive(envelope, context);

    public override Message? Recover(bool forgets) => cache.Empty(forgets);

    public override void Settle(Context context) => cache.AccessPerformed(context);

    public override void Save(StateWriter writer) => cache.Save(writer);

    public override void Load(StateReader reader) => cache.Load(reader);
}

/// <summary>The bytes of the memory nodes directly: the fast fidelity.</summary>
public sealed unsafe class FastDma(MachineMemory memory) : DmaPort
{
    public override ulong MemoryBytes => memory.Bytes;

    public override bool Continue(ref DmaTransfer transfer, Span<byte> buffer, Context context)
    {
        if (transfer.ToMemory)
        {
            memory.Write(new MachineAddress(transfer.Address), buffer[..transfer.Bytes]);
        }
        else
        {
            memory.Read(new MachineAddress(transfer.Address), buffer[..transfer.Bytes]);
        }
        transfer.Done = transfer.Bytes;
        return true;
    }

    public override bool Receive(in Envelope envelope, Context context) =>
        Invariant.Unreachable<bool>($"a device without a cache received {envelope.Message}");
}

internal static unsafe class DmaCopy
{
    public static void Move(byte* host, Span<byte> buffer, bool toMemory)
    {
        if (toMemory)
        {
            buffer.CopyTo(new Span<byte>(host, buffer.Length));
        }
        else
        {
            new ReadOnlySpan<byte>(host, buffer.Length).CopyTo(buffer);
        }
    }
}
