/* Physical addresses and registers of the Disco board, and of QEMU's Malta board (the reference for timing). */
#ifndef RUNTIME_BOARD_H
#define RUNTIME_BOARD_H

#define MAX_CPUS 64
#define CACHE_LINE_BYTES 128

/* Five pages, not four: with pages dealt round-robin to a power of two of nodes, a stride of a power of two would
   put the hot page of every stack on one node. */
#define STACK_STRIDE_BYTES 0x5000

#define KSEG0_WINDOW_BYTES 0x20000000UL

#ifndef __ASSEMBLER__

#include <stdint.h>

enum {
    GCR_CONFIG = 0x0000, /* 7:0 = cores - 1 */
    GCR_ACCESS = 0x0020,
    GCR_REV = 0x0030,
    GCR_GIC_BASE = 0x0080,
    GCR_CL_OTHER = 0x2018,          /* 31:16 = core the 0x4000 bank speaks to */
    GCR_CO_RESET_RELEASE = 0x4000,
    GCR_CO_COHERENCE = 0x4008,
    GCR_CO_RESET_BASE = 0x4020,     /* 31:12 = KSEG1 address of the first instruction */
    GCR_CO_RESET_EXT_BASE = 0x4030,
};

enum {
    GIC_SH_CONFIG = 0x0000, /* 23:16 = interrupts / 8 - 1 */
    GIC_SH_POL = 0x0100,
    GIC_SH_TRIG = 0x0180,
    GIC_SH_DUAL = 0x0200,
    GIC_SH_WEDGE = 0x0280,
    GIC_SH_SMASK = 0x0380,
    GIC_SH_PEND = 0x0480,
    GIC_SH_MAP_PIN = 0x0500,
    GIC_SH_MAP_VP = 0x2000,
};

#define GCR_PA 0xE0000000u
#define GIC_PA 0xE0020000u
#define UART_PA 0xE0100000u
#define SYSCON_PA 0xE0110000u

#define MALTA_UART_PA 0x180003F8u
#define MALTA_SOFTRESET_PA 0x1F000500u

enum board { BOARD_DISCO, BOARD_MALTA };

extern enum board board;

/* First C code of CPU 0. a0, a1: as left by the loader (-2 and the device tree, or argc and argv). */
void board_init(long a0, long a1);

/* Device registers, 32 and 8 bits wide, by physical address (uncached XKPHYS). */
uint32_t device_read32(uint32_t address_pa);
void device_write32(uint32_t address_pa, uint32_t value);
uint32_t device_read8(uint32_t address_pa);
void device_write8(uint32_t address_pa, uint32_t value);

/* Ends the run; 0 is success. Malta has no exit code: only its console tells. */
void power_off(unsigned code) __attribute__((noreturn));

#endif
#endif
