#include "atomics.h"
#include "console.h"
#include "cp0.h"
#include "result.h"

static volatile uint32_t failing;
static const char *volatile failed_claim;
static volatile unsigned failed_on;

void check(bool holds, const char *claim)
{
    if (!holds && atomic_swap32(&failing, 1) == 0) {
        failed_claim = claim;
        failed_on = cpu_id();
    }
}

bool failed(void)
{
    return failing != 0;
}

int verdict(const char *name)
{
    if (failing)
        print("%s: FAILED %s (CPU %u)\n", name, failed_claim, failed_on);
    else
        print("%s: ok\n", name);
    return failing ? 1 : 0;
}
