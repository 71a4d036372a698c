/* What a CPU knows of itself: one page, at the same address on every CPU. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

struct process;
struct space;

struct cpu {
    uint32_t *directory;          /* of the present address space; the refill handler loads it from here */
    uintptr_t stack;              /* top of the running process's kernel stack, for exceptions from user mode */
    struct process *process;      /* null in the idle loop */
    struct space *volatile space; /* whose user addresses are valid here; null for none */
    uintptr_t idle_stack;
    uint64_t asid;                /* the last one given out: generation above 8 bits */
    unsigned number;
    volatile bool idle;           /* sleeps or is about to; guarded by the scheduler's lock */
    bool yield_wanted;            /* at the return to user mode */
    volatile uint32_t shootdown;  /* a shootdown waits for this CPU's answer */
    uint64_t refills_lost;        /* times the ASIDs ran out */
};

/* The second page of each is for the monitor's copy of the privileged registers. */
struct cpu_pages {
    struct cpu cpu __attribute__((aligned(PAGE_BYTES)));
    uint64_t privileged[PAGE_BYTES / 8] __attribute__((aligned(PAGE_BYTES)));
};

extern struct cpu_pages cpus[KERNEL_CPUS];

#define THIS_CPU ((struct cpu *)THIS_CPU_VA)

/* RAM as the kernel is linked to see it. */
extern char kernel_window[];

static inline void *kernel_address(uint32_t physical)
{
    return kernel_window + physical;
}

static inline uint32_t physical_address(const void *address)
{
    return (uint32_t)(uintptr_t)address & 0x1fffffff;
}

#endif
