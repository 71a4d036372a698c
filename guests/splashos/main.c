/*
 * A library operating system after SPLASHOS (Disco, SOSP 1997, section 4.4): one program, one address space, a thread
 * for each CPU, a console, a heap. There is no virtual memory in it: a page that was never touched is the monitor's to
 * find. It tells the monitor which pages are its program's text, and when it ends.
 */
#include "runtime/board.h"
#include "runtime/monitor.h"

enum { PAGE_BYTES = 4096, HYPERCALL_EXIT = 10, HYPERCALL_PAGE_CLASS = 14, CLASS_TEXT = 1 };

extern char text_start[], text_end[];

/* The program's. */
int main(void);

/* From start.S. */
void splashos_main(long a0, long a1) __attribute__((noreturn));

/* COP0 CO with function 0x28: number in v0, arguments in a0 and a1, result in v0. */
static long hypercall(long number, long first, long second)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = first;
    register long a1 __asm__("$5") = second;
    __asm__ volatile(".word 0x42000028" : "+r"(v0) : "r"(a0), "r"(a1) : "memory");
    return v0;
}

void splashos_main(long a0, long a1)
{
    board_init(a0, a1);
    bool on_monitor = device_tree_has_monitor((const uint8_t *)a1);
    unsigned long page = ((uintptr_t)text_start & 0x1fffffff) / PAGE_BYTES;
    unsigned long end = (((uintptr_t)text_end & 0x1fffffff) + PAGE_BYTES - 1) / PAGE_BYTES;
    for (; on_monitor && page < end; page++)
        hypercall(HYPERCALL_PAGE_CLASS, (long)page, CLASS_TEXT);
    unsigned code = (unsigned)main();
    if (on_monitor)
        hypercall(HYPERCALL_EXIT, code, 0);
    power_off(code);
}
