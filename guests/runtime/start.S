/*
 * The one entry of every CPU. The boot CPU comes from the loader in KSEG0 with a0 = -2 and a1 = device tree (UHI);
 * the others come from their reset base in KSEG1, where this page is placed because a reset base is 4 KB aligned.
 * On Malta all CPUs come here at once, so the others wait until they are let go; on the Disco board they already are.
 */
#include "board.h"
#include "cp0.h"

    .set noreorder
    .set arch=mips64r2

    .section .text.start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    li      $t0, STATUS_BEV | STATUS_KX         # EBase may only be written while BEV is set
    mtc0    $t0, C0_STATUS
    mtc0    $zero, C0_CAUSE
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
    LA      $t0, cached_start
    jr.hb   $t0
    nop

cached_start:
    LA      $t0, exception_vectors
    mtc0    $t0, C0_EBASE
    li      $t0, CAUSE_IV
    mtc0    $t0, C0_CAUSE
    li      $t0, STATUS_RUN
    mtc0    $t0, C0_STATUS
    ehb
    ctc1    $zero, $31
    LA      $gp, _gp
    LA      $sp, cpu_stacks + STACK_STRIDE_BYTES - 64
    li      $t0, STACK_STRIDE_BYTES
    mul     $t0, $t0, $s0
    ADDU_PTR $sp, $sp, $t0
    bnez    $s0, secondary
    move    $a0, $s1
    jal     board_init
    move    $a1, $s2
    jal     main
    nop
    jal     power_off
    move    $a0, $v0

secondary:
    LA      $t1, secondaries_released
3:  lw      $t0, 0($t1)
    beqz    $t0, 3b
    nop
    jal     secondary_main
    nop
    .size _start, . - _start

    .section .bss.stacks, "aw", @nobits
    .balign 4096
    .globl cpu_stacks
cpu_stacks:
    .space  MAX_CPUS * STACK_STRIDE_BYTES
