/* The balloon: memory goes back to the monitor when that is short of it (Waldspurger, OSDI 2002, section 3). */
#ifndef KERNEL_BALLOON_H
#define KERNEL_BALLOON_H

void balloon_init(void);

/* From the interrupt handler of CPU 0. */
void balloon_interrupt(void);

#endif
