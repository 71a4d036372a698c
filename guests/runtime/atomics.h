/*
 * Read-modify-write by LL/SC (MIPS64 volume II, LL and SC). Nothing but register arithmetic stands between the two:
 * any other memory access there may make SC fail for ever.
 */
#ifndef RUNTIME_ATOMICS_H
#define RUNTIME_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

static inline void memory_fence(void)
{
    __asm__ volatile("sync" : : : "memory");
}

static inline void spin_hint(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline uint32_t atomic_fetch_add32(volatile uint32_t *word, uint32_t amount)
{
    uint32_t old, sum;
    __asm__ volatile("1: ll %0, %2\n\taddu %1, %0, %3\n\tsc %1, %2\n\tbeqz %1, 1b"
                     : "=&r"(old), "=&r"(sum), "+ZC"(*word) : "r"(amount) : "memory");
    return old;
}

static inline uint32_t atomic_swap32(volatile uint32_t *word, uint32_t value)
{
    uint32_t old, done;
    __asm__ volatile("1: ll %0, %2\n\tmove %1, %3\n\tsc %1, %2\n\tbeqz %1, 1b"
                     : "=&r"(old), "=&r"(done), "+ZC"(*word) : "r"(value) : "memory");
    return old;
}

/* Returns what was found; the swap happened if that equals expected. */
static inline uint32_t atomic_compare_swap32(volatile uint32_t *word, uint32_t expected, uint32_t value)
{
    uint32_t old, done;
    __asm__ volatile("1: ll %0, %2\n\tbne %0, %3, 2f\n\tmove %1, %4\n\tsc %1, %2\n\tbeqz %1, 1b\n2:"
                     : "=&r"(old), "=&r"(done), "+ZC"(*word) : "r"(expected), "r"(value) : "memory");
    return old;
}

#ifdef __mips64
static inline uint64_t atomic_fetch_add64(volatile uint64_t *word, uint64_t amount)
{
    uint64_t old, sum;
    __asm__ volatile("1: lld %0, %2\n\tdaddu %1, %0, %3\n\tscd %1, %2\n\tbeqz %1, 1b"
                     : "=&r"(old), "=&r"(sum), "+ZC"(*word) : "r"(amount) : "memory");
    return old;
}

static inline uint64_t atomic_compare_swap64(volatile uint64_t *word, uint64_t expected, uint64_t value)
{
    uint64_t old, done;
    __asm__ volatile("1: lld %0, %2\n\tbne %0, %3, 2f\n\tmove %1, %4\n\tscd %1, %2\n\tbeqz %1, 1b\n2:"
                     : "=&r"(old), "=&r"(done), "+ZC"(*word) : "r"(expected), "r"(value) : "memory");
    return old;
}

/* One LLD, OR, SCD without retry: true if the store happened. */
static inline bool try_or64(volatile uint64_t *word, uint64_t bits)
{
    uint64_t done;
    __asm__ volatile("lld %0, %1\n\tor %0, %0, %2\n\tscd %0, %1" : "=&r"(done), "+ZC"(*word) : "r"(bits) : "memory");
    return done != 0;
}
#endif

#endif
