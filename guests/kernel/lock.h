/*
 * Spin locks in order of arrival. Interrupts are off in the kernel, so who spins answers shootdowns by hand: the
 * holder may be waiting for this CPU's answer.
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "runtime/atomics.h"
#include "runtime/board.h"

struct lock {
    volatile uint32_t next;
    volatile uint32_t serving;
} __attribute__((aligned(CACHE_LINE_BYTES)));

/* tlb.c */
void shootdown_answer(void);

static inline void lock(struct lock *lock)
{
    uint32_t mine = atomic_fetch_add32(&lock->next, 1);
    while (lock->serving != mine) {
        shootdown_answer();
        spin_hint();
    }
    memory_fence();
}

static inline void unlock(struct lock *lock)
{
    memory_fence();
    lock->serving = lock->serving + 1;
}

#endif
