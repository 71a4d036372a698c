using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>Saving and restoring.</summary>
public sealed partial class VirtualSwitch
{
    public override void Save(StateWriter writer)
    {
        Array.ForEach(_jobs, job => job.Save(writer));
        _memory.Save(writer);
        foreach (Port port in _ports.Values)
        {
            writer.Write("buffers", port.Buffers.Count);
            port.Buffers.ForEach(buffer => BufferState.Save(buffer, writer));
            writer.Write("received", port.Received);
            writer.Write("gone", port.Gone);
        }
        writer.Write("backlog", _backlog.Count);
        foreach (DeviceCall call in _backlog)
        {
            CallState.Save(call, writer);
        }
        writer.Write("detaching", _detaching.Count);
        foreach ((int vm, Address asker) in _detaching)
        {
            writer.Write("vm", vm);
            writer.Write("asker", (ulong)asker.Packed);
        }
        writer.Write("incomingBytes", _incoming.Count);
        writer.Write("incoming", _incoming.ToArray());
        writer.Write("arrived", _arrived.Count);
        foreach (byte[] message in _arrived)
        {
            writer.Write("arrivedBytes", message.Length);
            writer.Write("message", message);
        }
        Statistics.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        Array.ForEach(_jobs, job => job.Load(reader));
        _memory.Load(reader);
        foreach (Port port in _ports.Values)
        {
            port.Buffers.Clear();
            for (int left = reader.ReadInt32("buffers"); left > 0; left--)
            {
                port.Buffers.Add(BufferState.Load(reader)!);
            }
            port.Received = reader.ReadInt64("received");
            port.Gone = reader.ReadBool("gone");
        }
        _backlog.Clear();
        for (int left = reader.ReadInt32("backlog"); left > 0; left--)
        {
            _backlog.Add(CallState.Load(reader));
        }
        _detaching.Clear();
        for (int left = reader.ReadInt32("detaching"); left > 0; left--)
        {
            int vm = reader.ReadInt32("vm");
            _detaching.Add(vm, Core.Address.FromPacked((uint)reader.ReadUInt64("asker")));
        }
        byte[] incoming = new byte[reader.ReadInt32("incomingBytes")];
        reader.ReadBytes("incoming", incoming);
        _incoming.Clear();
        _incoming.AddRange(incoming);
        _arrived.Clear();
        for (int left = reader.ReadInt32("arrived"); left > 0; left--)
        {
            byte[] message = new byte[reader.ReadInt32("arrivedBytes")];
            reader.ReadBytes("message", message);
            _arrived.Add(message);
        }
        Statistics.Load(reader);
    }
}
