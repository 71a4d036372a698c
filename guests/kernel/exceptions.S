/*
 * Exceptions (PRA volume III, chapter 6): the vectors, the TLB refill, entry and return, and the switch of stacks.
 * The kernel runs with interrupts disabled; they are taken in user mode and in the idle loop only.
 */
#include "runtime/cp0.h"
#include "layout.h"

#define C0_ENTRYLO0 $2
#define C0_ENTRYLO1 $3
#define C0_CONTEXT $4

    .set noreorder
    .set noat
    .set arch=mips64r2

/*
 * Reads a CP0 register that reading does not change, and writes one whose new value nobody needs before the ERET. Under
 * a monitor MFC0 and MTC0 are traps, and hal.c turns the two instructions into a load or store of the page where the
 * monitor keeps the registers: doubleword n is register n. Writing needs a register for the page's address.
 */
    .macro  read_privileged to, number, instruction=mfc0
    .pushsection .privileged_sites, "a", @progbits
    .word   1f
    .word   \number
    .popsection
1:  \instruction \to, $\number
    nop
    .endm

    .macro  write_privileged from, number, base, instruction=mtc0
    .pushsection .privileged_sites, "a", @progbits
    .word   1f
    .word   PRIVILEGED_STORE | \base << 8 | \number
    .popsection
1:  \instruction \from, $\number
    nop
    .endm

    .section .entry.vectors, "ax", @progbits
    .balign 4096
    .globl exception_vectors
exception_vectors:

/*
 * TLB refill: two loads and the pair is found. Directory entries are addresses of page tables, never null (the empty
 * one stands in), and an absent page has an invalid entry: the fault is then taken as TLB invalid, with EXL clear.
 */
    .macro  refill
    dmfc0   $k0, C0_BADVADDR
    dsrl    $k1, $k0, 31
    bnez    $k1, not_user
    srl     $k0, $k0, DIRECTORY_SHIFT
    lui     $k1, THIS_CPU_HIGH
    ld      $k1, THIS_CPU_LOW + CPU_DIRECTORY($k1)
    sll     $k0, $k0, 2
    daddu   $k1, $k1, $k0
    lw      $k1, 0($k1)
    dmfc0   $k0, C0_CONTEXT                     # 22:4 = address 31:13
    dsrl    $k0, $k0, 1
    andi    $k0, $k0, 0xff8
    daddu   $k1, $k1, $k0
    lw      $k0, 0($k1)
    lw      $k1, 4($k1)
    srl     $k0, $k0, ENTRY_SHIFT
    srl     $k1, $k1, ENTRY_SHIFT
    mtc0    $k0, C0_ENTRYLO0
    mtc0    $k1, C0_ENTRYLO1
    ehb
    tlbwr
    eret
    .endm

    refill                                      # 32-bit addressing
    .org    0x080
    refill                                      # 64-bit addressing
    .org    0x100
not_user:
    dla     $k0, exception_entry
    jr      $k0
    nop
    .org    0x180
    dla     $k0, exception_entry
    jr      $k0
    nop
    .org    0x200
    dla     $k0, exception_entry
    jr      $k0
    nop

/*
 * The same refill with the monitor's page in the place of CP0: two traps are left of six. hal.c copies these over the
 * first two vectors; k0 has both entries at once, and doubleword 5 of the page, the kernel's own, keeps the second.
 */
    .macro  refill_by_page
    lui     $k0, THIS_CPU_HIGH
    ld      $k0, PRIVILEGED_LOW + 8 * 8($k0)
    dsrl    $k1, $k0, 31
    bnez    $k1, vectors_by_page + 0x100
    srl     $k0, $k0, DIRECTORY_SHIFT
    lui     $k1, THIS_CPU_HIGH
    ld      $k1, THIS_CPU_LOW + CPU_DIRECTORY($k1)
    sll     $k0, $k0, 2
    daddu   $k1, $k1, $k0
    lw      $k1, 0($k1)
    lui     $k0, THIS_CPU_HIGH
    ld      $k0, PRIVILEGED_LOW + 8 * 4($k0)
    dsrl    $k0, $k0, 1
    andi    $k0, $k0, 0xff8
    daddu   $k1, $k1, $k0
    ld      $k0, 0($k1)
    lui     $k1, THIS_CPU_HIGH
    sd      $k0, PRIVILEGED_LOW + 8 * 5($k1)
    dext    $k0, $k0, ENTRY_SHIFT, 32 - ENTRY_SHIFT
    sd      $k0, PRIVILEGED_LOW + 8 * 2($k1)
    lw      $k0, PRIVILEGED_LOW + 8 * 5 + 4($k1)
    srl     $k0, $k0, ENTRY_SHIFT
    sd      $k0, PRIVILEGED_LOW + 8 * 3($k1)
    tlbwr
    eret
    .endm

    .text
    .balign 8
    .globl vectors_by_page
