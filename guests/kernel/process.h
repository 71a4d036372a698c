/* Processes, and the scheduler that gives them CPUs. */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "layout.h"
#include "lock.h"

enum { PROCESSES = 64, PROCESS_FILES = 16 };

/* What exceptions.S saves: registers by number. Slot 0 is Status; 26 and 27 are HI and LO. */
struct frame {
    uint64_t arguments[4]; /* the ABI's space for a callee's registers */
    union {
        uint64_t registers[32];
        uint64_t status;
    };
    uint64_t epc, cause, bad_address, unused;
};

enum { REGISTER_V0 = 2, REGISTER_A0 = 4, REGISTER_GP = 28, REGISTER_SP = 29 };

enum process_state { PROCESS_FREE, PROCESS_NEW, PROCESS_READY, PROCESS_RUNS, PROCESS_SLEEPS, PROCESS_DEAD };

struct process {
    volatile enum process_state state;
    int number;
    int exit_code;
    struct process *parent;
    struct space *space;
    struct file *files[PROCESS_FILES];
    const void *waits_for;
    struct process *next_ready;
    uintptr_t saved_stack;
    uint8_t *stack;
};

static inline struct frame *process_frame(struct process *process)
{
    return (struct frame *)(process->stack + KERNEL_STACK_BYTES - FRAME_BYTES);
}

static inline struct process *this_process(void)
{
    return THIS_CPU->process;
}

/* The first process: runs the program, and ends the machine with its exit code. */
void process_first(const char *path);

/* The number of the new process, or negative. space: the child's, taken over. */
long process_fork(struct space *space, uintptr_t entry, uintptr_t stack, uint64_t argument);

void process_exit(int code) __attribute__((noreturn));

/* Waits for any child to end; its number, or -1 without children. */
long process_wait(int *exit_code);

/* Processes started so far. */
uint32_t processes_started(void);

/* scheduler: never returns. Every CPU comes here once. */
void schedule_forever(void) __attribute__((noreturn));

/* To the end of the queue. */
void yield(void);

/* Gives up the lock, sleeps until woken for the reason, takes the lock again. */
void sleep_on(const void *reason, struct lock *held);

void wake_all(const void *reason);

/* Waits like a lock does, but asleep. */
struct sleep_lock {
    struct lock lock;
    bool taken;
};

void sleep_lock(struct sleep_lock *lock);
void sleep_unlock(struct sleep_lock *lock);

#endif
