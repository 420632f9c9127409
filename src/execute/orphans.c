/* What a dead run left behind: processes that inherited the lock of a workspace, found through /proc and ended. */
#include "refit/execute.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"

#define POLL_MS 10
#define ENVIRONMENT_BYTES_MAX (4u << 20)
#define DYING_MS 5000 /* how long a killed process may take to die before we stop waiting */

struct holder {
    pid_t pid, group;
    bool locked; /* the kernel says that its descriptor holds the lock; otherwise it merely has the file open */
    bool spared; /* must not be ended */
};

struct holders {
    struct holder *items;
    size_t count, cap;
};

struct groups {
    pid_t *items;
    size_t count, cap;
};

/* The identity of a file, without asking a file server that may be gone. */
static bool identify(int directory, const char *name, struct statx *out)
{
    return statx(directory, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, out) == 0;
}

static bool is_same(const struct statx *a, const struct statx *b)
{
    return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/* /proc/PID/fdinfo/FD lists the locks that belong to the open file behind a descriptor. */
static bool has_lock(const char *pid, const char *descriptor)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.16s/fdinfo/%.16s", pid, descriptor);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, "lock:", 5) == 0 && strstr(line, "FLOCK") != NULL;
    fclose(file);
    return found;
}

/* Does a process have the file open? Processes may vanish at any moment, and those of others cannot be looked into. */
static bool has_open(const char *pid, const struct statx *lock, bool *locked)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
    DIR *descriptors = opendir(path);
    if (descriptors == NULL)
        return false;
    bool found = false;
    *locked = false;
    for (struct dirent *entry; !*locked && (entry = readdir(descriptors)) != NULL;) {
        struct statx st;
        if (!isdigit((unsigned char)entry->d_name[0]) || !identify(dirfd(descriptors), entry->d_name, &st))
            continue;
        if (is_same(&st, lock)) {
            found = true;
            *locked = has_lock(pid, entry->d_name);
        }
    }
    closedir(descriptors);
    return found;
}

static bool is_spared(pid_t pid, pid_t group, pid_t except)
{
    return pid <= 1 || group <= 1 || pid == except || group == getpgrp() || (except > 0 && group == getpgid(except));
}

static void find_holders(const struct statx *lock, pid_t except, struct holders *out)
{
    out->count = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        struct holder holder = {.pid = (pid_t)strtol(entry->d_name, NULL, 10)};
        if (!has_open(entry->d_name, lock, &holder.locked))
            continue;
        holder.group = getpgid(holder.pid);
        holder.spared = is_spared(holder.pid, holder.group, except);
        MEM_GROW(out->items, out->count, out->cap);
        out->items[out->count++] = holder;
    }
    closedir(proc);
}

static bool is_locked(const char *lock_path)
{
    int fd = open(lock_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

/* Somebody who only reads the file (a search, an editor, a backup) is left alone: those who hold the lock count. Where
 * the kernel does not tell who they are, and the lock is held, all who have the file open do. */
static void keep_lockers(const char *lock_path, struct holders *holders)
{
    bool known = false;
    for (size_t i = 0; i < holders->count; i++)
        known = known || holders->items[i].locked;
    bool everybody = !known && holders->count > 0 && is_locked(lock_path);
    size_t kept = 0;
    for (size_t i = 0; i < holders->count; i++)
        if (!holders->items[i].spared && (everybody || holders->items[i].locked))
            holders->items[kept++] = holders->items[i];
    holders->count = kept;
}

/* True the first time that a group is named. */
static bool add_group(struct groups *groups, pid_t group)
{
    for (size_t i = 0; i < groups->count; i++)
        if (groups->items[i] == group)
            return false;
    MEM_GROW(groups->items, groups->count, groups->cap);
    groups->items[groups->count++] = group;
    return true;
}

/* The stage that a process was started for, as its environment says. */
static struct str find_stage(pid_t pid, struct buf *environment)
{
    static const char name[] = "REFIT_STAGE=";
    char path[64];
    struct error ignored; /* it may be gone, or another user's */
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (fs_read(path, ENVIRONMENT_BYTES_MAX, environment, &ignored) != STATUS_OK)
        return STR("");
    for (size_t at = 0; at < environment->len; at += strlen(environment->ptr + at) + 1)
        if (strncmp(environment->ptr + at, name, sizeof name - 1) == 0)
            return str_from(environment->ptr + at + sizeof name - 1);
    return STR("");
}

static void tell(pid_t pid, struct buf *ended)
{
    struct buf environment = {0};
    struct str stage = find_stage(pid, &environment);
    if (ended->len > 0)
        buf_str(ended, STR(", "));
    if (stage.len > 0)
        buf_print(ended, "stage `" STR_FMT "` (pid %d)", STR_ARG(stage), (int)pid);
    else
        buf_print(ended, "pid %d", (int)pid);
    buf_finish(&environment);
}

uint32_t executor_end_orphans(const char *lock_path, int except, uint64_t grace_ms, struct buf *ended)
{
    struct statx lock;
    if (!identify(AT_FDCWD, lock_path, &lock))
        return 0;
    struct holders holders = {0};
    struct groups asked = {0};
    uint32_t found = 0;
    int64_t began_ms = clock_monotonic_ms();
    for (bool first = true;; first = false) {
        find_holders(&lock, except, &holders);
        keep_lockers(lock_path, &holders);
        uint64_t waited_ms = (uint64_t)(clock_monotonic_ms() - began_ms);
        if (first)
            found = (uint32_t)holders.count;
        if (holders.count == 0 || waited_ms >= grace_ms + DYING_MS || interrupt_count() > 0)
            break;
        for (size_t i = 0; i < holders.count; i++) {
            bool fresh = add_group(&asked, holders.items[i].group);
            if (fresh && ended != NULL)
                tell(holders.items[i].pid, ended);
            if (waited_ms >= grace_ms)
                kill(-holders.items[i].group, SIGKILL);
            else if (fresh) /* once: some programs take a second request for an emergency */
                kill(-holders.items[i].group, SIGTERM);
        }
        usleep(POLL_MS * 1000);
    }
    free(holders.items);
    free(asked.items);
    return found;
}
