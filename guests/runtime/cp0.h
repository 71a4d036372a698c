/* Coprocessor 0 registers and fields (MIPS64 PRA, volume III, chapter 9), for C and assembly. */
#ifndef RUNTIME_CP0_H
#define RUNTIME_CP0_H

#define STATUS_IE 0x00000001
#define STATUS_IM2 0x00000400
#define STATUS_KX 0x00000080
#define STATUS_BEV 0x00400000
#define STATUS_FR 0x04000000
#define STATUS_CU1 0x20000000
#define CAUSE_IV 0x00800000
#define EBASE_CPUNUM 0x3ff

#ifdef __mips64
#define STATUS_RUN (STATUS_CU1 | STATUS_FR | STATUS_KX)
#else
#define STATUS_RUN (STATUS_CU1 | STATUS_KX)
#endif

#ifdef __ASSEMBLER__

#define C0_BADVADDR $8
#define C0_STATUS $12
#define C0_CAUSE $13
#define C0_EPC $14
#define C0_EBASE $15, 1
#define C0_CMGCRBASE $15, 3
#define C0_CONFIG $16
#define C0_CONFIG3 $16, 3

#ifdef __mips64
#define LA dla
#define MFC0_PTR dmfc0
#define ADDU_PTR daddu
#define ADDIU_PTR daddiu
#define REG_S sd
#define REG_L ld
#define REG_BYTES 8
#else
#define LA la
#define MFC0_PTR mfc0
#define ADDU_PTR addu
#define ADDIU_PTR addiu
#define REG_S sw
#define REG_L lw
#define REG_BYTES 4
#endif

#else

#include <stdint.h>

#define CP0_READ(number, select)                                                        \
    ({                                                                                  \
        uint32_t value_;                                                                \
        __asm__ volatile("mfc0 %0, $" #number ", " #select : "=r"(value_));             \
        value_;                                                                         \
    })

#define CP0_WRITE(number, select, value)                                                \
    __asm__ volatile("mtc0 %0, $" #number ", " #select "\n\tehb" : : "r"(value) : "memory")

static inline unsigned cpu_id(void)
{
    return CP0_READ(15, 1) & EBASE_CPUNUM;
}

/* Count: one tick every second CPU clock. */
static inline uint32_t cycle_count(void)
{
    return CP0_READ(9, 0);
}

#endif
#endif