vectors_by_page:
    refill_by_page
    .org    vectors_by_page + 0x080
    refill_by_page
    .org    vectors_by_page + 0x100

    .globl exception_entry
exception_entry:
    read_privileged $k0, 12
    andi    $k0, $k0, STATUS_USER
    beqz    $k0, 1f
    move    $k0, $sp
    lui     $k1, THIS_CPU_HIGH
    ld      $sp, THIS_CPU_LOW + CPU_STACK($k1)
1:
    daddiu  $sp, $sp, -FRAME_BYTES
    sd      $k0, FRAME_SLOT(29)($sp)
    read_privileged $k0, 14, dmfc0
    sd      $k0, FRAME_EPC($sp)
    read_privileged $k0, 12
    sd      $k0, FRAME_STATUS($sp)
    read_privileged $k0, 13
    sd      $k0, FRAME_CAUSE($sp)
    read_privileged $k0, 8, dmfc0
    sd      $k0, FRAME_BAD_ADDRESS($sp)
    sd      $1, FRAME_SLOT(1)($sp)
    sd      $2, FRAME_SLOT(2)($sp)
    sd      $3, FRAME_SLOT(3)($sp)
    sd      $4, FRAME_SLOT(4)($sp)
    sd      $5, FRAME_SLOT(5)($sp)
    sd      $6, FRAME_SLOT(6)($sp)
    sd      $7, FRAME_SLOT(7)($sp)
    sd      $8, FRAME_SLOT(8)($sp)
    sd      $9, FRAME_SLOT(9)($sp)
    sd      $10, FRAME_SLOT(10)($sp)
    sd      $11, FRAME_SLOT(11)($sp)
    sd      $12, FRAME_SLOT(12)($sp)
    sd      $13, FRAME_SLOT(13)($sp)
    sd      $14, FRAME_SLOT(14)($sp)
    sd      $15, FRAME_SLOT(15)($sp)
    sd      $16, FRAME_SLOT(16)($sp)
    sd      $17, FRAME_SLOT(17)($sp)
    sd      $18, FRAME_SLOT(18)($sp)
    sd      $19, FRAME_SLOT(19)($sp)
    sd      $20, FRAME_SLOT(20)($sp)
    sd      $21, FRAME_SLOT(21)($sp)
    sd      $22, FRAME_SLOT(22)($sp)
    sd      $23, FRAME_SLOT(23)($sp)
    sd      $24, FRAME_SLOT(24)($sp)
    sd      $25, FRAME_SLOT(25)($sp)
    sd      $28, FRAME_SLOT(28)($sp)
    sd      $30, FRAME_SLOT(30)($sp)
    sd      $31, FRAME_SLOT(31)($sp)
    mfhi    $k0
    mflo    $k1
    sd      $k0, FRAME_HI($sp)
    sd      $k1, FRAME_LO($sp)
    li      $k0, KERNEL_STATUS                  # EXL off: the kernel may fault on user memory
    mtc0    $k0, C0_STATUS
    ehb
    jal     trap
    move    $a0, $sp

    .globl exception_return
