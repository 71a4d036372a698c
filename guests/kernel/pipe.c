#include "cpu.h"
#include "lock.h"
#include "page.h"
#include "pipe.h"
#include "process.h"
#include "user_memory.h"

enum { PIPES = 64, CHUNK_BYTES = 512 };

struct pipe {
    struct lock lock;
    uint8_t *bytes; /* a page; null: the slot is free */
    uint32_t written, read;
    bool has_writer, has_reader;
};

static struct pipe pipes[PIPES];
static struct lock pipes_lock;

struct pipe *pipe_new(void)
{
    uint32_t page = page_allocate(false, PAGE_DATA);
    if (page == 0)
        return NULL;
    lock(&pipes_lock);
    struct pipe *pipe = pipes;
    while (pipe < pipes + PIPES && pipe->bytes != NULL)
        pipe++;
    if (pipe < pipes + PIPES)
        pipe->bytes = kernel_address(page);
    unlock(&pipes_lock);
    if (pipe == pipes + PIPES) {
        page_release(page);
        return NULL;
    }
    pipe->written = pipe->read = 0;
    pipe->has_writer = pipe->has_reader = true;
    return pipe;
}

void pipe_close(struct pipe *pipe, bool writer)
{
    lock(&pipe->lock);
    if (writer)
        pipe->has_writer = false;
    else
        pipe->has_reader = false;
    bool last = !pipe->has_writer && !pipe->has_reader;
    unlock(&pipe->lock);
    if (last) {
        uint32_t page = physical_address(pipe->bytes);
        page_release(page);
        memory_fence();
        pipe->bytes = NULL;
    } else {
        wake_all(pipe);
    }
}

/* User memory may fault and sleep, so bytes pass through the kernel's stack and not under the lock. */
long pipe_read(struct pipe *pipe, uintptr_t to, size_t bytes)
{
    uint8_t chunk[CHUNK_BYTES];
    lock(&pipe->lock);
    while (pipe->written == pipe->read && pipe->has_writer)
        sleep_on(pipe, &pipe->lock);
    size_t count = pipe->written - pipe->read;
    if (count > bytes)
        count = bytes;
    if (count > sizeof chunk)
        count = sizeof chunk;
    for (size_t i = 0; i < count; i++)
        chunk[i] = pipe->bytes[pipe->read++ % PAGE_BYTES];
    unlock(&pipe->lock);
    wake_all(pipe);
    return copy_to_user(to, chunk, count) < 0 ? -1 : (long)count;
}

long pipe_write(struct pipe *pipe, uintptr_t from, size_t bytes)
{
    uint8_t chunk[CHUNK_BYTES];
    size_t done = 0;
    while (done < bytes) {
        size_t count = bytes - done < sizeof chunk ? bytes - done : sizeof chunk;
        if (copy_from_user(chunk, from + done, count) < 0)
            return -1;
        lock(&pipe->lock);
        for (size_t i = 0; i < count; i++) {
            while (pipe->written - pipe->read == PAGE_BYTES && pipe->has_reader) {
                wake_all(pipe);
                sleep_on(pipe, &pipe->lock);
            }
            if (!pipe->has_reader) {
                unlock(&pipe->lock);
                return -1;
            }
            pipe->bytes[pipe->written++ % PAGE_BYTES] = chunk[i];
        }
        unlock(&pipe->lock);
        done += count;
    }
    wake_all(pipe);
    return (long)done;
}
