#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "console.h"
#include "memory.h"

extern char image_end[];

static uintptr_t next;
static uintptr_t top;

void memory_init(unsigned long ram_bytes)
{
    uintptr_t kseg0 = (uintptr_t)image_end & ~(KSEG0_WINDOW_BYTES - 1);
    next = (uintptr_t)image_end;
    top = kseg0 + (ram_bytes < KSEG0_WINDOW_BYTES ? ram_bytes : KSEG0_WINDOW_BYTES);
}

size_t memory_left_bytes(void)
{
    return top > next ? top - next : 0;
}

void *allocate(size_t bytes)
{
    size_t rounded = (bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
    if (rounded > memory_left_bytes())
        panic("out of memory: %lu bytes wanted, %lu left", (unsigned long)bytes, (unsigned long)memory_left_bytes());
    void *block = (void *)next;
    next += rounded;
    return block;
}

static bool word_aligned(const void *left, const void *right)
{
    return (((uintptr_t)left | (uintptr_t)right) & (sizeof(unsigned long) - 1)) == 0;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    char *target = to;
    const char *source = from;
    if (word_aligned(to, from)) {
        for (; bytes >= sizeof(unsigned long); bytes -= sizeof(unsigned long)) {
            *(unsigned long *)target = *(const unsigned long *)source;
            target += sizeof(unsigned long);
            source += sizeof(unsigned long);
        }
    }
    while (bytes-- > 0)
        *target++ = *source++;
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to - (uintptr_t)from >= bytes)
        return memcpy(to, from, bytes);
    while (bytes-- > 0)
        ((char *)to)[bytes] = ((const char *)from)[bytes];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    char *target = to;
    unsigned long pattern = (uint8_t)value * (~0UL / 255);
    if (word_aligned(to, to)) {
        for (; bytes >= sizeof pattern; bytes -= sizeof pattern, target += sizeof pattern)
            *(unsigned long *)target = pattern;
    }
    while (bytes-- > 0)
        *target++ = (char)value;
    return to;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const uint8_t *a = left, *b = right;
    for (; bytes > 0; bytes--, a++, b++) {
        if (*a != *b)
            return *a - *b;
    }
    return 0;
}
