/*
 * Compute-bound loops for one CPU, for timing emulators against each other: the same image runs on the Disco board and
 * on QEMU's Malta. Each leaves a checksum that is compared with the known one.
 */
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/mathematics.h"
#include "runtime/memory.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15UL;
    return hash ^ hash >> 32;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Registers and branches only: steps of the longest Collatz walk from a number below the limit. */
static uint64_t collatz(void)
{
    uint64_t longest = 0, longest_start = 0;
    for (uint64_t start = 1; start < 10000; start++) {
        uint64_t steps = 0;
        for (uint64_t value = start; value != 1; steps++)
            value = value & 1 ? 3 * value + 1 : value / 2;
        if (steps > longest) {
            longest = steps;
            longest_start = start;
        }
    }
    return longest << 32 | longest_start;
}

/* Primes below 65536, odd numbers only. */
static uint64_t sieve(void)
{
    enum { LIMIT = 65536 };
    static uint8_t composite[LIMIT / 2];
    memset(composite, 0, sizeof composite);
    uint64_t count = 1, sum = 2;
    for (unsigned number = 3; number < LIMIT; number += 2) {
        if (composite[number / 2])
            continue;
        count++;
        sum += number;
        for (uint64_t multiple = (uint64_t)number * number; multiple < LIMIT; multiple += 2 * number)
            composite[multiple / 2] = 1;
    }
    return count << 32 | sum;
}

enum { SIDE = 64 };

static uint64_t matrix(void)
{
    static int32_t a[SIDE][SIDE], b[SIDE][SIDE], product[SIDE][SIDE];
    uint32_t state = 1;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            a[i][j] = (int32_t)next_random(&state) & 0xffff;
            b[i][j] = (int32_t)next_random(&state) & 0xff;
        }
    }
    uint64_t hash = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            int32_t sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += a[i][k] * b[k][j];
            product[i][j] = sum;
        }
        hash = mix(hash, (uint32_t)product[i][i]);
    }
    return hash;
}

static uint64_t matrix_double(void)
{
    static double a[SIDE][SIDE], b[SIDE][SIDE], product[SIDE][SIDE];
    uint32_t state = 2;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            a[i][j] = (double)(int)(next_random(&state) & 0xffff) / 65536;
            b[i][j] = (double)(int)(next_random(&state) & 0xffff) / 256 - 128;
        }
    }
    uint64_t hash = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            double sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += a[i][k] * b[k][j];
            product[i][j] = sum;
        }
        hash = mix(hash, bits_of(product[i][i]));
    }
    return hash;
}

enum { BUFFER_BYTES = 65536 };

/* CRC-32 (IEEE 802.3) byte by byte over four passes of a buffer. */
static uint64_t crc32(void)
{
    static uint32_t table[256];
    static uint8_t buffer[BUFFER_BYTES];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
        table[i] = value;
    }
    uint32_t state = 3;
    for (int i = 0; i < BUFFER_BYTES; i++)
        buffer[i] = (uint8_t)next_random(&state);
    uint32_t crc = ~0u;
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < BUFFER_BYTES; i++)
            crc = crc >> 8 ^ table[(crc ^ buffer[i]) & 0xff];
    }
    return (uint32_t)~crc;
}

static void sort(int32_t *low, int32_t *high)
{
    while (low < high) {
        int32_t pivot = low[(high - low) / 2], *left = low, *right = high;
        while (left <= right) {
            while (*left < pivot)
                left++;
            while (*right > pivot)
                right--;
            if (left <= right) {
                int32_t held = *left;
                *left++ = *right;
                *right-- = held;
            }
        }
        sort(low, right);
        low = left;
    }
}

static uint64_t quicksort(void)
{
    enum { NUMBERS = 16384 };
    static int32_t numbers[NUMBERS];
    uint32_t state = 4;
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = (int32_t)next_random(&state);
    sort(numbers, numbers + NUMBERS - 1);
    uint64_t hash = 0;
    for (int i = 0; i < NUMBERS; i++) {
        check(i == 0 || numbers[i - 1] <= numbers[i], "quicksort sorts");
        hash = mix(hash, (uint32_t)numbers[i]);
    }
    return hash;
}

/* One load after the other, each address the last one's value: a random ring over 128 KB. */
static uint64_t chase(void)
{
    enum { NODES = 2048, STEPS = 262144 };
    struct node {
        struct node *next;
        uint64_t value;
        uint64_t unused[6];
    };
    static struct node nodes[NODES];
    static uint16_t order[NODES];
    uint32_t state = 5;
    for (unsigned i = 0; i < NODES; i++)
        order[i] = (uint16_t)i;
    for (unsigned i = NODES - 1; i > 0; i--) {
        unsigned other = next_random(&state) % (i + 1);
        uint16_t held = order[i];
        order[i] = order[other];
        order[other] = held;
    }
    for (unsigned i = 0; i < NODES; i++)
        nodes[order[i]] = (struct node){ .next = &nodes[order[(i + 1) % NODES]], .value = order[i] };
    uint64_t sum = 0;
    const struct node *node = &nodes[0];
    for (int step = 0; step < STEPS + 100; step++, node = node->next)
        sum += node->value;
    return mix(sum, node->value);
}

static uint64_t copy(void)
{
    static uint64_t from[BUFFER_BYTES / 8], to[BUFFER_BYTES / 8];
    uint32_t state = 6;
    for (unsigned i = 0; i < BUFFER_BYTES / 8; i++)
        from[i] = next_random(&state);
    uint64_t hash = 0;
    for (unsigned pass = 0; pass < 32; pass++) {
        from[pass] = pass;
        memcpy(to, from, sizeof to);
        hash = mix(hash, to[pass] + to[BUFFER_BYTES / 8 - 1 - pass]);
    }
    return hash;
}

static const struct kernel {
    const char *name;
    uint64_t (*run)(void);
    uint64_t checksum;
} kernels[] = {
    { "collatz",   collatz,       0x000001050000181bUL },
    { "sieve",     sieve,         0x0000198e0c0eabd7UL },
    { "matrix",    matrix,        0x6229df138b56384cUL },
    { "fpmatrix",  matrix_double, 0xca3ef7564adc1756UL },
    { "crc32",     crc32,         0x00000000160356a8UL },
    { "quicksort", quicksort,     0x7dd0f5b72f08f1deUL },
    { "chase",     chase,         0x14e1de656ff9fceaUL },
    { "copy",      copy,          0x17460d325c0e440eUL },
};

int main(void)
{
    unsigned long repeat = parameter("repeat", 1);
    bool all = parameter_is("kernel", "all", true), any = false;
    for (unsigned k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        const struct kernel *kernel = &kernels[k];
        if (!all && !parameter_is("kernel", kernel->name, false))
            continue;
        any = true;
        uint64_t checksum = kernel->checksum, ticks = 0;
        for (unsigned long i = 0; i < repeat; i++) {
            uint32_t start = cycle_count();
            checksum = kernel->run();
            ticks += cycle_count() - start;
            check(checksum == kernel->checksum, kernel->name);
        }
        print("  %s: checksum %016lx, %lu ticks\n", kernel->name, checksum, ticks);
    }
    check(any, "there is such a kernel");
    return verdict("kernels");
}
