/*
 * Exception vectors (PRA volume III, table 6.4). The guests expect interrupts only; all else ends in a printed panic.
 */
#include "board.h"
#include "cp0.h"

    .set noreorder
    .set noat
    .set arch=mips64r2

    .section .text.vectors, "ax", @progbits
    .balign 4096
    .globl exception_vectors
exception_vectors:
    j       exception_panic                     # TLB refill
    nop
    .org    0x080
    j       exception_panic                     # XTLB refill
    nop
    .org    0x100
    j       exception_panic                     # cache error
    nop
    .org    0x180
    mfc0    $k0, C0_CAUSE
    andi    $k0, $k0, 0x7c
    beqz    $k0, interrupt_entry
    nop
    j       exception_panic
    nop
    .org    0x200
    j       interrupt_entry
    nop

/* The panic starts a fresh stack: the old one may be what broke, and nothing returns to it. */
exception_panic:
    move    $a3, $ra
    mfc0    $k0, C0_EBASE
    andi    $k0, $k0, EBASE_CPUNUM
    li      $k1, STACK_STRIDE_BYTES
    mul     $k0, $k0, $k1
    LA      $sp, cpu_stacks + STACK_STRIDE_BYTES - 64
    ADDU_PTR $sp, $sp, $k0
    mfc0    $a0, C0_CAUSE
    MFC0_PTR $a1, C0_EPC
    MFC0_PTR $a2, C0_BADVADDR
    j       panic_exception
    nop

/* What the C ABI lets a callee destroy. No floating point: the handlers use none. */
#define FRAME_BYTES (32 + 20 * REG_BYTES)
#define SLOT(n) (32 + (n) * REG_BYTES)($sp)

interrupt_entry:
    ADDIU_PTR $sp, $sp, -FRAME_BYTES
    REG_S   $1, SLOT(0)
    REG_S   $2, SLOT(1)
    REG_S   $3, SLOT(2)
    REG_S   $4, SLOT(3)
    REG_S   $5, SLOT(4)
    REG_S   $6, SLOT(5)
    REG_S   $7, SLOT(6)
    REG_S   $8, SLOT(7)
    REG_S   $9, SLOT(8)
    REG_S   $10, SLOT(9)
    REG_S   $11, SLOT(10)
    REG_S   $12, SLOT(11)
    REG_S   $13, SLOT(12)
    REG_S   $14, SLOT(13)
    REG_S   $15, SLOT(14)
    REG_S   $24, SLOT(15)
    REG_S   $25, SLOT(16)
    REG_S   $31, SLOT(17)
    mfhi    $k0
    mflo    $k1
    REG_S   $k0, SLOT(18)
    jal     interrupt_handler
    REG_S   $k1, SLOT(19)
    REG_L   $k0, SLOT(18)
    REG_L   $k1, SLOT(19)
    mthi    $k0
    mtlo    $k1
    REG_L   $1, SLOT(0)
    REG_L   $2, SLOT(1)
    REG_L   $3, SLOT(2)
    REG_L   $4, SLOT(3)
    REG_L   $5, SLOT(4)
    REG_L   $6, SLOT(5)
    REG_L   $7, SLOT(6)
    REG_L   $8, SLOT(7)
    REG_L   $9, SLOT(8)
    REG_L   $10, SLOT(9)
    REG_L   $11, SLOT(10)
    REG_L   $12, SLOT(11)
    REG_L   $13, SLOT(12)
    REG_L   $14, SLOT(13)
    REG_L   $15, SLOT(14)
    REG_L   $24, SLOT(15)
    REG_L   $25, SLOT(16)
    REG_L   $31, SLOT(17)
    ADDIU_PTR $sp, $sp, FRAME_BYTES
    eret
