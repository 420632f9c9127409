/* A helper program: text in, text out. Memory files on all sides, so that nobody waits for a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/execute.h"

extern char **environ;

enum { STREAMS = 3, ANSWER_BYTES_MAX = 256 << 20 };

static enum status open_streams(const char *name, struct str input, int fds[STREAMS], struct error *err)
{
    for (int i = 0; i < STREAMS; i++) {
        /* Above the numbers that they get in the program, so that no copy ends another. */
        int fd = memfd_create("refit-helper", MFD_CLOEXEC);
        fds[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
        int reason = errno;
        if (fd >= 0)
            close(fd);
        if (fds[i] < 0)
            return error_errno(err, STATUS_IO, reason, "cannot make a memory file for %s", name);
    }
    enum status status = fs_write_all(fds[0], input.ptr, input.len, name, err);
    if (status == STATUS_OK && lseek(fds[0], 0, SEEK_SET) < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot rewind a memory file for %s", name);
    return status;
}

/* With a `lock_fd` (-1 = none) the program inherits it, and has a group of its own. */
static int spawn(const char *const *arguments, const int fds[STREAMS], int lock_fd, pid_t *pid)
{
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int code = 0;
    for (int i = 0; i < STREAMS && code == 0; i++)
        code = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    if (code == 0 && lock_fd >= 0)
        code = posix_spawn_file_actions_adddup2(&actions, lock_fd, STREAMS);
    if (code == 0)
        code = posix_spawnattr_setflags(&attributes, lock_fd >= 0 ? (short)(flags | POSIX_SPAWN_SETPGROUP) : flags);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(&attributes, &all);
    if (code == 0)
        code = posix_spawnattr_setsigmask(&attributes, &none);
    if (code == 0)
        code = posix_spawnp(pid, arguments[0], &actions, &attributes, (char *const *)(uintptr_t)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static enum status read_stream(int fd, const char *name, struct buf *out, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, STATUS_IO, errno, "cannot read what %s printed", name);
    if (st.st_size > ANSWER_BYTES_MAX)
        return error_set(err, STATUS_IO, "%s printed more than %d MiB", name, ANSWER_BYTES_MAX >> 20);
    buf_reserve(out, (size_t)st.st_size);
    ssize_t len = pread(fd, out->ptr + out->len, (size_t)st.st_size, 0);
    if (len < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read what %s printed", name);
    out->len += (size_t)len;
    out->ptr[out->len] = '\0';
    return STATUS_OK;
}

static enum status wait_for(pid_t pid, const char *name, int *code, struct error *err)
{
    int ended;
    pid_t got;
    do
        got = waitpid(pid, &ended, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(err, STATUS_IO, errno, "cannot wait for %s", name);
    *code = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return *code == 0 ? STATUS_OK : interrupt_check(false, err);
}

/* As wait_for(), for a program with a group of its own: an interrupt ends it. */
static enum status wait_long(pid_t pid, const char *name, int *code, struct error *err)
{
    enum { LOOK_EVERY_MS = 50 };
    siginfo_t ended = {0};
    while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
        if (interrupt_count() > 0)
            kill(-pid, SIGKILL);
        poll(NULL, 0, LOOK_EVERY_MS);
    }
    return wait_for(pid, name, code, err);
}

static enum status run(const char *const *arguments, struct str input, int lock_fd, struct buf *output,
                       struct buf *complaint, int *code, struct error *err)
{
    int fds[STREAMS] = {-1, -1, -1};
    const char *name = arguments[0];
    pid_t pid;
    enum status status = open_streams(name, input, fds, err);
    if (status != STATUS_OK)
        goto out;
    int reason = spawn(arguments, fds, lock_fd, &pid);
    if (reason != 0) {
        status = error_errno(err, reason == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, reason, "cannot start %s", name);
        goto out;
    }
    status = lock_fd >= 0 ? wait_long(pid, name, code, err) : wait_for(pid, name, code, err);
    if (status == STATUS_OK)
        status = read_stream(fds[1], name, output, err);
    if (status == STATUS_OK)
        status = read_stream(fds[2], name, complaint, err);
out:
    for (int i = 0; i < STREAMS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return status;
}

enum status helper_run(const char *const *arguments, struct str input, struct buf *output, struct buf *complaint,
                       int *code, struct error *err)
{
    return run(arguments, input, -1, output, complaint, code, err);
}

enum status helper_run_long(const char *const *arguments, int lock_fd, struct buf *output, struct buf *complaint,
                            int *code, struct error *err)
{
    return run(arguments, STR(""), lock_fd, output, complaint, code, err);
}
