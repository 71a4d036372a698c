/* Interrupts between CPUs, through the shared section of the GIC. */
#ifndef RUNTIME_INTERRUPTS_H
#define RUNTIME_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

/* False on a board without GIC. */
bool ipi_exists(void);

/* CPU 0, before parallel_run: gives every CPU one interrupt of the GIC, the top cpu_count() of them as Linux does. */
void ipi_init(void);

/* Lets the calling CPU take, or no longer take, its interrupt. */
void ipi_enable(void);
void ipi_disable(void);

void ipi_send(unsigned cpu);

/* Interrupts that a CPU has taken so far. */
uint32_t ipi_taken(unsigned cpu);

#endif
