/*
 * The one entry of every CPU, as in runtime/start.S; but the program is linked into the mapped supervisor segment, so
 * four wired TLB entries are made first: 512 MB at 0xc0000000 are the machine's first 512 MB. No other entry is ever
 * made here. That there is memory behind them, and where, is the machine's (or the monitor's) business.
 */
#include "runtime/board.h"
#include "runtime/cp0.h"

#define C0_INDEX $0
#define C0_ENTRYLO0 $2
#define C0_ENTRYLO1 $3
#define C0_PAGEMASK $5
#define C0_WIRED $6
#define C0_ENTRYHI $10

#define WINDOW 0xffffffffc0000000
#define WINDOW_ENTRIES 4
#define PAGE_MASK_64_MB 0x07ffe000
#define PAIR_BYTES 0x08000000
#define ENTRY_FLAGS 0x2f                        /* coherent, dirty, valid, global */

    .set noreorder
    .set arch=mips64r2

    .section .entry.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    li      $t0, STATUS_BEV | STATUS_KX         # EBase may only be written while BEV is set
    mtc0    $t0, C0_STATUS
    ehb
    move    $s1, $a0
    move    $s2, $a1
    mfc0    $s0, C0_EBASE
    andi    $s0, $s0, EBASE_CPUNUM
    mfc0    $t0, C0_CMGCRBASE                   # join the coherent domain before any cached access
    dsll    $t0, $t0, 4
    lui     $t1, 0x9000
    dsll32  $t1, $t1, 0
    or      $t0, $t0, $t1
    li      $t1, 0xff
    sw      $t1, 0x2008($t0)                    # GCR_CL_COHERENCE
    beqz    $s0, 1f
    nop
    mfc0    $t0, C0_CONFIG                      # K0 = 5, cacheable coherent: safe to change while in KSEG1
    li      $t1, 5
    ins     $t0, $t1, 0, 3
    mtc0    $t0, C0_CONFIG
    ehb
1:
    dla     $t0, cached_start
    jr.hb   $t0
    nop

cached_start:
    dla     $t0, exception_vectors
    mtc0    $t0, C0_EBASE
    li      $t0, CAUSE_IV
    mtc0    $t0, C0_CAUSE
    li      $t0, STATUS_RUN
    mtc0    $t0, C0_STATUS
    ehb
    ctc1    $zero, $31

    li      $t0, WINDOW_ENTRIES
    mtc0    $t0, C0_WIRED
    li      $t0, PAGE_MASK_64_MB
    mtc0    $t0, C0_PAGEMASK
    dli     $t1, WINDOW
    li      $t2, ENTRY_FLAGS
    move    $t3, $zero
1:  mtc0    $t3, C0_INDEX
    dmtc0   $t1, C0_ENTRYHI
    mtc0    $t2, C0_ENTRYLO0
    lui     $t0, PAIR_BYTES >> 6 >> 1 >> 16
    addu    $t0, $t2, $t0
    mtc0    $t0, C0_ENTRYLO1
    ehb
    tlbwi
    lui     $t0, PAIR_BYTES >> 16
    daddu   $t1, $t1, $t0
    lui     $t0, PAIR_BYTES >> 6 >> 16
    addu    $t2, $t2, $t0
    addiu   $t3, $t3, 1
    sltiu   $t0, $t3, WINDOW_ENTRIES
    bnez    $t0, 1b
    nop
    mtc0    $zero, C0_PAGEMASK
    mtc0    $zero, C0_ENTRYHI
    ehb

    dla     $gp, _gp
    dla     $sp, cpu_stacks + STACK_STRIDE_BYTES - 64
    li      $t0, STACK_STRIDE_BYTES
    mul     $t0, $t0, $s0
    daddu   $sp, $sp, $t0
    move    $a0, $s1
    move    $a1, $s2
    dla     $t9, splashos_main
    dla     $t0, secondary_main
    movn    $t9, $t0, $s0
    jr      $t9
    nop
    .size _start, . - _start

/* There is no exception to be expected. */
    .macro  give_up at
    .org    \at
    dla     $k0, exception_panic
    jr      $k0
    nop
    .endm

    .section .entry.vectors, "ax", @progbits
    .balign 4096
exception_vectors:
    give_up 0x000
    give_up 0x080
    give_up 0x100
    give_up 0x180
    give_up 0x200

    .text
exception_panic:
    move    $a3, $ra
    mfc0    $a0, C0_CAUSE
    dmfc0   $a1, C0_EPC
    dmfc0   $a2, C0_BADVADDR
    dla     $t9, panic_exception
    jr      $t9
    nop

    .section .bss.stacks, "aw", @nobits
    .balign 4096
    .globl cpu_stacks
cpu_stacks:
    .space  MAX_CPUS * STACK_STRIDE_BYTES
