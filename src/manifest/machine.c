/* Processors, memory and GPUs, as the operating system shows them. */
#include "manifest/machine.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

uint32_t machine_cpus(void)
{
    enum { CPUS_MAX = 1 << 16 };
    for (int cpus = 1024; cpus <= CPUS_MAX; cpus *= 4) { /* the mask must be as large as the kernel's */
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (set == NULL)
            break;
        int failed = sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)cpus), set);
        int count = failed ? 0 : CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)cpus), set);
        bool too_small = failed && errno == EINVAL;
        CPU_FREE(set);
        if (count > 0)
            return (uint32_t)count;
        if (!too_small)
            break;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

uint64_t machine_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

uint32_t machine_gpus(void)
{
    static const char prefix[] = "nvidia";
    DIR *devices = opendir("/dev");
    if (devices == NULL)
        return 0; /* no devices to be seen: none to hand out */
    uint32_t count = 0;
    for (const struct dirent *entry = readdir(devices); entry != NULL; entry = readdir(devices)) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        const char *number = entry->d_name + sizeof prefix - 1;
        count += *number != '\0' && number[strspn(number, "0123456789")] == '\0';
    }
    closedir(devices);
    return count;
}
