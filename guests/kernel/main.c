/* The kernel's start on each CPU. */
#include <stddef.h>

#include "runtime/board.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/interrupts.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"

#include "balloon.h"
#include "cache.h"
#include "disk.h"
#include "file_system.h"
#include "hal.h"
#include "page.h"
#include "process.h"
#include "process_table.h"
#include "remote.h"
#include "space.h"
#include "tlb.h"

enum { TICKS_PER_MICROSECOND = 200 };

struct cpu_pages cpus[KERNEL_CPUS];

/* From start.S. */
void boot(long a0, long a1) __attribute__((noreturn));

static void run(unsigned number)
{
    struct cpu *cpu = THIS_CPU;
    cpu->number = number;
    tlb_flush();
    tlb_activate(NULL);
    if (number != 0)
        hal_init_cpu();
    schedule_forever();
}

void boot(long a0, long a1)
{
    board_init(a0, a1);
    hal_init((const uint8_t *)a1);
    tlb_empty_directory();
    uint32_t aside = pages_init(remote_pages_wanted());
    if (cpu_count() > KERNEL_CPUS)
        panic("%u CPUs: the kernel is built for %u", cpu_count(), KERNEL_CPUS);
    ipi_init();
    balloon_init();
    quantum_ticks = (uint32_t)parameter("quantum", 1000) * TICKS_PER_MICROSECOND;
    cache_init(parameter("cache", pages_free() / 4));
    bool has_disk = disk_init();
    print("kernel: %u CPUs, %lu pages, linked at %lx", cpu_count(), pages_free(), (unsigned long)kernel_window);
    if (hal_present())
        print(", under a monitor, hal %s", hal_words());
    print("\n");
    if (!has_disk)
        panic("no disk");
    remote_init(aside);
    process_first("bin/init");
    parallel_run(run);
    panic("the scheduler ended");
}