exception_return:
    ld      $k0, FRAME_STATUS($sp)              # has EXL set, as when it was read
    write_privileged $k0, 12, 27
    ehb
    ld      $k0, FRAME_EPC($sp)
    write_privileged $k0, 14, 27, dmtc0
    ld      $k0, FRAME_HI($sp)
    ld      $k1, FRAME_LO($sp)
    mthi    $k0
    mtlo    $k1
    ld      $1, FRAME_SLOT(1)($sp)
    ld      $2, FRAME_SLOT(2)($sp)
    ld      $3, FRAME_SLOT(3)($sp)
    ld      $4, FRAME_SLOT(4)($sp)
    ld      $5, FRAME_SLOT(5)($sp)
    ld      $6, FRAME_SLOT(6)($sp)
    ld      $7, FRAME_SLOT(7)($sp)
    ld      $8, FRAME_SLOT(8)($sp)
    ld      $9, FRAME_SLOT(9)($sp)
    ld      $10, FRAME_SLOT(10)($sp)
    ld      $11, FRAME_SLOT(11)($sp)
    ld      $12, FRAME_SLOT(12)($sp)
    ld      $13, FRAME_SLOT(13)($sp)
    ld      $14, FRAME_SLOT(14)($sp)
    ld      $15, FRAME_SLOT(15)($sp)
    ld      $16, FRAME_SLOT(16)($sp)
    ld      $17, FRAME_SLOT(17)($sp)
    ld      $18, FRAME_SLOT(18)($sp)
    ld      $19, FRAME_SLOT(19)($sp)
    ld      $20, FRAME_SLOT(20)($sp)
    ld      $21, FRAME_SLOT(21)($sp)
    ld      $22, FRAME_SLOT(22)($sp)
    ld      $23, FRAME_SLOT(23)($sp)
    ld      $24, FRAME_SLOT(24)($sp)
    ld      $25, FRAME_SLOT(25)($sp)
    ld      $28, FRAME_SLOT(28)($sp)
    ld      $30, FRAME_SLOT(30)($sp)
    ld      $31, FRAME_SLOT(31)($sp)
    ld      $29, FRAME_SLOT(29)($sp)
    eret

/* void switch_stacks(uintptr_t *save, uintptr_t load): to another thread of the kernel that stopped here as well. */
    .globl switch_stacks
switch_stacks:
    daddiu  $sp, $sp, -96
    sd      $16, 0($sp)
    sd      $17, 8($sp)
    sd      $18, 16($sp)
    sd      $19, 24($sp)
    sd      $20, 32($sp)
    sd      $21, 40($sp)
    sd      $22, 48($sp)
    sd      $23, 56($sp)
    sd      $28, 64($sp)
    sd      $30, 72($sp)
    sd      $31, 80($sp)
    sd      $sp, 0($a0)
    move    $sp, $a1
    ld      $16, 0($sp)
    ld      $17, 8($sp)
    ld      $18, 16($sp)
    ld      $19, 24($sp)
    ld      $20, 32($sp)
    ld      $21, 40($sp)
    ld      $22, 48($sp)
    ld      $23, 56($sp)
    ld      $28, 64($sp)
    ld      $30, 72($sp)
    ld      $31, 80($sp)
    jr      $ra
    daddiu  $sp, $sp, 96

/* Where a new process begins: let go of the scheduler's lock, then return to user mode by its frame. */
    .globl process_begin
process_begin:
    jal     schedule_begin
    nop
    b       exception_return
    nop

/*
 * Sleeps until an interrupt was taken. One that comes between the MTC0 and the WAIT must not be slept over, so no
 * interrupt returns into this stretch: trap() lets it return to idle_resume. hal.c may put a hypercall over the WAIT.
 */
    .globl idle_wait, idle_sleep, idle_resume
idle_wait:
    li      $v0, 6
    li      $t0, IDLE_STATUS
    mtc0    $t0, C0_STATUS
    ehb
idle_sleep:
    wait
    nop
idle_resume:
    li      $t0, KERNEL_STATUS
    mtc0    $t0, C0_STATUS
    ehb
    jr      $ra
    nop

/*
 * long copy_user(void *to, const void *from, size_t bytes): 0, or -1 if user memory on either side is not there.
 * trap() knows these addresses: it resolves a fault between them, or ends it at copy_user_failed.
 */
    .globl copy_user, copy_user_end, copy_user_failed
copy_user:
    or      $t0, $a0, $a1
    andi    $t0, $t0, 7
    bnez    $t0, 2f
    sltiu   $t1, $a2, 8
1:  bnez    $t1, 2f
    nop
    ld      $t0, 0($a1)
    sd      $t0, 0($a0)
    daddiu  $a2, $a2, -8
    daddiu  $a1, $a1, 8
    daddiu  $a0, $a0, 8
    b       1b
    sltiu   $t1, $a2, 8
2:  beqz    $a2, 3f
    nop
    lbu     $t0, 0($a1)
    sb      $t0, 0($a0)
    daddiu  $a2, $a2, -1
    daddiu  $a1, $a1, 1
    b       2b
    daddiu  $a0, $a0, 1
3:  jr      $ra
    move    $v0, $zero
copy_user_end:
copy_user_failed:
    jr      $ra
    li      $v0, -1

/* long hypercall(long number, long a0, long a1, long a2): COP0 CO with function 0x28, a trap to the monitor. */
    .globl hypercall
hypercall:
    move    $v0, $a0
    move    $a0, $a1
    move    $a1, $a2
    move    $a2, $a3
    .word   0x42000028
    jr      $ra
    nop
