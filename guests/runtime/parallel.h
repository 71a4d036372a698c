/* All CPUs at work. */
#ifndef RUNTIME_PARALLEL_H
#define RUNTIME_PARALLEL_H

/* CPUs of the machine, or fewer if the parameter cpus= says so. */
unsigned cpu_count(void);

/* Starts the other CPUs, runs work(cpu) on all of them and returns when all are done. Once per guest: a CPU that is
   done sleeps for good. */
void parallel_run(void (*work)(unsigned cpu));

/* CPU's share [*first, *last) of count items. */
static inline void share_of(unsigned cpu, unsigned long count, unsigned long *first, unsigned long *last)
{
    *first = count * cpu / cpu_count();
    *last = count * (cpu + 1) / cpu_count();
}

#endif
