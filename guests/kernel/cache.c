#include <stddef.h>

#include "runtime/memory.h"

#include "cache.h"
#include "cpu.h"
#include "disk.h"
#include "lock.h"
#include "page.h"
#include "process.h"

enum state { EMPTY, LOADING, VALID };

static struct buffer buffers[CACHE_BLOCKS];
static struct lock cache_lock;
static unsigned long filled, filled_max;
static uint32_t hand, reads;

void cache_init(unsigned long pages_max)
{
    filled_max = pages_max;
}

/* Up to so many clean buffers that nobody uses become empty; how many. The cache's lock is held. */
static unsigned long drop(unsigned long count)
{
    unsigned long dropped = 0;
    for (uint32_t i = 0; dropped < count && i < CACHE_BLOCKS; i++) {
        struct buffer *buffer = &buffers[hand++ % CACHE_BLOCKS];
        if (buffer->state == VALID && buffer->references == 0 && !buffer->dirty) {
            buffer->state = EMPTY;
            page_release(buffer->page);
            filled--;
            dropped++;
        }
    }
    return dropped;
}

/* One buffer becomes empty, if the cache is full. */
static void make_room(void)
{
    if (filled >= filled_max)
        drop(1);
}

static bool load(struct buffer *buffer, bool fill)
{
    buffer->page = page_allocate(!fill, PAGE_BUFFER);
    if (buffer->page == 0)
        return false;
    uint32_t block = (uint32_t)(buffer - buffers);
    if (!fill || disk_transfer(false, block, 1, &buffer->page))
        return true;
    page_release(buffer->page);
    return false;
}

struct buffer *buffer_get(uint32_t block, bool fill)
{
    if (block >= CACHE_BLOCKS)
        return NULL;
    struct buffer *buffer = &buffers[block];
    lock(&cache_lock);
    buffer->references++;
    while (buffer->state == LOADING)
        sleep_on(buffer, &cache_lock);
    bool valid = buffer->state == VALID;
    if (!valid) {
        buffer->state = LOADING;
        make_room();
        filled++;
        reads += fill;
        unlock(&cache_lock);
        valid = load(buffer, fill);
        lock(&cache_lock);
        buffer->state = valid ? VALID : EMPTY;
        filled -= !valid;
        wake_all(buffer);
    }
    if (!valid)
        buffer->references--;
    unlock(&cache_lock);
    return valid ? buffer : NULL;
}

void buffer_release(struct buffer *buffer)
{
    lock(&cache_lock);
    buffer->references--;
    unlock(&cache_lock);
}

void buffer_dirty(struct buffer *buffer)
{
    buffer->dirty = true;
}

void buffer_forget(uint32_t block)
{
    buffers[block].dirty = false;
}

bool cache_sync(void)
{
    bool ok = true;
    for (uint32_t block = 0; block < CACHE_BLOCKS; block++) {
        struct buffer *buffer = &buffers[block];
        if (!buffer->dirty)
            continue;
        lock(&cache_lock);
        bool writes = buffer->dirty && buffer->state == VALID;
        buffer->references += writes;
        if (writes)
            buffer->dirty = false;
        unlock(&cache_lock);
        if (writes) {
            ok &= disk_transfer(true, block, 1, &buffer->page);
            buffer_release(buffer);
        }
    }
    return ok;
}

unsigned long cache_shrink(unsigned long blocks)
{
    lock(&cache_lock);
    unsigned long dropped = drop(blocks);
    unlock(&cache_lock);
    return dropped;
}

uint32_t cache_reads(void)
{
    return reads;
}
