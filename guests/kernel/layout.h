/*
 * Where things are, for C and assembly.
 *
 *   0x00400000            program, then its heap               user, mapped through the page table
 *   0x7ffe0000            stack, 64 KB
 *   kernel_window         all of RAM: KSEG0 (0x80000000) or the supervisor segment (0xc0000000), as linked
 *   0xdfffe000            this CPU's `struct cpu`              a wired TLB entry of each CPU's own
 *   0xdffff000            privileged registers, kept there by a monitor (hal.h)
 */
#ifndef KERNEL_LAYOUT_H
#define KERNEL_LAYOUT_H

#include "runtime/cp0.h"

#define PAGE_BYTES 4096
#define PAGE_SHIFT 12

#define KERNEL_CPUS 32
#define KERNEL_STACK_BYTES 8192

/* This CPU's pages are reached with LUI and a negative offset. */
#define THIS_CPU_HIGH 0xe000
#define THIS_CPU_VA 0xffffffffdfffe000
#define PRIVILEGED_VA 0xffffffffdffff000
#define THIS_CPU_LOW (-0x2000)
#define PRIVILEGED_LOW (-0x1000)

/* A site in .privileged_sites that stores; bits 12:8 then name the register for the page's address. */
#define PRIVILEGED_STORE 0x8000
#define VECTORS_BY_PAGE_BYTES 0x100

/* Wired TLB entries: this CPU's pages; and, if linked into a mapped segment, the window in two pairs of 64 MB. */
#define WIRED_ENTRIES 3
#define WINDOW_PAGE_MASK 0x07ffe000
#define WINDOW_PAIR_BYTES 0x08000000
#define WINDOW_BYTES 0x10000000

#define USER_TEXT 0x00400000
#define USER_STACK_TOP 0x7fff0000
#define USER_STACK_BYTES 0x10000
#define USER_END 0x80000000

/*
 * A page table entry is the frame's address, above EntryLo's C, D, V, G moved up by 6 bits, above bits of the
 * kernel's own. Shifted right by 6 it is the EntryLo. (PRA volume III, 9.6)
 */
#define ENTRY_SHIFT 6
#define ENTRY_GLOBAL 0x040
#define ENTRY_VALID 0x080
#define ENTRY_DIRTY 0x100
#define ENTRY_COHERENT 0xa00
#define ENTRY_COPY_ON_WRITE 0x001

/* Directory: 512 page tables of 1024 pages each. */
#define DIRECTORY_SHIFT 22

/* struct cpu */
#define CPU_DIRECTORY 0
#define CPU_STACK 8

/* struct frame: registers by number, with slots 0, 26 and 27 for what has no number. */
#define FRAME_SLOT(register) (32 + 8 * (register))
#define FRAME_STATUS 32
#define FRAME_HI (32 + 8 * 26)
#define FRAME_LO (32 + 8 * 27)
#define FRAME_EPC (32 + 8 * 32)
#define FRAME_CAUSE (32 + 8 * 33)
#define FRAME_BAD_ADDRESS (32 + 8 * 34)
#define FRAME_BYTES (32 + 8 * 36)

#define KERNEL_STATUS (STATUS_KX | STATUS_SX | STATUS_UX)
#define USER_STATUS (KERNEL_STATUS | STATUS_USER | STATUS_IM2 | STATUS_IM7 | STATUS_IE | STATUS_EXL)
#define IDLE_STATUS (KERNEL_STATUS | STATUS_IM2 | STATUS_IE)

#define STATUS_EXL 0x00000002
#define STATUS_USER 0x00000010
#define STATUS_UX 0x00000020
#define STATUS_SX 0x00000040
#define STATUS_IM7 0x00008000

#endif
