/*
 * Everything that CPUs do to each other: LL/SC counters, locks, barriers, SC against plain stores, a lock-free stack,
 * interrupts. Each test states an exact claim about its final or observed values.
 */
#include "runtime/atomics.h"
#include "runtime/barrier.h"
#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/interrupts.h"
#include "runtime/locks.h"
#include "runtime/parallel.h"
#include "runtime/parameters.h"
#include "runtime/result.h"

enum { STACK_NODES_PER_CPU = 2, IPI_PATIENCE_TICKS = 20000000 };

static unsigned long rounds;
static struct flat_barrier flat;
static struct tree_barrier tree;

/* The words of one line, so that every access of one CPU disturbs the reservation of another. */
static struct {
    volatile uint32_t narrow;
    volatile uint64_t wide;
    volatile uint32_t own[MAX_CPUS];
} counters __attribute__((aligned(CACHE_LINE_BYTES)));

static void count_together(unsigned cpu)
{
    for (unsigned long i = 0; i < rounds; i++) {
        atomic_fetch_add32(&counters.narrow, 1);
        counters.own[cpu] = counters.own[cpu] + 1;
        atomic_fetch_add64(&counters.wide, 0x100000001UL);
    }
    tree_barrier_wait(&tree, cpu);
    unsigned long total = rounds * cpu_count();
    check(counters.narrow == total, "the LL/SC counter has every increment");
    check(counters.wide == total * 0x100000001UL, "the LLD/SCD counter has every increment");
    check(counters.own[cpu] == rounds, "plain stores beside an LL/SC word are kept");
}

/* Two words on different lines that are equal whenever the lock is free. */
static struct {
    struct ticket_lock ticket;
    struct flag_lock flag;
    volatile unsigned long left __attribute__((aligned(CACHE_LINE_BYTES)));
    volatile unsigned long right __attribute__((aligned(CACHE_LINE_BYTES)));
} ticketed, flagged;

static void lock_each_other_out(unsigned cpu)
{
    for (unsigned long i = 0; i < rounds; i++) {
        ticket_lock(&ticketed.ticket);
        check(ticketed.left == ticketed.right, "a ticket lock shows whole updates");
        ticketed.left = ticketed.left + 1;
        ticketed.right = ticketed.right + 1;
        ticket_unlock(&ticketed.ticket);
        flag_lock(&flagged.flag);
        check(flagged.left == flagged.right, "a test-and-set lock shows whole updates");
        flagged.left = flagged.left + 1;
        flagged.right = flagged.right + 1;
        flag_unlock(&flagged.flag);
    }
    flat_barrier_wait(&flat);
    check(ticketed.left == rounds * cpu_count(), "a ticket lock loses no update");
    check(flagged.left == rounds * cpu_count(), "a test-and-set lock loses no update");
    flat_barrier_wait(&flat);
    (void)cpu;
}

static volatile uint32_t phase_of[MAX_CPUS];

/* Between two barriers nobody is a phase behind or ahead; the two kinds alternate. */
static void keep_step(unsigned cpu)
{
    for (uint32_t phase = 1; phase <= rounds; phase++) {
        phase_of[cpu] = phase;
        flat_barrier_wait(&flat);
        for (unsigned other = 0; other < cpu_count(); other++)
            check(phase_of[other] == phase, "a barrier lets nobody through early");
        tree_barrier_wait(&tree, cpu);
    }
}

/* CPU c alone stores increasing numbers into word c; all others try to mark what they find there by LLD, OR, SCD. */
static volatile uint64_t marked[MAX_CPUS] __attribute__((aligned(CACHE_LINE_BYTES)));
static volatile uint32_t marks[MAX_CPUS];

enum { MARK = 1, LOOKS = 4 };

static void store_against_conditional(unsigned cpu)
{
    unsigned other = (cpu + 1) % cpu_count();
    for (uint64_t number = 1; number <= rounds; number++) {
        marked[cpu] = number << 1;
        for (int look = 0; look < LOOKS; look++)
            check(marked[cpu] >> 1 == number, "an SC never writes over a store that came after its LL");
        if (other != cpu && try_or64(&marked[other], MARK))
            marks[cpu]++;
    }
    tree_barrier_wait(&tree, cpu);
    check(marked[cpu] >> 1 == rounds, "the last store stays");
}

