/*
 * The few places where the kernel is better told that it runs on a monitor (Disco, SOSP 1997, section 4.2). Each can
 * be left out: bootargs hal=off, hal=all, or hal= and names joined by commas; without hal=, all but zero:
 *   priv   privileged registers are read and written in a page that the monitor keeps
 *   clear  pages never touched are known to be zero    free   most free pages go back to the monitor
 *   zero   other pages are cleared by the monitor
 *   idle   the idle loop calls the monitor             disk   disk requests are one call each
 *   class  the monitor is told what pages are for      exit   power-off is a call
 *   remap  whole pages from the network are not copied
 *   balloon  pages are given back when the monitor asks for them
 */
#ifndef KERNEL_HAL_H
#define KERNEL_HAL_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

enum hypercall {
    HYPERCALL_PRIVILEGED_PAGE = 2,
    HYPERCALL_ZERO_PAGE = 3,
    HYPERCALL_FREE_HINT = 4,
    HYPERCALL_REMAP = 5,
    HYPERCALL_IDLE = 6,
    HYPERCALL_DISK = 7,
    HYPERCALL_NET_SEND = 8,
    HYPERCALL_NET_RECEIVE = 9,
    HYPERCALL_EXIT = 10,
    HYPERCALL_BALLOON = 11,
    HYPERCALL_PAGE_CLASS = 14,
};

/* Reads the device tree for /hypervisor, and the parameter hal. */
void hal_init(const uint8_t *tree);

/* Every CPU: asks for its privileged page. */
void hal_init_cpu(void);

bool hal_present(void);
const char *hal_words(void);

/* True if a page that was never touched, or was given back, is zero: a monitor clears what it gives to a guest. */
bool hal_new_pages_are_clear(void);

/* By page number. zero: false if the caller must clear the page itself. free: true if the page was given back. */
bool hal_zero_page(uint32_t page);
bool hal_page_free(uint32_t page);
void hal_page_class(uint32_t page, enum page_class class);

/* The balloon: whether the monitor may ask for pages, how many it asks for, and giving it one. */
bool hal_balloon(void);
unsigned long hal_pages_wanted(void);
bool hal_give_back(uint32_t page);

/* Page to := what page from is, by page number: remapped or copied. */
void hal_copy_page(uint32_t to, uint32_t from);

/* True if disk requests go to the monitor. Result of the request: 0, or negative. */
bool hal_disk(void);
void hal_disk_refused(void);
long hal_disk_request(unsigned disk, bool write, uint64_t sector, unsigned count, unsigned pages,
                      const uint32_t *physical);

void hal_exit(unsigned code) __attribute__((noreturn));

/* exceptions.S */
long hypercall(long number, long a0, long a1, long a2);

#endif
