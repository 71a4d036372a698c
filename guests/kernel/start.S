/*
 * The one entry of every CPU: the boot CPU in KSEG0 with a0 = -2 and a1 = device tree (UHI), the others at their reset
 * base in KSEG1. Joins the coherent domain, wires the TLB entries the kernel stands on, and enters C in the window.
 */
#include "runtime/board.h"
#include "runtime/cp0.h"
#include "layout.h"

#define C0_INDEX $0
#define C0_ENTRYLO0 $2
#define C0_ENTRYLO1 $3
#define C0_PAGEMASK $5
#define C0_WIRED $6
#define C0_ENTRYHI $10

    .set noreorder
    .set arch=mips64r2

    .section .entry.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    li      $t0, STATUS_BEV | KERNEL_STATUS     # EBase may only be written while BEV is set
    mtc0    $t0, C0_STATUS
    ehb
    move    $s1, $a0
    move    $s2, $a1
    mfc0    $s0, C0_EBASE
    andi    $s0, $s0, EBASE_CPUNUM

    mfc0    $t0, C0_CONFIG3                     # bit 29, CMGCR: join the coherent domain before any cached access
    ext     $t0, $t0, 29, 1
    beqz    $t0, 1f
    nop
    mfc0    $t0, C0_CMGCRBASE
    dsll    $t0, $t0, 4
    lui     $t1, 0x9000
    dsll32  $t1, $t1, 0
    or      $t0, $t0, $t1
    li      $t1, 0xff
    ori     $t2, $zero, 0x2008                  # GCR_CL_COHERENCE
    daddu   $t0, $t0, $t2
    sw      $t1, 0($t0)
1:
    beqz    $s0, 2f
    nop
    mfc0    $t0, C0_CONFIG                      # K0 = 5, cacheable coherent: safe to change while in KSEG1
    li      $t1, 5
    ins     $t0, $t1, 0, 3
    mtc0    $t0, C0_CONFIG
    ehb
2:
    dla     $t0, cached_start
    jr.hb   $t0
    nop

cached_start:
    dla     $t0, exception_vectors
    mtc0    $t0, C0_EBASE
    li      $t0, CAUSE_IV
    mtc0    $t0, C0_CAUSE
    li      $t0, KERNEL_STATUS
    mtc0    $t0, C0_STATUS
    ehb

    li      $t0, WIRED_ENTRIES
    mtc0    $t0, C0_WIRED
    dla     $t0, cpus                           # entry 0: this CPU's two pages
    dext    $t0, $t0, 0, 29
    sll     $t1, $s0, PAGE_SHIFT + 1
    addu    $t0, $t0, $t1
    ori     $t0, $t0, ENTRY_COHERENT | ENTRY_DIRTY | ENTRY_VALID | ENTRY_GLOBAL
    li      $t1, PAGE_BYTES
    dli     $t2, THIS_CPU_VA
    move    $t3, $zero
    jal     wire
    move    $a4, $zero

    dla     $t2, kernel_window                  # entries 1 and 2: the window, unless the segment is unmapped
    dli     $t0, 0xffffffff80000000
    beq     $t0, $t2, 3f
    li      $t0, ENTRY_COHERENT | ENTRY_DIRTY | ENTRY_VALID | ENTRY_GLOBAL
    li      $t1, WINDOW_PAIR_BYTES / 2
    li      $t3, WINDOW_PAGE_MASK
    jal     wire
    li      $a4, 1
    lui     $a5, WINDOW_PAIR_BYTES >> 16
    addu    $t0, $t0, $a5
    addu    $t2, $t2, $a5
    jal     wire
    li      $a4, 2
3:
    mtc0    $zero, C0_PAGEMASK
    mtc0    $zero, C0_ENTRYHI
    ehb
    dla     $gp, _gp
    dla     $sp, idle_stacks + KERNEL_STACK_BYTES - 64
    li      $t0, KERNEL_STACK_BYTES
    mul     $t0, $t0, $s0
    daddu   $sp, $sp, $t0
    move    $a0, $s1
    move    $a1, $s2
    dla     $t9, boot
    dla     $t0, secondary_main
    movn    $t9, $t0, $s0
    jr      $t9
    nop

/* Entry a4 := from address t2 with mask t3 to the even page's page table entry t0 and an odd page t1 bytes behind. */
wire:
    mtc0    $a4, C0_INDEX
    mtc0    $t2, C0_ENTRYHI
    mtc0    $t3, C0_PAGEMASK
    srl     $a4, $t0, ENTRY_SHIFT
    mtc0    $a4, C0_ENTRYLO0
    addu    $a4, $t0, $t1
    srl     $a4, $a4, ENTRY_SHIFT
    mtc0    $a4, C0_ENTRYLO1
    ehb
    tlbwi
    jr.hb   $ra
    nop
    .size _start, . - _start

    .section .bss.stacks, "aw", @nobits
    .balign 4096
    .globl idle_stacks
idle_stacks:
    .space  KERNEL_CPUS * KERNEL_STACK_BYTES
