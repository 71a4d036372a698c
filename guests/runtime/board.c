#include "board.h"
#include "console.h"
#include "cp0.h"
#include "memory.h"
#include "parameters.h"

#define BIG_ENDIAN_CPU (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

enum board board;

/* The device registers are little endian. Whether the bus turns the bytes round for a big-endian CPU is a choice of
   the machine; GCR_REV, whose value is known to fit 16 bits, tells. */
static bool swap_bytes;

#ifdef __mips64
uint32_t device_read32(uint32_t address_pa)
{
    uint32_t value = *(volatile uint32_t *)(0x9000000000000000UL | address_pa);
    return swap_bytes ? __builtin_bswap32(value) : value;
}

void device_write32(uint32_t address_pa, uint32_t value)
{
    *(volatile uint32_t *)(0x9000000000000000UL | address_pa) = swap_bytes ? __builtin_bswap32(value) : value;
}

uint32_t device_read8(uint32_t address_pa)
{
    return *(volatile uint8_t *)(0x9000000000000000UL | address_pa);
}

void device_write8(uint32_t address_pa, uint32_t value)
{
    *(volatile uint8_t *)(0x9000000000000000UL | address_pa) = (uint8_t)value;
}
#else
/* o32 code has 32-bit addresses only, but the registers below it are 64 bits wide: build the XKPHYS address there. */
#define XKPHYS_ACCESS(instruction, value_constraint, value, address_pa)                 \
    __asm__ volatile(".set push\n\t.set arch=mips64r2\n\t.set noat\n\t"                 \
                     "lui $at, 0x9000\n\tdsll32 $at, $at, 0\n\t"                        \
                     "dins $at, %1, 0, 32\n\t" instruction " %0, 0($at)\n\t.set pop"    \
                     : value_constraint(value) : "r"(address_pa) : "$1", "memory")

uint32_t device_read32(uint32_t address_pa)
{
    uint32_t value;
    XKPHYS_ACCESS("lw", "=&r", value, address_pa);
    return swap_bytes ? __builtin_bswap32(value) : value;
}

void device_write32(uint32_t address_pa, uint32_t value)
{
    value = swap_bytes ? __builtin_bswap32(value) : value;
    XKPHYS_ACCESS("sw", "+r", value, address_pa);
}

uint32_t device_read8(uint32_t address_pa)
{
    uint32_t value;
    XKPHYS_ACCESS("lbu", "=&r", value, address_pa);
    return value;
}

void device_write8(uint32_t address_pa, uint32_t value)
{
    XKPHYS_ACCESS("sb", "+r", value, address_pa);
}
#endif

void board_init(long a0, long a1)
{
    board = a0 == -2 ? BOARD_DISCO : BOARD_MALTA;
    if (BIG_ENDIAN_CPU && board == BOARD_DISCO)
        swap_bytes = (device_read32(GCR_PA + GCR_REV) & 0xffff) == 0;
    console_init();
    if (board == BOARD_DISCO) {
        parameters_from_device_tree((const uint8_t *)a1);
        memory_init(parameters_memory_bytes());
    } else {
        parameters_from_prom(a0, (const int32_t *)a1);
        memory_init(128UL << 20);
    }
}

void power_off(unsigned code)
{
    if (board == BOARD_DISCO)
        device_write32(SYSCON_PA, (code << 16) | 0x5555);
    else
        device_write32(MALTA_SOFTRESET_PA, 0x42);
    for (;;)
        __asm__ volatile("wait");
}
