namespace Disco.Actors.Debugging.Interactive;

/// <summary>The commands, as help shows them.</summary>
internal static class CommandText
{
    public const string Help = """
        Where am I
          where (w)                        position, last message, the thread looked at
          threads                          all threads and what they do
          thread N | NAME                  look at another, e.g. thread 2, thread cpu/1
        Move; every command has a way back
          step [instruction] [COUNT] (s, si)      one instruction of the thread looked at
          step message [COUNT] (sm)               the next message delivered
          step transaction [COUNT] (st)           the next message that nothing but a CPU or a timer set off
          back [instruction|message|transaction] [COUNT] (b, bi, bm, bt)
          continue (c), reverse-continue (rc)     to the next breakpoint, or the last one before
          goto CYCLE | start | end
        Stop
          break pc ADDRESS                 before an instruction executes
          break message [ACTOR] [KIND]     after a message was delivered, e.g. break message dir/0 GetX
          watch ADDRESS [BYTES]            before a store to a guest's address; rwatch: a load, awatch: both
          watch machine ADDRESS [BYTES]    the same for an address of the machine
          breakpoints, delete [N]
        Look
          registers, cp0                   of the thread
          tlb                              its TLB, as its guest wrote it
          translate ADDRESS                virtual to physical to machine
          memory ADDRESS [BYTES]           freshest copy; memory machine ADDRESS [BYTES]
          disassemble [ADDRESS] [COUNT] (x)
          line ADDRESS                     directory entry and copies of a line; line machine ADDRESS
          page ADDRESS                     pmap entry of a virtual machine's page, by physical address
          frame ADDRESS                    memmap entry of a frame, by machine address
          messages [ACTOR]                 under way
        quit (q)
        Addresses are hexadecimal with 0x, or symbols, or $pc and $NAME of a register, with + or - a number.
        """;
}
