using System.Runtime.InteropServices;
using Disco.Actors.Core;
using Disco.Actors.Machine.Boards;
using Disco.Actors.Machine.Caches;
using Disco.Actors.Machine.Cpus;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Simulation.Tests.Machines;

/// <summary>
/// The data-value invariant for CPUs, whose stores no trace shows: what a memory hands out is what the line's last
/// owner gave away, or what was loaded at the start.
/// </summary>
internal sealed class LineContents(Multiprocessor machine) : IObserver
{
    private readonly Dictionary<ulong, byte[]> _latest = [];
    private readonly int _lineBytes = machine.Config.Second.LineBytes;

    /// <summary>Lines that memories handed out.</summary>
    public long FromMemory { get; private set; }

    /// <summary>Lines that their owners gave away or handed on.</summary>
    public long FromOwners { get; private set; }

    public void Traced(Actor actor, Cycle cycle, in TraceEvent traceEvent)
    {
    }

    public void Delivered(in Envelope envelope, Actor actor)
    {
        // A message to another node passes a network actor; it counts where it arrives.
        bool isLine = CoherenceMessage.IsOne(envelope.Message) && envelope.Message.PayloadBytes != 0;
        if (!isLine || actor.Address.Role is not (Role.Cpu or Role.Directory))
        {
            return;
        }
        CoherenceMessage message = CoherenceMessage.From(envelope.Message);
        ReadOnlySpan<byte> bytes = ((ReadOnlySpan<byte>)envelope.Payload)[.._lineBytes];
        bool isVoid = actor is Cpu receiver
            ? receiver.Cache!.StateOf(message.Line) == CacheState.Once
            : machine.Cpus[message.Sender].Cache!.StateOf(message.Line) == CacheState.II;
        if (isVoid)
        {
            // Granted for one access that may see an older value; or a writeback whose bytes went to another cache
            // first, and which the home drops.
            return;
        }
        ref byte[] latest = ref Latest(message.Line);
        if (Fabric.SenderOf(envelope.Message).Role == Role.Cpu)
        {
            FromOwners++;
            latest = bytes.ToArray();
            return;
        }
        FromMemory++;
        if (!bytes.SequenceEqual(latest))
        {
            Invariant.Broken($"{actor.Address} was given an old copy of line {message.Line} at {envelope.Arrival}");
        }
    }

    private ref byte[] Latest(LineAddress line)
    {
        ref byte[]? latest = ref CollectionsMarshal.GetValueRefOrAddDefault(
            _latest, line.Value, out bool known);
        if (!known)
        {
            latest = new byte[_lineBytes];
            machine.Memory.Read(new MachineAddress(line.Value), latest);
        }
        return ref latest!;
    }
}
