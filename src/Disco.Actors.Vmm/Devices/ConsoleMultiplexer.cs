using System.Text;
using Disco.Actors.Core;
using Disco.Actors.Machine.Devices;
using Disco.Actors.Machine.Interconnect;

namespace Disco.Actors.Vmm.Devices;

/// <summary>
/// The one keyboard of the machine and the consoles of its virtual machines, <c>console/0</c>: what is typed goes to
/// the VM in focus. Ctrl-A and a digit chooses a VM, Ctrl-A n the next, Ctrl-A p the one before, Ctrl-A twice types it.
/// </summary>
public sealed class ConsoleMultiplexer : Actor
{
    public const byte Escape = 0x01;

    private readonly DeviceSetup _setup;
    private readonly Fabric _fabric;

    // State. Index in the setup of the VM in focus, VMs that have gone, and whether the next key is a command.
    private readonly bool[] _gone;
    private int _focus;
    private bool _escaped;

    /// <param name="node">Where it lives.</param>
    /// <param name="setup">With at least one VM.</param>
    /// <param name="fabric">The actor and the VMs' consoles must be placed in it.</param>
    public ConsoleMultiplexer(int node, DeviceSetup setup, Fabric fabric)
        : base(TheKeyboard, node)
    {
        Invariant.Holds(setup.Vms.Count > 0);
        _setup = setup;
        _fabric = fabric;
        _gone = new bool[setup.Vms.Count];
    }

    public static Address TheKeyboard => new(Role.Console, 0);

    /// <summary>The virtual machine that gets what is typed.</summary>
    public int Focus => _setup.Vms[_focus].Vm;

    /// <summary>The console of a virtual machine.</summary>
    public static Address ConsoleOf(int vm) => new(Role.Console, (ushort)(vm + 1));

    public override void Receive(in Envelope envelope, Context context)
    {
        ref readonly Message message = ref envelope.Message;
        switch (message.Kind)
        {
            case (ushort)UncachedKind.ConsoleInput:
                for (int i = 0; i < (int)message.B; i++)
                {
                    Key((byte)(message.A >> (8 * i)), context);
                }
                break;
            case (ushort)DeviceKind.Focus:
                FocusOn(IndexOf((int)message.A), context);
                break;
            case (ushort)DeviceKind.Detach:
                Leave((int)message.A, Fabric.SenderOf(message), context);
                break;
            default:
                Invariant.Broken($"{Address} received {VirtualDeviceNames.Describe(message)}");
                break;
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Write("focus", _focus);
        writer.Write("escaped", _escaped);
        Array.ForEach(_gone, gone => writer.Write("gone", gone));
    }

    public override void Load(StateReader reader)
    {
        _focus = reader.ReadInt32("focus");
        _escaped = reader.ReadBool("escaped");
        for (int i = 0; i < _gone.Length; i++)
        {
            _gone[i] = reader.ReadBool("gone");
        }
    }

    private void Key(byte key, Context context)
    {
        if (!_escaped && key == Escape)
        {
            _escaped = true;
            return;
        }
        bool isCommand = _escaped && key != Escape;
        _escaped = false;
        if (!isCommand)
        {
            if (!_gone[_focus])
            {
                _fabric.Send(context, Address, ConsoleOf(Focus), 0, Uart.Input([key]));
            }
            return;
        }
        switch (key)
        {
            case (byte)'n':
                FocusOn(Next(1), context);
                break;
            case (byte)'p':
                FocusOn(Next(-1), context);
                break;
            case >= (byte)'0' and <= (byte)'9':
                FocusOn(IndexOf(key - '0'), context);
                break;
            default:
                break;
        }
    }

    /// <summary>As somebody at the keyboard wishes, who is told.</summary>
    private void FocusOn(int index, Context context)
    {
        if (index < 0 || index == _focus || _gone[index])
        {
            return;
        }
        _focus = index;
        context.Output(Encoding.ASCII.GetBytes($"[keyboard: {_setup.Vms[index].Name}]\n"));
    }

    // The nearest VM in a direction that has not gone; the present one when there is no other.
    private int Next(int step)
    {
        int count = _gone.Length;
        for (int i = 1; i < count; i++)
        {
            int index = ((_focus + (i * step)) % count + count) % count;
            if (!_gone[index])
            {
                return index;
            }
        }
        return _focus;
    }

    private int IndexOf(int vm)
    {
        for (int i = 0; i < _setup.Vms.Count; i++)
        {
            if (_setup.Vms[i].Vm == vm)
            {
                return i;
            }
        }
        return -1;
    }

    private void Leave(int vm, Address asker, Context context)
    {
        _gone[IndexOf(vm)] = true;
        _focus = Focus == vm ? Next(1) : _focus;
        _fabric.Send(context, Address, asker, 0, new Message
        {
            Kind = (ushort)DeviceKind.Detached,
            Lane = Lane.Reply,
            A = (ulong)vm,
        });
    }
}
