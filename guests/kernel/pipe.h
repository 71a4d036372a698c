/* Bytes from one process to another, through one page. */
#ifndef KERNEL_PIPE_H
#define KERNEL_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pipe;

struct pipe *pipe_new(void);
void pipe_close(struct pipe *pipe, bool writer);

/* Waits for bytes; 0 once there are none and will be none. User memory. */
long pipe_read(struct pipe *pipe, uintptr_t to, size_t bytes);

/* Waits for room; -1 if nobody reads. */
long pipe_write(struct pipe *pipe, uintptr_t from, size_t bytes);

#endif
