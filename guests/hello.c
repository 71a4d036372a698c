/* One line from every CPU, in the order of their numbers. */
#include "runtime/atomics.h"
#include "runtime/console.h"
#include "runtime/parallel.h"

static volatile uint32_t turn;

static void greet(unsigned cpu)
{
    while (turn != cpu)
        spin_hint();
    memory_fence();
    print("hello from CPU %u\n", cpu);
    memory_fence();
    turn = cpu + 1;
}

int main(void)
{
    print("hello: %u CPUs\n", cpu_count());
    parallel_run(greet);
    print("hello: ok\n");
    return 0;
}
