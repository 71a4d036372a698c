/* Address spaces: regions say what may be there, the page table what is. */
#ifndef KERNEL_SPACE_H
#define KERNEL_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "lock.h"

struct inode;

enum { REGIONS = 6 };

/* [start, end), whole pages. Addresses below file_end are the file's bytes from offset on, all others zero. */
struct region {
    uintptr_t start, end;
    struct inode *file;
    uintptr_t file_end;
    uint32_t offset;
    bool writable;
};

struct space {
    uint32_t *directory;
    struct lock lock;
    volatile uint32_t references; /* processes that live in it */
    struct region regions[REGIONS];
    struct region *heap;
    volatile uint64_t asid[KERNEL_CPUS]; /* per CPU; 0 = none (tlb.c) */
};

/* Null if memory or the table of spaces is used up. */
struct space *space_new(void);

/* Another process in the same space. */
struct space *space_share(struct space *space);

/* A copy on write. */
struct space *space_fork(struct space *from);

/* Gives up a process's part; frees everything with the last one. The caller's CPU has left the space. */
void space_release(struct space *space);

/* False if there is no room in the table of regions. */
bool space_add_region(struct space *space, struct region region);

/* Moves the end of the heap; the old end, or -1. Pages above a lower end are gone on every CPU when it returns. */
long space_grow(struct space *space, long bytes);

/* Makes the page present (and writable): 0, or -1 if the regions do not allow it or memory is used up. */
int space_fault(struct space *space, uintptr_t address, bool write);

/* The address's entry in the page table; one in the shared empty table if there is none. */
uint32_t *space_entry(struct space *space, uintptr_t address);

/* Counts of pages since the start: zeroed on demand, copied on write, mapped from files. */
struct space_counts {
    volatile uint32_t zeroed, copied, mapped;
};

extern struct space_counts space_counts;

/* tlb.c: what stands where no page table is. */
uint32_t *tlb_empty_table(void);
uint32_t *tlb_empty_directory(void);

#endif
