/* The kernel's only ways to user memory. Both may fault and sleep: no spin lock may be held. */
#ifndef KERNEL_USER_MEMORY_H
#define KERNEL_USER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* exceptions.S */
long copy_user(void *to, const void *from, size_t bytes);

static inline long copy_from_user(void *to, uintptr_t from, size_t bytes)
{
    return from < USER_END && bytes <= USER_END - from ? copy_user(to, (const void *)from, bytes) : -1;
}

static inline long copy_to_user(uintptr_t to, const void *from, size_t bytes)
{
    return to < USER_END && bytes <= USER_END - to ? copy_user((void *)to, from, bytes) : -1;
}

#endif
