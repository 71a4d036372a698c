using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>Saving and restoring.</summary>
public sealed partial class Scheduler
{
    private const ulong Nobody = ulong.MaxValue;

    // Who is to be told when a stopped VM has left.
    private readonly SortedDictionary<int, Address> _stopAskers = [];

    public override void Save(StateWriter writer)
    {
        writer.Write("tokens", _tokens.Count);
        foreach (VcpuToken token in _tokens.Values)
        {
            token.Save(writer);
        }
        _queue.Save(writer);
        foreach (CpuSeat seat in _seats)
        {
            writer.Write("seat", (ulong)seat.State);
            writer.Write("sitting", seat.Token is null ? Nobody : (ulong)seat.Token.Key);
            writer.Write("stat.last", seat.Last);
            writer.Write("preempted", seat.Preempted);
            writer.Write("seatSince", seat.Since);
        }
        foreach (int peer in _peers)
        {
            writer.Write("thief", (ulong)_thief[peer]);
            writer.Write("victim", (ulong)_victim[peer]);
        }
        for (int vm = 0; vm < VmsMax; vm++)
        {
            if (_stopped[vm])
            {
                writer.Write("stopped", vm);
            }
        }
        writer.Write("stopped", Nobody);
        writer.Write("stopAskers", _stopAskers.Count);
        foreach ((int vm, Address asker) in _stopAskers)
        {
            writer.Write("stopVm", vm);
            writer.Write("stopAsker", (ulong)asker.Packed);
        }
        writer.Write("slotArmed", _slotArmed);
        writer.Write("balanceDue", _balanceDue);
        writer.Write("balanceNext", _balanceNext);
        Statistics.Save(writer);
    }

    public override void Load(StateReader reader)
    {
        _tokens.Clear();
        int tokens = reader.ReadInt32("tokens");
        for (int i = 0; i < tokens; i++)
        {
            VcpuToken token = VcpuToken.Read(reader);
            _tokens.Add(token.Key, token);
        }
        _queue.Load(reader, _tokens);
        foreach (CpuSeat seat in _seats)
        {
            seat.State = (SeatState)reader.ReadUInt64("seat");
            ulong sitting = reader.ReadUInt64("sitting");
            seat.Token = sitting == Nobody ? null : _tokens[(int)sitting];
            seat.Last = reader.ReadInt32("stat.last");
            seat.Preempted = reader.ReadBool("preempted");
            seat.Since = reader.ReadInt64("seatSince");
        }
        foreach (int peer in _peers)
        {
            _thief[peer] = (ThiefState)reader.ReadUInt64("thief");
            _victim[peer] = (VictimState)reader.ReadUInt64("victim");
        }
        LoadStops(reader);
        _slotArmed = reader.ReadBool("slotArmed");
        _balanceDue = reader.ReadInt64("balanceDue");
        _balanceNext = reader.ReadInt32("balanceNext");
        Statistics.Load(reader);
    }

    private void LoadStops(StateReader reader)
    {
        Array.Clear(_stopped);
        for (ulong vm = reader.ReadUInt64("stopped"); vm != Nobody; vm = reader.ReadUInt64("stopped"))
        {
            _stopped[vm] = true;
        }
        _stopAskers.Clear();
        int askers = reader.ReadInt32("stopAskers");
        for (int i = 0; i < askers; i++)
        {
            int vm = reader.ReadInt32("stopVm");
            _stopAskers[vm] = Address.FromPacked((uint)reader.ReadUInt64("stopAsker"));
        }
    }
}
