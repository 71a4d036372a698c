#include "runtime/board.h"

#include "balloon.h"
#include "cache.h"
#include "hal.h"
#include "page.h"

enum { INTERRUPT = 18 };

void balloon_init(void)
{
    if (!hal_balloon())
        return;
    device_write32(GIC_PA + GIC_SH_POL, device_read32(GIC_PA + GIC_SH_POL) | 1u << INTERRUPT);
    device_write32(GIC_PA + GIC_SH_MAP_PIN + 4 * INTERRUPT, 0x80000000);
    device_write32(GIC_PA + GIC_SH_MAP_VP + 0x20 * INTERRUPT, 1);
    device_write32(GIC_PA + GIC_SH_SMASK, 1u << INTERRUPT);
}

/* Asking takes the interrupt back. Free pages go first, then clean ones of the buffer cache. */
void balloon_interrupt(void)
{
    if (!hal_balloon())
        return;
    unsigned long wanted = hal_pages_wanted();
    if (wanted == 0)
        return;
    unsigned long given = pages_give_back(wanted);
    if (given < wanted && cache_shrink(wanted - given) > 0)
        pages_give_back(wanted - given);
}
