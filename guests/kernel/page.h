/* Page frames: counted references, a free list. */
#ifndef KERNEL_PAGE_H
#define KERNEL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

enum page_class { PAGE_DATA = 0, PAGE_TEXT = 1, PAGE_BUFFER = 2 };

/* Takes all memory from the end of the image to the top of RAM, or of the window, but for aside pages in one stretch.
   That stretch's address. */
uint32_t pages_init(unsigned long aside);

/* Physical address of a frame with one reference; 0 if there is none. Contents: zero, or whatever was there. */
uint32_t page_allocate(bool zeroed, enum page_class class);

void page_reference(uint32_t page);

/* Frees the frame with the last reference. */
void page_release(uint32_t page);

uint32_t page_references(uint32_t page);

/* What it is used for from now on; the monitor is told when that is news. */
void page_set_class(uint32_t page, enum page_class class);

unsigned long pages_free(void);

/* Gives up to so many free pages that are in memory back to the monitor; how many. */
unsigned long pages_give_back(unsigned long count);

#endif