/* A stack of node numbers. The head carries a count of pops, so that a recycled head is told from an old one. */
static volatile uint64_t head;
static volatile uint32_t next_of[MAX_CPUS * STACK_NODES_PER_CPU + 1];
static volatile uint32_t owner_of[MAX_CPUS * STACK_NODES_PER_CPU + 1];

static void push(uint32_t node)
{
    uint64_t seen = head;
    for (;;) {
        next_of[node] = (uint32_t)seen;
        memory_fence();
        uint64_t found = atomic_compare_swap64(&head, seen, (seen & ~0xffffffffUL) | node);
        if (found == seen)
            return;
        seen = found;
    }
}

static uint32_t pop(void)
{
    uint64_t seen = head;
    for (;;) {
        uint32_t node = (uint32_t)seen;
        if (node == 0)
            return 0;
        uint64_t wanted = ((seen >> 32) + 1) << 32 | next_of[node];
        uint64_t found = atomic_compare_swap64(&head, seen, wanted);
        if (found == seen)
            return node;
        seen = found;
    }
}

static void pass_nodes(unsigned cpu)
{
    unsigned nodes = cpu_count() * STACK_NODES_PER_CPU;
    for (uint32_t node = cpu + 1; node <= nodes; node += cpu_count())
        push(node);
    tree_barrier_wait(&tree, cpu);
    for (unsigned long i = 0; i < rounds; i++) {
        uint32_t node = pop();
        check(node != 0, "the stack holds enough for everybody");
        if (node == 0)
            continue;
        check(atomic_swap32(&owner_of[node], cpu + 1) == 0, "a node that was popped is nobody else's");
        check(atomic_swap32(&owner_of[node], 0) == cpu + 1, "a node that was popped stays its owner's");
        push(node);
    }
    tree_barrier_wait(&tree, cpu);
    if (cpu == 0) {
        unsigned found = 0;
        for (uint32_t node = pop(); node != 0 && found <= nodes; node = pop())
            found++;
        check(found == nodes, "the stack holds each node once");
    }
}

/* Each CPU interrupts its right neighbour and waits until that has been seen to, so none may be lost or doubled. */
static void ping(unsigned cpu)
{
    unsigned right = (cpu + 1) % cpu_count();
    ipi_enable();
    flat_barrier_wait(&flat);
    for (uint32_t i = 1; i <= rounds && !failed(); i++) {
        ipi_send(right);
        uint32_t start = cycle_count();
        while (ipi_taken(right) != i && !failed())
            check(cycle_count() - start < IPI_PATIENCE_TICKS, "an interrupt arrives");
    }
    flat_barrier_wait(&flat);
    ipi_disable();
    check(ipi_taken(cpu) == rounds, "interrupts arrive once");
}

static void run(unsigned cpu, const char *name, void (*test)(unsigned cpu))
{
    flat_barrier_wait(&flat);
    uint32_t start = cycle_count();
    test(cpu);
    flat_barrier_wait(&flat);
    if (cpu == 0)
        print("  %s: %s, %u ticks\n", name, failed() ? "failed" : "passed", cycle_count() - start);
}

static void torture(unsigned cpu)
{
    run(cpu, "counters", count_together);
    run(cpu, "locks", lock_each_other_out);
    run(cpu, "barriers", keep_step);
    run(cpu, "stores", store_against_conditional);
    run(cpu, "stack", pass_nodes);
    if (ipi_exists())
        run(cpu, "interrupts", ping);
}

int main(void)
{
    rounds = parameter("rounds", 100);
    print("torture: %u CPUs, %lu rounds\n", cpu_count(), rounds);
    if (ipi_exists())
        ipi_init();
    parallel_run(torture);
    unsigned total = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
        total += marks[cpu];
    print("  %u marks made against plain stores\n", total);
    return verdict("torture");
}
