/* Barriers for all CPUs of parallel_run. Zero-filled ones are ready for use, and every one may be used again. */
#ifndef RUNTIME_BARRIER_H
#define RUNTIME_BARRIER_H

#include <stdint.h>

#include "board.h"

/* Sense-reversing: one counter, one flag; short code, all traffic on two lines. */
struct flat_barrier {
    volatile uint32_t arrived __attribute__((aligned(CACHE_LINE_BYTES)));
    volatile uint32_t sense __attribute__((aligned(CACHE_LINE_BYTES)));
};

/* A tree of fan-in 4 (Mellor-Crummey and Scott, 1991): each CPU spins on its own line only. */
struct tree_barrier {
    struct tree_barrier_node {
        uint32_t round;
        volatile uint32_t arrived;
        volatile uint32_t woken __attribute__((aligned(CACHE_LINE_BYTES)));
    } __attribute__((aligned(CACHE_LINE_BYTES))) nodes[MAX_CPUS];
};

void flat_barrier_wait(struct flat_barrier *barrier);
void tree_barrier_wait(struct tree_barrier *barrier, unsigned cpu);

#endif
