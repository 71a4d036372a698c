/* Spin locks, both FIFO (ticket) and not (test and set). Waiters read a cached copy until it changes. */
#ifndef RUNTIME_LOCKS_H
#define RUNTIME_LOCKS_H

#include "atomics.h"
#include "board.h"

struct ticket_lock {
    volatile uint32_t next;
    volatile uint32_t serving;
} __attribute__((aligned(CACHE_LINE_BYTES)));

struct flag_lock {
    volatile uint32_t taken;
} __attribute__((aligned(CACHE_LINE_BYTES)));

static inline void ticket_lock(struct ticket_lock *lock)
{
    uint32_t mine = atomic_fetch_add32(&lock->next, 1);
    while (lock->serving != mine)
        spin_hint();
    memory_fence();
}

static inline void ticket_unlock(struct ticket_lock *lock)
{
    memory_fence();
    lock->serving = lock->serving + 1;
}

static inline void flag_lock(struct flag_lock *lock)
{
    while (lock->taken || atomic_swap32(&lock->taken, 1))
        spin_hint();
    memory_fence();
}

static inline void flag_unlock(struct flag_lock *lock)
{
    memory_fence();
    lock->taken = 0;
}

#endif
