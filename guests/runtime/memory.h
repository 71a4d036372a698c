/* Memory: a bump allocator over the RAM behind the image, and the four routines that the compiler itself calls. */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

#include <stddef.h>

void memory_init(unsigned long ram_bytes);

/* Cache-line aligned, contents unspecified, never freed; panics when RAM is used up. CPU 0, before parallel_run. */
void *allocate(size_t bytes);

/* Bytes that allocate can still give. */
size_t memory_left_bytes(void);

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

#endif
