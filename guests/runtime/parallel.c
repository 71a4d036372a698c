#include "atomics.h"
#include "board.h"
#include "console.h"
#include "cp0.h"
#include "parallel.h"
#include "parameters.h"

extern char _start[];

/* Read by start.S. */
volatile uint32_t secondaries_released;

static unsigned cpus_in_use;
static void (*work_of_all)(unsigned cpu);
static volatile uint32_t finished __attribute__((aligned(CACHE_LINE_BYTES)));

unsigned cpu_count(void)
{
    if (cpus_in_use == 0) {
        unsigned most = board == BOARD_DISCO ? (device_read32(GCR_PA + GCR_CONFIG) & 0xff) + 1 : MAX_CPUS;
        unsigned long wanted = parameter("cpus", board == BOARD_DISCO ? most : 1);
        if (wanted == 0 || wanted > most || wanted > MAX_CPUS)
            panic("cpus=%lu: 1 to %u are possible", wanted, most);
        cpus_in_use = (unsigned)wanted;
    }
    return cpus_in_use;
}

/* The order of the register writes is that of the board's start protocol: target, where, how, go. */
static void release_core(unsigned core)
{
    uint32_t reset_base = ((uint32_t)(uintptr_t)_start & 0x1ffff000) | 0xa0000000;
    device_write32(GCR_PA + GCR_CL_OTHER, core << 16);
    device_write32(GCR_PA + GCR_CO_RESET_BASE, reset_base);
    device_write32(GCR_PA + GCR_CO_COHERENCE, 0);
    device_write32(GCR_PA + GCR_CO_RESET_EXT_BASE, 0x40000000);
    device_write32(GCR_PA + GCR_ACCESS, device_read32(GCR_PA + GCR_ACCESS) | (core < 32 ? 1u << core : 0));
    device_write32(GCR_PA + GCR_CO_RESET_RELEASE, 0);
}

void parallel_run(void (*work)(unsigned cpu))
{
    work_of_all = work;
    unsigned count = cpu_count();
    memory_fence();
    secondaries_released = 1;
    if (board == BOARD_DISCO) {
        for (unsigned core = 1; core < count; core++)
            release_core(core);
    }
    work(0);
    while (finished != count - 1)
        spin_hint();
    memory_fence();
}

/* A wait that an interrupt could end: no machine takes it for the end of the run, as it may a wait without. */
static void sleep_for_good(void)
{
    CP0_WRITE(12, 0, STATUS_RUN | STATUS_IM2 | STATUS_IE);
    for (;;)
        __asm__ volatile("wait");
}

/* From start.S. */
void secondary_main(void);

void secondary_main(void)
{
    unsigned cpu = cpu_id();
    if (cpu < cpus_in_use) {
        work_of_all(cpu);
        memory_fence();
        atomic_fetch_add32(&finished, 1);
    }
    sleep_for_good();
}
