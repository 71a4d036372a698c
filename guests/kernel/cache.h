/*
 * The disk's blocks in memory. A block is a page, and a buffer's page may also be mapped by processes (program text,
 * and data until it is written): then it outlives the buffer.
 */
#ifndef KERNEL_CACHE_H
#define KERNEL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct buffer {
    uint32_t page; /* physical; valid while the buffer is referenced */
    uint16_t references;
    uint8_t state;
    bool dirty;
};

enum { CACHE_BLOCKS = 8192 };

void cache_init(unsigned long pages_max);

/* The block's buffer, referenced; fill: with the disk's contents. Null if the disk fails or memory is used up. */
struct buffer *buffer_get(uint32_t block, bool fill);
void buffer_release(struct buffer *buffer);

/* The contents differ from the disk's now. */
void buffer_dirty(struct buffer *buffer);

/* The block's contents are of no use to anybody any more. */
void buffer_forget(uint32_t block);

/* Writes all dirty buffers; false if the disk fails. */
bool cache_sync(void);

/* Drops up to so many clean blocks that nobody uses; how many. */
unsigned long cache_shrink(unsigned long blocks);

uint32_t cache_reads(void);

#endif
