/* The block device: virtio-mmio on the bare board, one monitor call under a monitor. */
#ifndef KERNEL_DISK_H
#define KERNEL_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum { SECTOR_BYTES = 512, DISK_PAGES_MAX = 16 };

/* False if there is no disk. */
bool disk_init(void);

/* Moves blocks of a page each between the disk and frames; sleeps meanwhile. False if the disk refuses. */
bool disk_transfer(bool write, uint32_t block, unsigned count, const uint32_t *pages);

/* From the interrupt handler of CPU 0. */
void disk_interrupt(void);

#endif
