/*
 * Parallel radix sort after SPLASH-2 (Woo et al., ISCA 1995, section 3; Blelloch et al., SPAA 1991). For each digit:
 * every CPU counts the digits of its keys, the histograms are added up and prefixed over a binary tree of the CPUs,
 * and every CPU moves its keys to their places. The move is all-to-all writing, which is what loads the machine.
 */
#include "runtime/atomics.h"
#include "runtime/barrier.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/memory.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

enum { KEY_BITS = 19, MAX_LEVELS = 7 };

static unsigned long key_count, radix;
static unsigned digit_bits;
static uint32_t *keys, *moved_keys;

/* Level 0 has the histogram of each CPU, each level above the sums of pairs below, the top one of all. */
static uint32_t *sums[MAX_LEVELS + 1][MAX_CPUS];
static uint32_t *ranks[MAX_LEVELS + 1][MAX_CPUS];
static unsigned levels;

static struct tree_barrier barrier;
static uint32_t sort_ticks;

/* Sums over keys that a permutation leaves alone. */
static struct sums_of_keys {
    uint64_t sum, squares, mixed;
} before[MAX_CPUS], after[MAX_CPUS];

static void include(struct sums_of_keys *so_far, uint64_t key)
{
    so_far->sum += key;
    so_far->squares += key * key;
    so_far->mixed ^= key * 0x9e3779b97f4a7c15UL;
}

static unsigned nodes_at(unsigned level)
{
    return (cpu_count() + (1u << level) - 1) >> level;
}

/* The same key at the same place whatever the number of CPUs (the finaliser of MurmurHash3). */
static uint32_t key_of(unsigned long index)
{
    uint64_t hash = (index + 1) * 0x9e3779b97f4a7c15UL;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdUL;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53UL;
    return (uint32_t)(hash ^ hash >> 33) & ((1u << KEY_BITS) - 1);
}

/* The part of the radix values that a CPU treats for the node above it: the node's CPUs share the work. */
static void digits_of(unsigned cpu, unsigned level, unsigned long *first, unsigned long *last)
{
    unsigned begin = cpu >> level << level;
    unsigned width = begin + (1u << level) > cpu_count() ? cpu_count() - begin : 1u << level;
    *first = radix * (cpu - begin) / width;
    *last = radix * (cpu - begin + 1) / width;
}

static void add_up(unsigned cpu)
{
    for (unsigned level = 1; level <= levels; level++) {
        tree_barrier_wait(&barrier, cpu);
        unsigned node = cpu >> level, left = 2 * node, right = left + 1;
        unsigned long first, last;
        digits_of(cpu, level, &first, &last);
        const uint32_t *one = sums[level - 1][left];
        const uint32_t *other = right < nodes_at(level - 1) ? sums[level - 1][right] : NULL;
        for (unsigned long digit = first; digit < last; digit++)
            sums[level][node][digit] = one[digit] + (other ? other[digit] : 0);
    }
    tree_barrier_wait(&barrier, cpu);
}

/* Down the tree: the left child starts where its parent does, the right one behind the left one's keys. */
static void hand_down(unsigned cpu)
{
    if (cpu == 0) {
        uint32_t rank = 0;
        for (unsigned long digit = 0; digit < radix; digit++) {
            ranks[levels][0][digit] = rank;
            rank += sums[levels][0][digit];
        }
    }
    for (unsigned level = levels; level > 0; level--) {
        tree_barrier_wait(&barrier, cpu);
        unsigned node = cpu >> level, left = 2 * node, right = left + 1;
        unsigned long first, last;
        digits_of(cpu, level, &first, &last);
        for (unsigned long digit = first; digit < last; digit++) {
            uint32_t rank = ranks[level][node][digit];
            ranks[level - 1][left][digit] = rank;
            if (right < nodes_at(level - 1))
                ranks[level - 1][right][digit] = rank + sums[level - 1][left][digit];
        }
    }
    tree_barrier_wait(&barrier, cpu);
}

static void sort_digit(unsigned cpu, unsigned shift, const uint32_t *from, uint32_t *to)
{
    unsigned long first, last;
    share_of(cpu, key_count, &first, &last);
    uint32_t mask = (uint32_t)radix - 1;
    uint32_t *histogram = sums[0][cpu], *rank = ranks[0][cpu];
    memset(histogram, 0, radix * sizeof *histogram);
    for (unsigned long i = first; i < last; i++)
        histogram[from[i] >> shift & mask]++;
    add_up(cpu);
    hand_down(cpu);
    for (unsigned long i = first; i < last; i++)
        to[rank[from[i] >> shift & mask]++] = from[i];
    tree_barrier_wait(&barrier, cpu);
}

static void sort(unsigned cpu)
{
    unsigned long first, last;
    share_of(cpu, key_count, &first, &last);
    struct sums_of_keys mine = { 0 };
    for (unsigned long i = first; i < last; i++) {
        keys[i] = key_of(i);
        include(&mine, keys[i]);
    }
    before[cpu] = mine;
    tree_barrier_wait(&barrier, cpu);
    uint32_t start = cycle_count();
    uint32_t *from = keys, *to = moved_keys;
    for (unsigned shift = 0; shift < KEY_BITS; shift += digit_bits) {
        sort_digit(cpu, shift, from, to);
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (cpu == 0)
        sort_ticks = cycle_count() - start;
    mine = (struct sums_of_keys){ 0 };
    for (unsigned long i = first; i < last; i++) {
        check(i == 0 || from[i - 1] <= from[i], "the keys are in order");
        include(&mine, from[i]);
    }
    after[cpu] = mine;
}

static void lay_out(void)
{
    keys = allocate(key_count * sizeof *keys);
    moved_keys = allocate(key_count * sizeof *keys);
    while (nodes_at(levels) > 1)
        levels++;
    for (unsigned level = 0; level <= levels; level++) {
        for (unsigned node = 0; node < nodes_at(level); node++) {
            sums[level][node] = allocate(radix * sizeof **sums[level]);
            ranks[level][node] = allocate(radix * sizeof **ranks[level]);
        }
    }
}

int main(void)
{
    key_count = parameter("keys", 262144);
    radix = parameter("radix", 1024);
    if (radix < 2 || radix > 65536 || (radix & (radix - 1)) != 0)
        panic("radix=%lu: a power of two from 2 to 65536 is wanted", radix);
    if (key_count == 0 || key_count > 0x4000000)
        panic("keys=%lu: 1 to 67108864 are possible", key_count);
    while (1ul << digit_bits < radix)
        digit_bits++;
    print("radix: %u CPUs, %lu keys, radix %lu\n", cpu_count(), key_count, radix);
    lay_out();
    parallel_run(sort);
    uint64_t sum = 0, squares = 0, mixed = 0, key_sum = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
        sum += before[cpu].sum - after[cpu].sum;
        squares += before[cpu].squares - after[cpu].squares;
        mixed ^= before[cpu].mixed ^ after[cpu].mixed;
        key_sum += after[cpu].sum;
    }
    check(sum == 0 && squares == 0 && mixed == 0, "the keys are the keys there were");
    print("  sorted in %u ticks, key sum %lx\n", sort_ticks, key_sum);
    return verdict("radix");
}
