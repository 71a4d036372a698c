/*
 * One queue of ready processes for all CPUs; whoever is free takes the first. A CPU with nothing to do says so and
 * sleeps, and is sent an interrupt when something comes.
 */
#include <stddef.h>

#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/interrupts.h"
#include "runtime/parallel.h"

#include "process.h"
#include "process_table.h"
#include "tlb.h"

struct lock process_lock;

static struct process *first_ready, **last_ready = &first_ready;

/* exceptions.S */
void switch_stacks(uintptr_t *save, uintptr_t load);
void idle_wait(void);
void schedule_begin(void);

void make_ready(struct process *process)
{
    process->state = PROCESS_READY;
    process->next_ready = NULL;
    *last_ready = process;
    last_ready = &process->next_ready;
    unsigned count = cpu_count();
    for (unsigned i = 1; i <= count; i++) {
        struct cpu *cpu = &cpus[(THIS_CPU->number + i) % count].cpu;
        if (cpu->idle && cpu->number != THIS_CPU->number) {
            cpu->idle = false;
            ipi_send(cpu->number);
            return;
        }
    }
}

static struct process *take_ready(void)
{
    struct process *process = first_ready;
    if (process != NULL) {
        first_ready = process->next_ready;
        if (first_ready == NULL)
            last_ready = &first_ready;
    }
    return process;
}

static void run(struct process *process)
{
    struct cpu *cpu = THIS_CPU;
    process->state = PROCESS_RUNS;
    cpu->process = process;
    cpu->stack = (uintptr_t)process->stack + KERNEL_STACK_BYTES;
    cpu->yield_wanted = false;
    if (cpu->space != process->space)
        tlb_activate(process->space);
    CP0_WRITE(11, 0, CP0_READ(9, 0) + quantum_ticks);
    switch_stacks(&cpu->idle_stack, process->saved_stack);
    cpu->process = NULL;
}

void schedule_forever(void)
{
    struct cpu *cpu = THIS_CPU;
    lock(&process_lock);
    for (;;) {
        struct process *process = take_ready();
        if (process != NULL) {
            run(process);
            continue;
        }
        tlb_activate(NULL);
        cpu->idle = true;
        unlock(&process_lock);
        idle_wait();
        lock(&process_lock);
        cpu->idle = false;
    }
}

/* The lock is held across the switch: no CPU may take a process up before its stack is saved. */
void give_up_cpu(void)
{
    switch_stacks(&this_process()->saved_stack, THIS_CPU->idle_stack);
}

void schedule_begin(void)
{
    unlock(&process_lock);
}

void yield(void)
{
    lock(&process_lock);
    if (first_ready != NULL) {
        make_ready(this_process());
        give_up_cpu();
    } else {
        CP0_WRITE(11, 0, CP0_READ(9, 0) + quantum_ticks);
    }
    unlock(&process_lock);
    THIS_CPU->yield_wanted = false;
}

void sleep_on(const void *reason, struct lock *held)
{
    if (held != &process_lock) {
        lock(&process_lock);
        unlock(held);
    }
    struct process *process = this_process();
    process->waits_for = reason;
    process->state = PROCESS_SLEEPS;
    give_up_cpu();
    process->waits_for = NULL;
    if (held != &process_lock) {
        unlock(&process_lock);
        lock(held);
    }
}

void wake_all_locked(const void *reason)
{
    for (struct process *process = processes; process < processes + PROCESSES; process++) {
        if (process->state == PROCESS_SLEEPS && process->waits_for == reason)
            make_ready(process);
    }
}

void wake_all(const void *reason)
{
    lock(&process_lock);
    wake_all_locked(reason);
    unlock(&process_lock);
}

void sleep_lock(struct sleep_lock *sleeper)
{
    lock(&sleeper->lock);
    while (sleeper->taken)
        sleep_on(sleeper, &sleeper->lock);
    sleeper->taken = true;
    unlock(&sleeper->lock);
}

void sleep_unlock(struct sleep_lock *sleeper)
{
    lock(&sleeper->lock);
    sleeper->taken = false;
    unlock(&sleeper->lock);
    wake_all(sleeper);
}
