/* Entry of a program: a0 = number of strings, a1 = their addresses (exec.h). */
    .set noreorder
    .text
    .globl _start
_start:
    jal     main
    nop
    li      $4, 0
    move    $4, $2
    li      $2, 1                               # CALL_EXIT
    syscall
