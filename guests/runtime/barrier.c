#include "atomics.h"
#include "barrier.h"
#include "parallel.h"

enum { FAN_IN = 4 };

/* The sense cannot turn before this CPU has arrived, so reading it first needs no state per CPU. */
void flat_barrier_wait(struct flat_barrier *barrier)
{
    uint32_t sense = barrier->sense;
    memory_fence();
    if (atomic_fetch_add32(&barrier->arrived, 1) == cpu_count() - 1) {
        barrier->arrived = 0;
        memory_fence();
        barrier->sense = !sense;
    } else {
        while (barrier->sense == sense)
            spin_hint();
    }
    memory_fence();
}

void tree_barrier_wait(struct tree_barrier *barrier, unsigned cpu)
{
    struct tree_barrier_node *own = &barrier->nodes[cpu];
    uint32_t round = ++own->round;
    unsigned first = FAN_IN * cpu + 1;
    unsigned last = first + FAN_IN < cpu_count() ? first + FAN_IN : cpu_count();
    for (unsigned child = first; child < last; child++) {
        while (barrier->nodes[child].arrived != round)
            spin_hint();
    }
    memory_fence();
    if (cpu != 0) {
        own->arrived = round;
        while (own->woken != round)
            spin_hint();
    }
    memory_fence();
    for (unsigned child = first; child < last; child++)
        barrier->nodes[child].woken = round;
}
