/* Where exceptions arrive in C. */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include <stdint.h>

struct frame;

/* From exceptions.S. */
void trap(struct frame *frame);

/* system_calls.c */
long system_call(uint64_t number, const uint64_t *arguments);

#endif
