using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Devices;

/// <summary>Saving and restoring.</summary>
public sealed partial class CowDisk
{
    public override void Save(StateWriter writer)
    {
        Array.ForEach(_jobs, job => job.Save(writer));
        _memory.Save(writer);
        _cache.Save(writer);
        writer.Write("logs", _logs.Count);
        foreach ((int vm, DiskLog log) in _logs)
        {
            writer.Write("vm", vm);
            log.Save(writer);
        }
        writer.Write("backlog", _backlog.Count);
        foreach (WaitingCall waiting in _backlog)
        {
            CallState.Save(waiting.Call, writer);
            writer.Write("pieces", waiting.Pieces.Length);
            Array.ForEach(waiting.Pieces, piece => writer.Write("piece", piece));
        }
        writer.Write("detaching", _detaching.Count);
        foreach ((int vm, Address asker) in _detaching)
        {
            writer.Write("vm", vm);
            writer.Write("asker", (ulong)asker.Packed);
        }
        writer.Write("lines", _lines.Count);
        foreach (int vm in _lines)
        {
            writer.Write("vm", vm);
        }
        writer.Write("armFree", _armFree);
        writer.Write("armSector", _armSector);
        Statistics.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        Array.ForEach(_jobs, job => job.Load(reader));
        _memory.Load(reader);
        _cache.Load(reader);
        _logs.Clear();
        for (int left = reader.ReadInt32("logs"); left > 0; left--)
        {
            DiskLog log = new();
            _logs.Add(reader.ReadInt32("vm"), log);
            log.Load(reader);
        }
        _backlog.Clear();
        for (int left = reader.ReadInt32("backlog"); left > 0; left--)
        {
            DeviceCall call = CallState.Load(reader);
            ulong[] pieces = new ulong[reader.ReadInt32("pieces")];
            for (int i = 0; i < pieces.Length; i++)
            {
                pieces[i] = reader.ReadUInt64("piece");
            }
            _backlog.Add(new WaitingCall(call, pieces));
        }
        _detaching.Clear();
        for (int left = reader.ReadInt32("detaching"); left > 0; left--)
        {
            int vm = reader.ReadInt32("vm");
            _detaching.Add(vm, Address.FromPacked((uint)reader.ReadUInt64("asker")));
        }
        _lines.Clear();
        for (int left = reader.ReadInt32("lines"); left > 0; left--)
        {
            _lines.Add(reader.ReadInt32("vm"));
        }
        _armFree = reader.ReadInt64("armFree");
        _armSector = reader.ReadInt64("armSector");
        Statistics.Load(reader);
    }
}
