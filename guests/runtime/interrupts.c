#include "atomics.h"
#include "board.h"
#include "console.h"
#include "cp0.h"
#include "interrupts.h"
#include "parallel.h"

static struct {
    volatile uint32_t taken;
} __attribute__((aligned(CACHE_LINE_BYTES))) cpus[MAX_CPUS];

static uint32_t first_ipi;

bool ipi_exists(void)
{
    return board == BOARD_DISCO;
}

static void set_bit(uint32_t bitmap, uint32_t index)
{
    uint32_t address_pa = GIC_PA + bitmap + index / 32 * 4;
    device_write32(address_pa, device_read32(address_pa) | 1u << (index % 32));
}

void ipi_init(void)
{
    unsigned count = cpu_count();
    uint32_t interrupts = (((device_read32(GIC_PA + GIC_SH_CONFIG) >> 16) & 0xff) + 1) * 8;
    if (interrupts < count)
        panic("the GIC has %u interrupts for %u CPUs", interrupts, count);
    first_ipi = interrupts - count;
    device_write32(GCR_PA + GCR_GIC_BASE, GIC_PA | 1);
    for (unsigned cpu = 0; cpu < count; cpu++) {
        uint32_t ipi = first_ipi + cpu;
        set_bit(GIC_SH_POL, ipi);
        set_bit(GIC_SH_TRIG, ipi);
        device_write32(GIC_PA + GIC_SH_MAP_PIN + 4 * ipi, 0x80000000);
        device_write32(GIC_PA + GIC_SH_MAP_VP + 0x20 * ipi + cpu / 32 * 4, 1u << (cpu % 32));
        device_write32(GIC_PA + GIC_SH_WEDGE, ipi);
        device_write32(GIC_PA + GIC_SH_SMASK + ipi / 32 * 4, 1u << (ipi % 32));
    }
}

void ipi_enable(void)
{
    CP0_WRITE(12, 0, STATUS_RUN | STATUS_IM2 | STATUS_IE);
}

void ipi_disable(void)
{
    CP0_WRITE(12, 0, STATUS_RUN);
}

void ipi_send(unsigned cpu)
{
    memory_fence();
    device_write32(GIC_PA + GIC_SH_WEDGE, 0x80000000 | (first_ipi + cpu));
}

uint32_t ipi_taken(unsigned cpu)
{
    return cpus[cpu].taken;
}

/* From exceptions.S. */
void interrupt_handler(void);

/* The pin follows the latch with a delay, so a CPU may come here once more for an interrupt it has cleared: only the
   latch counts. It is cleared before the count is raised, as who waits for the count may send again at once. */
void interrupt_handler(void)
{
    unsigned cpu = cpu_id();
    uint32_t ipi = first_ipi + cpu;
    if (!(device_read32(GIC_PA + GIC_SH_PEND + ipi / 32 * 4) & 1u << (ipi % 32)))
        return;
    device_write32(GIC_PA + GIC_SH_WEDGE, ipi);
    cpus[cpu].taken++;
}
