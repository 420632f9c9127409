/* What this machine has: the defaults of the totals. */
#ifndef MANIFEST_MACHINE_H
#define MANIFEST_MACHINE_H

#include <stdint.h>

uint32_t machine_cpus(void);         /* that this process may use; at least 1 */
uint64_t machine_memory_bytes(void); /* physical */
uint32_t machine_gpus(void);         /* /dev/nvidia0, /dev/nvidia1, ... */

#endif
