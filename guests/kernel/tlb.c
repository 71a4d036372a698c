#include <stddef.h>

#include "runtime/atomics.h"
#include "runtime/cp0.h"
#include "runtime/interrupts.h"
#include "runtime/parallel.h"

#include "cpu.h"
#include "space.h"
#include "tlb.h"

enum { ASID_MASK = 0xff, TLB_ENTRIES = 64, ASID_GENERATION = 0x100 };

static uint32_t empty_table[PAGE_BYTES / 4] __attribute__((aligned(PAGE_BYTES)));
static uint32_t empty_directory[USER_END >> DIRECTORY_SHIFT] __attribute__((aligned(PAGE_BYTES)));
static volatile uint32_t interrupts_sent;

uint32_t *tlb_empty_table(void)
{
    return empty_table;
}

uint32_t *tlb_empty_directory(void)
{
    if (empty_directory[0] == 0) {
        for (size_t i = 0; i < sizeof empty_directory / sizeof *empty_directory; i++)
            empty_directory[i] = (uint32_t)(uintptr_t)empty_table;
    }
    return empty_directory;
}

static void write_entry_high(uint64_t value)
{
    __asm__ volatile("dmtc0 %0, $10\n\tehb" : : "r"(value) : "memory");
}

void tlb_flush(void)
{
    CP0_WRITE(2, 0, 0);
    CP0_WRITE(3, 0, 0);
    CP0_WRITE(5, 0, 0);
    for (unsigned i = WIRED_ENTRIES; i < TLB_ENTRIES; i++) {
        CP0_WRITE(0, 0, i);
        write_entry_high(0xffffffff80000000 + 2ul * PAGE_BYTES * i);
        __asm__ volatile("tlbwi\n\tehb" : : : "memory");
    }
    write_entry_high(0);
}

/* This CPU's ASID for the space: the old one if no shootdown took it away and it is of the present generation. */
static uint64_t asid_of(struct space *space, struct cpu *cpu)
{
    uint64_t asid = space->asid[cpu->number];
    if (asid != 0 && (asid ^ cpu->asid) < ASID_GENERATION)
        return asid;
    if ((++cpu->asid & ASID_MASK) == 0) {
        tlb_flush();
        cpu->asid++;
    }
    space->asid[cpu->number] = cpu->asid;
    return cpu->asid;
}

/* The space is set before its ASID is read: a shootdown takes the ASID away before it looks who runs in the space. */
void tlb_activate(struct space *space)
{
    struct cpu *cpu = THIS_CPU;
    cpu->space = space;
    memory_fence();
    if (space == NULL) {
        cpu->directory = tlb_empty_directory();
        return;
    }
    cpu->directory = space->directory;
    write_entry_high(asid_of(space, cpu) & ASID_MASK);
}

void tlb_update(struct space *space, uintptr_t address)
{
    uint64_t asid = THIS_CPU->space == space ? asid_of(space, THIS_CPU) & ASID_MASK : 0;
    if (asid == 0)
        return;
    const uint32_t *pair = space_entry(space, address & ~(2ul * PAGE_BYTES - 1));
    write_entry_high((address & ~(2ul * PAGE_BYTES - 1)) | asid);
    __asm__ volatile("tlbp\n\tehb" : : : "memory");
    if ((int32_t)CP0_READ(0, 0) >= 0) {
        CP0_WRITE(2, 0, pair[0] >> ENTRY_SHIFT);
        CP0_WRITE(3, 0, pair[1] >> ENTRY_SHIFT);
        __asm__ volatile("tlbwi\n\tehb" : : : "memory");
    }
}

void tlb_shootdown(struct space *space)
{
    unsigned count = cpu_count();
    uint32_t waiting = 0;
    memory_fence();
    for (unsigned i = 0; i < count; i++)
        space->asid[i] = 0;
    memory_fence();
    for (unsigned i = 0; i < count; i++) {
        struct cpu *cpu = &cpus[i].cpu;
        if (i == THIS_CPU->number || cpu->space != space)
            continue;
        cpu->shootdown = 1;
        memory_fence();
        ipi_send(i);
        waiting |= 1u << i;
        atomic_fetch_add32(&interrupts_sent, 1);
    }
    if (THIS_CPU->space == space)
        tlb_activate(space);
    for (unsigned i = 0; i < count; i++) {
        while ((waiting >> i & 1) && cpus[i].cpu.shootdown) {
            shootdown_answer();
            spin_hint();
        }
    }
    memory_fence();
}

void shootdown_answer(void)
{
    struct cpu *cpu = THIS_CPU;
    if (!cpu->shootdown)
        return;
    memory_fence();
    if (cpu->space != NULL)
        tlb_activate(cpu->space);
    memory_fence();
    cpu->shootdown = 0;
}

uint32_t shootdowns(void)
{
    return interrupts_sent;
}
