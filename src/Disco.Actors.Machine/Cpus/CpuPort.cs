using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;
using Disco.Actors.Machine.Mips;

namespace Disco.Actors.Machine.Cpus;

/// <summary>
/// A core's memory port as its actor sees it: register accesses as messages, and the accesses no machine answers.
/// </summary>
public abstract unsafe class CpuPort(Address owner, Fabric fabric, DeviceMap devices) : MemoryPort
{
    // Where a core goes for a reset or an exception while Status.BEV is set. [MIPS64 Vol III, 6.2.2]
    private const ulong BootVectors = 0x1fc0_0000;
    private const ulong BootVectorsBytes = 0x1000;

    private DeviceAccess _device;
    private Context? _context;

    /// <summary>Set while the actor is being called; null otherwise.</summary>
    public Context? Context
    {
        get => _context;
        set => _context = value;
    }

    /// <summary>The core asked for an instruction where no handler can be: the guest has failed.</summary>
    public bool FetchedBootVector { get; private set; }

    /// <summary>Whom the core waits for; null when for nobody.</summary>
    public virtual WaitsFor? WaitingFor => _device.UnderWay
        ? new WaitsFor(devices.Find(_device.Physical)!.Device, $"register 0x{_device.Physical:x}")
        : null;

    /// <summary>True when the instruction that waited has to execute before a forwarded request is served.</summary>
    public virtual bool Granted => false;

    protected Address Owner { get; } = owner;

    protected Fabric Fabric { get; } = fabric;

    protected MipsCore Core { get; private set; } = null!;

    /// <summary>The context, moved to the cycle of the core's instruction.</summary>
    protected Context ContextNow
    {
        get
        {
            Context context = _context!;
            context.AdvanceTo(new Cycle(Core.Now));
            return context;
        }
    }

    /// <summary>Called once, by the actor that made both.</summary>
    public void Connect(MipsCore core) => Core = core;

    public sealed override PortStatus Device(
        ulong physical, Access access, int sizeBytes, ref ulong data, ref long stallCycles)
    {
        if (_device.TryTake(physical, out ulong value))
        {
            data = access == Access.Load ? value : data;
            return PortStatus.Ready;
        }
        if (devices.Find(physical) is not { } range)
        {
            return PortStatus.BusError;
        }
        Context context = ContextNow;
        UncachedMessage request = access == Access.Load
            ? UncachedMessage.Read(physical, sizeBytes, Owner)
            : UncachedMessage.Write(physical, data, sizeBytes, Owner);
        _device.Send(physical);
        Fabric.Send(context, Owner, range.Device, 0, request.Pack());
        return PortStatus.Blocked;
    }

    /// <summary>The reply of the register access under way; the core may be run again.</summary>
    public void Receive(in UncachedMessage reply) => _device.Answer(reply);

    /// <summary>Handles a message of the coherence family; true when the core may be run again.</summary>
    public abstract bool ReceiveCoherence(in Envelope envelope, Context context);

    /// <summary>The instruction that waited has executed.</summary>
    public virtual void Performed(Context context)
    {
    }

    public virtual void Save(StateWriter writer) => SaveAccess(writer);

    public virtual void Load(StateReader reader) => LoadAccess(reader);

    /// <summary>What is the same in every fidelity.</summary>
    internal void SaveAccess(StateWriter writer)
    {
        _device.Save(writer);
        writer.Write("fetchedBootVector", FetchedBootVector);
    }

    internal void LoadAccess(StateReader reader)
    {
        _device.Load(reader);
        FetchedBootVector = reader.ReadBool("fetchedBootVector");
    }

    /// <summary>
    /// There is no boot memory behind the boot vectors, also where RAM covers them: a core that gets there stays.
    /// Under a monitor the addresses are the machine's, and guests have their boot vectors elsewhere.
    /// </summary>
    protected bool IsBootVector(ulong physical, Access access)
    {
        if (access != Access.Fetch || physical - BootVectors >= BootVectorsBytes || Core.Monitor is not null)
        {
            return false;
        }
        FetchedBootVector = true;
        return true;
    }

    /// <summary>What answers outside memory. Instructions do not come from registers.</summary>
    protected PortStatus OutsideMemory(ulong physical, Access access) =>
        access != Access.Fetch && devices.Find(physical) is not null ? PortStatus.Device : PortStatus.BusError;
}
