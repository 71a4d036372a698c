# Entry of a bare conformance program: stack, FPU, then main; its result leaves through the power controller.
        .set noreorder
        .globl __start
        .ent __start
__start:
        .set push
        .set noat
        dla     $gp, _gp
        dla     $sp, stack_top
        mfc0    $8, $12
        li      $9, 0x24000080          # CU1, FR, KX
        or      $8, $8, $9
        li      $9, ~0x00400006         # BEV, ERL, EXL off
        and     $8, $8, $9
        mtc0    $8, $12
        dla     $9, vectors
        mtc0    $9, $15, 1              # EBase
        ehb
        ctc1    $0, $31
        dla     $25, conformance_main
        jalr    $25
        nop
        .set pop
        .end __start

# power_off(code): one store, from which no program returns.
        .globl power_off
        .ent power_off
power_off:
        sll     $4, $4, 16
        ori     $4, $4, 0x5555
        dli     $8, 0x90000000e0110000
1:      sw      $4, 0($8)
        b       1b
        nop
        .end power_off

# setjmp and longjmp: what a function must leave alone in the n64 convention.
        .globl setjmp, _setjmp, longjmp
        .ent setjmp
setjmp:
_setjmp:
        .irp r, 16, 17, 18, 19, 20, 21, 22, 23
        sd      $\r, (\r - 16) * 8($4)
        .endr
        sd      $28, 64($4)
        sd      $29, 72($4)
        sd      $30, 80($4)
        sd      $31, 88($4)
        .irp r, 24, 25, 26, 27, 28, 29, 30, 31
        sdc1    $f\r, (\r - 24) * 8 + 96($4)
        .endr
        jr      $31
        move    $2, $0
        .end setjmp

        .ent longjmp
longjmp:
        .irp r, 16, 17, 18, 19, 20, 21, 22, 23
        ld      $\r, (\r - 16) * 8($4)
        .endr
        ld      $28, 64($4)
        ld      $29, 72($4)
        ld      $30, 80($4)
        ld      $31, 88($4)
        .irp r, 24, 25, 26, 27, 28, 29, 30, 31
        ldc1    $f\r, (\r - 24) * 8 + 96($4)
        .endr
        sltiu   $2, $5, 1
        jr      $31
        addu    $2, $2, $5
        .end longjmp

# Any exception ends the program with code 99; a conformance program raises none on purpose.
        .balign 4096
        .globl vectors
vectors:
        .rept 5
        li      $4, (99 << 16) | 0x5555
        dli     $8, 0x90000000e0110000
        sw      $4, 0($8)
2:      b       2b
        nop
        .balign 128
        .endr

        .bss
        .balign 16
        .space 8388608
stack_top:
        .space 64
