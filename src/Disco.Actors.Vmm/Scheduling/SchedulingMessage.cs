using Disco.Actors.Core;

namespace Disco.Actors.Vmm.Scheduling;

/// <summary>The messages about who runs where; family 0x06 of <see cref="Message.Kind"/>.</summary>
public enum SchedulingKind : ushort
{
    // CPU to its node's scheduler. A = vm, B = vcpu, C = cpu; Next has A = cpu alone.

    /// <summary>The CPU has nothing to run.</summary>
    Next = 0x0601,

    /// <summary>The vCPU could go on but leaves the CPU, which then has nothing to run.</summary>
    Yield,

    /// <summary>The vCPU waits for an interrupt; the CPU then has nothing to run.</summary>
    Block,

    /// <summary>A blocked vCPU that the CPU holds has something to do again.</summary>
    Wake,

    /// <summary>The vCPU has ended for good; the CPU then has nothing to run.</summary>
    Exit,

    // Scheduler to CPU.

    /// <summary>Run this. A = vm, B = vcpu | holding cpu &lt;&lt; 32, C = quantum in cycles.</summary>
    RunVcpu = 0x0610,

    /// <summary>Give up A = vm, B = vcpu now, with a Yield; means nothing when it does not run any more.</summary>
    Preempt,

    // CPU to CPU.

    /// <summary>Hand over A = vm, B = vcpu to C = cpu.</summary>
    HandOver = 0x0620,

    /// <summary>A piece of a vCPU. A = vm, B = vcpu | chunk &lt;&lt; 16 | chunks &lt;&lt; 32; payload.</summary>
    VcpuState,

    // Scheduler to scheduler; see StealProtocol. All on one lane, in order.

    /// <summary>A CPU of the sender's node is idle: give something to run.</summary>
    Steal = 0x0630,

    /// <summary>A runnable vCPU. A = vm, B = vcpu | holding cpu &lt;&lt; 32, C = weight; payload: account.</summary>
    Stolen,

    /// <summary>Nothing to give; the asker is remembered and told when there is.</summary>
    Refused,

    /// <summary>To one who was refused: now there is something.</summary>
    Plenty,

    /// <summary>The answer to Plenty of one who has enough now.</summary>
    Decline,

    /// <summary>To one after the other: we are busy with A = vCPUs on B = CPUs; are you with more?</summary>
    Balance,

    /// <summary>To one who has asked so: take this. As Stolen.</summary>
    Gift,

    /// <summary>A scheduler to itself: a slot of gang scheduling begins. A = its number.</summary>
    SlotDue,

    // From and to the monitor of a VM.

    /// <summary>To a CPU: A = vm, B = vcpu, C = levels of the pins of the VM's interrupt controller.</summary>
    VirtualPins = 0x0640,

    /// <summary>To a CPU: it now holds A = vm, B = vcpu, which starts at virtual address C.</summary>
    StartVcpu,

    /// <summary>To a scheduler: a started vCPU. A = vm, B = vcpu | holding cpu &lt;&lt; 32, C = weight.</summary>
    Admit,

    /// <summary>To every scheduler: no vCPU of A = vm is to run any more.</summary>
    StopVm,

    /// <summary>The answer to StopVm: none runs here or ever will. A = vm, B = node.</summary>
    VmStopped,

    /// <summary>
    /// CPU to the monitor of a VM: A = vm, B = vcpu has come here; VirtualPins says how its pins are now.
    /// </summary>
    AskPins,

    /// <summary>The monitor of a VM to the machine's keeper: A = vm has ended with exit code B.</summary>
    VmEnded,

    /// <summary>To a scheduler: nodes are lost (A, a bit each), and all is done that had to be; go on.</summary>
    PeersLost,
}

/// <summary>Builders and readers of the scheduling messages. All travel on the request lane, in order.</summary>
public static class SchedulingMessage
{
    public const byte Family = 0x06;

    /// <summary>Bytes of the account that travels with a stolen vCPU.</summary>
    public const int AccountBytes = 32;

    public static bool IsOne(in Message message) => message.Kind >> 8 == Family;

    /// <summary>The scheduler of a node.</summary>
    public static Address SchedulerOf(int node) => new(Role.Scheduler, (ushort)node);

    public static Message Next(int cpu) => Of(SchedulingKind.Next, (ulong)cpu, 0, 0);

    public static Message Yield(int vm, int vcpu, int cpu) => FromCpu(SchedulingKind.Yield, vm, vcpu, cpu);

