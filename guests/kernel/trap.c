#include <stddef.h>

#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/interrupts.h"

#include "balloon.h"
#include "disk.h"
#include "net.h"
#include "process.h"
#include "space.h"
#include "tlb.h"
#include "trap.h"

enum { CODE_INTERRUPT = 0, CODE_MODIFIED = 1, CODE_LOAD = 2, CODE_STORE = 3, CODE_SYSTEM_CALL = 8 };
enum { CAUSE_IP2 = 0x400, CAUSE_IP7 = 0x8000 };

/* exceptions.S */
extern char copy_user[], copy_user_end[], copy_user_failed[], idle_resume[];

/* runtime/interrupts.c: takes back this CPU's own interrupt, if it has come. */
void interrupt_handler(void);

static bool from_user(const struct frame *frame)
{
    return (frame->status & STATUS_USER) != 0;
}

static void device_interrupts(void)
{
    disk_interrupt();
    net_interrupt();
    balloon_interrupt();
}

static void interrupt(struct frame *frame)
{
    if (frame->cause & CAUSE_IP2) {
        interrupt_handler();
        shootdown_answer();
        if (THIS_CPU->number == 0)
            device_interrupts();
    }
    if (frame->cause & CAUSE_IP7)
        THIS_CPU->yield_wanted = true;
    if (!from_user(frame))
        frame->epc = (uintptr_t)idle_resume;
}

static void wrong(struct frame *frame, unsigned code)
{
    uintptr_t epc = frame->epc;
    if (from_user(frame)) {
        print("process %d: exception %u at %lx, address %lx\n", this_process()->number, code, epc,
              (unsigned long)frame->bad_address);
        process_exit(-(int)code);
    }
    if (epc >= (uintptr_t)copy_user && epc < (uintptr_t)copy_user_end) {
        frame->epc = (uintptr_t)copy_user_failed;
        return;
    }
    panic("exception %u at %lx, address %lx", code, epc, (unsigned long)frame->bad_address);
}

void trap(struct frame *frame)
{
    unsigned code = (unsigned)(frame->cause >> 2) & 31;
    switch (code) {
    case CODE_INTERRUPT:
        interrupt(frame);
        break;
    case CODE_MODIFIED:
    case CODE_LOAD:
    case CODE_STORE:
        if (this_process() == NULL || space_fault(this_process()->space, frame->bad_address, code != CODE_LOAD) < 0)
            wrong(frame, code);
        break;
    case CODE_SYSTEM_CALL:
        if (from_user(frame)) {
            frame->epc += 4;
            long result = system_call(frame->registers[REGISTER_V0], &frame->registers[REGISTER_A0]);
            frame->registers[REGISTER_V0] = (uint64_t)result;
            break;
        }
        wrong(frame, code);
        break;
    default:
        wrong(frame, code);
    }
    if (from_user(frame) && THIS_CPU->yield_wanted)
        yield();
}
