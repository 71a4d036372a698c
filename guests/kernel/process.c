#include <stddef.h>

#include "runtime/console.h"
#include "runtime/cp0.h"
#include "runtime/memory.h"

#include "cpu.h"
#include "exec.h"
#include "file.h"
#include "file_system.h"
#include "hal.h"
#include "process.h"
#include "process_table.h"
#include "space.h"
#include "tlb.h"

struct process processes[PROCESSES];
uint32_t quantum_ticks;

static uint8_t stacks[PROCESSES][KERNEL_STACK_BYTES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t started;

/* exceptions.S: switch_stacks returns to it in a process that never ran. */
void process_begin(void);

/* A slot with a frame to return to user mode by; null if all are taken. */
static struct process *new_process(void)
{
    lock(&process_lock);
    struct process *process = processes;
    while (process < processes + PROCESSES && process->state != PROCESS_FREE)
        process++;
    if (process == processes + PROCESSES) {
        unlock(&process_lock);
        return NULL;
    }
    process->state = PROCESS_NEW;
    process->number = (int)++started;
    unlock(&process_lock);
    process->stack = stacks[process - processes];
    process->exit_code = 0;
    memset(process->files, 0, sizeof process->files);
    uint64_t *saved = (uint64_t *)process_frame(process) - 12;
    memset(saved, 0, 12 * sizeof *saved);
    __asm__("move %0, $28" : "=r"(saved[8]));
    saved[10] = (uintptr_t)process_begin;
    process->saved_stack = (uintptr_t)saved;
    return process;
}

uint32_t processes_started(void)
{
    return started;
}

long process_fork(struct space *space, uintptr_t entry, uintptr_t stack, uint64_t argument)
{
    struct process *parent = this_process();
    struct process *child = new_process();
    if (child == NULL) {
        space_release(space);
        return -1;
    }
    child->space = space;
    child->parent = parent;
    *process_frame(child) = *process_frame(parent);
    process_frame(child)->registers[REGISTER_V0] = 0;
    if (entry != 0) {
        process_frame(child)->epc = entry;
        process_frame(child)->registers[REGISTER_SP] = stack;
        process_frame(child)->registers[REGISTER_A0] = argument;
    }
    for (int i = 0; i < PROCESS_FILES; i++)
        child->files[i] = parent->files[i] ? file_reference(parent->files[i]) : NULL;
    int number = child->number;
    lock(&process_lock);
    make_ready(child);
    unlock(&process_lock);
    return number;
}

/* In the first process's own context: reading the program may sleep. */
static const char *first_path;

static void first_main(void)
{
    unlock(&process_lock);
    struct process *process = this_process();
    file_system_mount();
    for (int i = 0; i < 3; i++)
        process->files[i] = file_console();
    struct exec_arguments arguments = { .count = 0 };
    if (exec(first_path, &arguments) < 0)
        panic("%s cannot be run", first_path);
    __asm__ volatile("move $29, %0\n\tj exception_return" : : "r"(process_frame(process)) : "memory");
    __builtin_unreachable();
}

void process_first(const char *path)
{
    struct process *process = new_process();
    first_path = path;
    process->space = NULL;
    process->parent = NULL;
    memset(process_frame(process), 0, sizeof(struct frame));
    ((uint64_t *)process->saved_stack)[10] = (uintptr_t)first_main;
    lock(&process_lock);
    make_ready(process);
    unlock(&process_lock);
}

static void leave_space(struct process *process)
{
    struct space *space = process->space;
    process->space = NULL;
    tlb_activate(NULL);
    space_release(space);
}

void process_exit(int code)
{
    struct process *process = this_process();
    if (process->parent == NULL)
        hal_exit((unsigned)code);
    for (int i = 0; i < PROCESS_FILES; i++) {
        if (process->files[i] != NULL)
            file_release(process->files[i]);
    }
    leave_space(process);
    lock(&process_lock);
    for (struct process *child = processes; child < processes + PROCESSES; child++) {
        if (child->state != PROCESS_FREE && child->parent == process)
            child->parent = processes;
    }
    wake_all_locked(processes);
    wake_all_locked(process->parent);
    process->exit_code = code;
    process->state = PROCESS_DEAD;
    give_up_cpu();
    panic("a dead process runs");
}

long process_wait(int *exit_code)
{
    struct process *process = this_process();
    lock(&process_lock);
    for (;;) {
        bool has_children = false;
        for (struct process *child = processes; child < processes + PROCESSES; child++) {
            if (child->parent != process || child->state == PROCESS_FREE)
                continue;
            has_children = true;
            if (child->state == PROCESS_DEAD) {
                long number = child->number;
                *exit_code = child->exit_code;
                child->parent = NULL;
                child->state = PROCESS_FREE;
                unlock(&process_lock);
                return number;
            }
        }
        if (!has_children) {
            unlock(&process_lock);
            return -1;
        }
        sleep_on(process, &process_lock);
    }
}