    public static Message Block(int vm, int vcpu, int cpu) => FromCpu(SchedulingKind.Block, vm, vcpu, cpu);

    public static Message Wake(int vm, int vcpu, int cpu) => FromCpu(SchedulingKind.Wake, vm, vcpu, cpu);

    public static Message Exit(int vm, int vcpu, int cpu) => FromCpu(SchedulingKind.Exit, vm, vcpu, cpu);

    public static Message RunVcpu(int vm, int vcpu, int holder, long quantumCycles) =>
        Of(SchedulingKind.RunVcpu, (ulong)vm, Held(vcpu, holder), (ulong)quantumCycles);

    public static Message Preempt(int vm, int vcpu) => Of(SchedulingKind.Preempt, (ulong)vm, (ulong)vcpu, 0);

    public static Message HandOver(int vm, int vcpu, int askingCpu) =>
        Of(SchedulingKind.HandOver, (ulong)vm, (ulong)vcpu, (ulong)askingCpu);

    /// <param name="vm">Whose.</param>
    /// <param name="vcpu">Its number in the VM.</param>
    /// <param name="holder">The CPU that holds its registers.</param>
    /// <param name="weight">Its share of time against others; <see cref="SchedulerConfig.DefaultWeight"/>.</param>
    public static Message Admit(int vm, int vcpu, int holder, int weight) =>
        Of(SchedulingKind.Admit, (ulong)vm, Held(vcpu, holder), (ulong)weight);

    public static Message StopVm(int vm) => Of(SchedulingKind.StopVm, (ulong)vm, 0, 0);

    public static Message VmStopped(int vm, int node) => Of(SchedulingKind.VmStopped, (ulong)vm, (ulong)node, 0);

    /// <summary>The vCPU's number in word B.</summary>
    public static int VcpuOf(in Message message) => (ushort)message.B;

    /// <summary>The holding CPU in word B.</summary>
    public static int HolderOf(in Message message) => (int)(message.B >> 32);

    internal static Message Of(SchedulingKind kind, ulong a, ulong b, ulong c) => new()
    {
        Kind = (ushort)kind,
        Lane = Lane.Request,
        A = a,
        B = b,
        C = c,
    };

    internal static ulong Held(int vcpu, int holder) => (uint)vcpu | ((ulong)holder << 32);

    private static Message FromCpu(SchedulingKind kind, int vm, int vcpu, int cpu) =>
        Of(kind, (ulong)vm, (ulong)vcpu, (ulong)cpu);
}

/// <summary>Names of the scheduling family.</summary>
public static class SchedulingNames
{
    public static bool Knows(ushort kind) => kind >> 8 == SchedulingMessage.Family;

    public static string NameOf(ushort kind) => ((SchedulingKind)kind).ToString();

    public static string Describe(in Message message)
    {
        string name = NameOf(message.Kind);
        string vcpu = $"vm {message.A} vcpu {SchedulingMessage.VcpuOf(message)}";
        return (SchedulingKind)message.Kind switch
        {
            SchedulingKind.Next => $"{name} for cpu/{message.A}",
            SchedulingKind.Steal or SchedulingKind.Refused or SchedulingKind.Plenty or SchedulingKind.Decline => name,
            SchedulingKind.SlotDue => $"{name} {message.A}",
            SchedulingKind.PeersLost => $"{name} {new NodeSet(message.A)}",
            SchedulingKind.Balance => $"{name} {message.A} on {message.B} CPUs",
            SchedulingKind.RunVcpu =>
                $"{name} {vcpu} held by cpu/{SchedulingMessage.HolderOf(message)} for {message.C} cycles",
            SchedulingKind.Stolen or SchedulingKind.Gift or SchedulingKind.Admit =>
                $"{name} {vcpu} held by cpu/{SchedulingMessage.HolderOf(message)} weight {message.C}",
            SchedulingKind.Preempt => $"{name} {vcpu}",
            SchedulingKind.StartVcpu => $"{name} {vcpu} at 0x{message.C:x}",
            SchedulingKind.VirtualPins => $"{name} {vcpu} pins 0x{message.C:x}",
            SchedulingKind.StopVm => $"{name} vm {message.A}",
            SchedulingKind.VmStopped => $"{name} vm {message.A} on node {message.B}",
            _ => $"{name} {vcpu} cpu/{message.C}",
        };
    }
}
