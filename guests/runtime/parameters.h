/* What the loader tells the guest: words `name=value` of the command line, and the size of RAM. */
#ifndef RUNTIME_PARAMETERS_H
#define RUNTIME_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

/* /chosen bootargs and /memory of a flattened device tree (Devicetree Specification 0.4, chapter 5). */
void parameters_from_device_tree(const uint8_t *tree);

/* YAMON's argument vector: 32-bit pointers, of which the second is the command line. */
void parameters_from_prom(long count, const int32_t *arguments);

unsigned long parameters_memory_bytes(void);

/* Value of a decimal or 0x number; panics if it is not one. */
unsigned long parameter(const char *name, unsigned long otherwise);

/* True if the command line has `name=text`. If it has no `name=` at all: otherwise. */
bool parameter_is(const char *name, const char *text, bool otherwise);

#endif
