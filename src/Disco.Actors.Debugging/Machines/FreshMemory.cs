using Disco.Actors.Core;
using Disco.Actors.Engines;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Debugging.Machines;

/// <summary>
/// The machine's memory as its processors would find it: of each line the freshest copy, whether that is in a cache,
/// on its way in a message, or in memory. Looking changes nothing.
/// </summary>
public sealed unsafe class FreshMemory(Multiprocessor hardware, Engine engine)
{
    private readonly int _lineBytes = hardware.Cpus.Select(cpu => cpu.Cache).OfType<CoherentCache>()
        .Select(cache => cache.LineBytes).FirstOrDefault(Page.Bytes);

    /// <summary>False when not all of it is memory.</summary>
    public bool TryRead(MachineAddress address, Span<byte> into)
    {
        while (into.Length > 0)
        {
            if (address.Value >= hardware.Memory.Bytes)
            {
                return false;
            }
            LineAddress line = LineAddress.Of(address, _lineBytes);
            int offset = (int)(address.Value - line.Value);
            int length = Math.Min(into.Length, _lineBytes - offset);
            ReadLine(line, offset, into[..length]);
            into = into[length..];
            address = new MachineAddress(address.Value + (ulong)length);
        }
        return true;
    }

    /// <summary>
    /// Changes the bytes in memory and in every copy. False when they are not memory, or when a line is on its way
    /// between two caches: it can be changed a little later.
    /// </summary>
    public bool TryWrite(MachineAddress address, ReadOnlySpan<byte> bytes)
    {
        if (address.Value + (ulong)bytes.Length > hardware.Memory.Bytes || IsUnderWay(address, bytes.Length))
        {
            return false;
        }
        hardware.Memory.Write(address, bytes);
        for (int i = 0; i < bytes.Length; i++)
        {
            MachineAddress at = new(address.Value + (ulong)i);
            LineAddress line = LineAddress.Of(at, _lineBytes);
            foreach (ICopyHolder holder in hardware.Fabric.Holders)
            {
                if (holder.CopyOf(line, out byte* copy) != CopyWorth.None)
                {
                    copy[at.Value - line.Value] = bytes[i];
                }
            }
        }
        foreach (Cpu cpu in hardware.Cpus)
        {
            cpu.Core.DropCode(address.Value, bytes.Length);
        }
        return true;
    }

    /// <summary>Who has a copy, the line's state there, in order of agent.</summary>
    public IEnumerable<(Address Owner, CacheState State)> CopiesOf(LineAddress line) =>
        from holder in hardware.Fabric.Holders.OfType<CoherentCache>()
        let state = holder.StateOf(line)
        where state != CacheState.I
        select (hardware.Fabric.AgentAt(holder.Agent), state);

    public LineAddress LineOf(MachineAddress address) => LineAddress.Of(address, _lineBytes);

    private void ReadLine(LineAddress line, int offset, Span<byte> into)
    {
        CopyWorth best = CopyWorth.None;
        byte* bytes = null;
        foreach (ICopyHolder holder in hardware.Fabric.Holders)
        {
            CopyWorth worth = holder.CopyOf(line, out byte* copy);
            if (worth > best)
            {
                best = worth;
                bytes = copy;
            }
        }
        if (bytes is not null)
        {
            new ReadOnlySpan<byte>(bytes + offset, into.Length).CopyTo(into);
            return;
        }
        hardware.Memory.Read(new MachineAddress(line.Value + (ulong)offset), into);
        CopyUnderWay(line, offset, into);
    }

    // Nobody has a copy: the last owner's may be on its way, to the next owner or home.
    private void CopyUnderWay(LineAddress line, int offset, Span<byte> into)
    {
        if (hardware.Fabric.Holders.Count == 0)
        {
            return;
        }
        int best = 0;
        foreach (Envelope envelope in engine.UnderWay())
        {
            int worth = WorthOf(in envelope, line);
            if (worth > best)
            {
                best = worth;
                Payload payload = envelope.Payload;
                ((ReadOnlySpan<byte>)payload).Slice(offset, into.Length).CopyTo(into);
            }
        }
    }

    private bool IsUnderWay(MachineAddress address, int length) =>
        hardware.Fabric.Holders.Count > 0 && engine.UnderWay().Any(envelope =>
            envelope.Message.PayloadBytes > 0 && CoherenceMessage.IsOne(envelope.Message)
            && envelope.Message.A + (ulong)_lineBytes > address.Value
            && envelope.Message.A < address.Value + (ulong)length);

    private static int WorthOf(in Envelope envelope, LineAddress line)
    {
        if (envelope.Message.PayloadBytes == 0 || !CoherenceMessage.IsOne(envelope.Message)
            || envelope.Message.A != line.Value)
        {
            return 0;
        }
        return CoherenceMessage.From(envelope.Message).Kind switch
        {
            CoherenceKind.DataModified => 3,
            CoherenceKind.DataExclusive => 2,
            CoherenceKind.PutDirty or CoherenceKind.SharingWritebackDirty or CoherenceKind.WriteLine => 1,
            _ => 0,
        };
    }
}
