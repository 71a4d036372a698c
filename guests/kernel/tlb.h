/* The TLB of each CPU: whose entries are in it, and how others have theirs removed. */
#ifndef KERNEL_TLB_H
#define KERNEL_TLB_H

#include <stdint.h>

struct space;

/* Empties this CPU's TLB but for the wired entries. */
void tlb_flush(void);

/* Makes user addresses mean this space (null: nothing), under an ASID whose entries are none but its present ones. */
void tlb_activate(struct space *space);

/* Writes the page table's present pair over this CPU's entry for the address, if it has one. */
void tlb_update(struct space *space, uintptr_t address);

/*
 * Returns when no CPU has an entry of this space that is older than the call. The caller holds the space's lock and
 * has changed the page table; CPUs that run in the space are interrupted.
 */
void tlb_shootdown(struct space *space);

/* Answers a shootdown, if one waits for this CPU. From the interrupt, and from all loops that spin. */
void shootdown_answer(void);

/* Shootdowns that took an interrupt of another CPU. */
uint32_t shootdowns(void);

#endif
