/* What process.c and schedule.c share. */
#ifndef KERNEL_PROCESS_TABLE_H
#define KERNEL_PROCESS_TABLE_H

#include "process.h"

extern struct process processes[PROCESSES];

/* Guards states, the ready queue, who waits for what, parents and idle flags. */
extern struct lock process_lock;

/* Ticks of Count that a process may run when others are ready. */
extern uint32_t quantum_ticks;

/* All three with the lock held. The last returns when another CPU has taken the process up again. */
void make_ready(struct process *process);
void wake_all_locked(const void *reason);
void give_up_cpu(void);

#endif
