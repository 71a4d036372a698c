/* Whether the machine is a monitor's. */
#ifndef RUNTIME_MONITOR_H
#define RUNTIME_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a node /hypervisor with compatible "disco,monitor"? */
bool device_tree_has_monitor(const uint8_t *tree);

/* Is there a virtio device in the first slot? */
bool device_tree_has_disk(const uint8_t *tree);

/* The text of /chosen bootargs, in place; empty if there is none. */
const char *device_tree_bootargs(const uint8_t *tree);

#endif
