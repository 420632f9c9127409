/* The workspace: .refit, and the lock that lets one run at a time write to it.
 *
 * The lock is flock(2) on .refit/lock. Commands inherit its descriptor, so it stays held while any of them lives, even
 * when refit itself was killed. The file says who is at work: a line "pid START", then "+NAME" for each stage that was
 * started, "-NAME" for each that ended, and "=NAME" for each of which the state remembers how it ended. It is empty
 * where nothing was left unfinished, and a run that changes nothing does not write it.
 *
 * A second lock, of fcntl(2) on .refit/alive, belongs to refit's own process and is not inherited: who has it and does
 * not get the first one faces only what a dead run left. The kernel keeps both, whatever container a process is in. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/base/interrupt.h"
#include "refit/base/table.h"
#include "run/run.h"

#define LOCK_PATH ".refit/lock"
#define ALIVE_PATH ".refit/alive"
enum { LOCK_BYTES_MAX = 64 << 20, WAIT_STEP_US = 50000 };

enum status workspace_prepare(struct error *err)
{
    if (access(".refit/.gitignore", F_OK) == 0)
        return STATUS_OK;
    /* Nobody has the lock yet: two may be here at once. */
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".refit/.gitignore.tmp-%ld", (long)getpid());
    enum status status = fs_make_directories(".refit", err);
    if (status == STATUS_OK)
        status = fs_write_atomic(".refit/.gitignore", temporary, STR("*\n"), 0666, false, err);
    return status;
}

struct str workspace_id(struct arena *arena, struct str root)
{
    char hex[DIGEST_HEX + 1];
    return str_dup(arena, str_from(digest_hex(digest_of(root.ptr, root.len), hex)));
}

/* When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 if there is no such process. */
static uint64_t process_start(int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    struct buf text = {0};
    struct error ignored;
    uint64_t start = 0;
    if (fs_read(path, 1 << 16, &text, &ignored) == STATUS_OK) {
        /* The second field is a name in parentheses, which may contain anything: count from the last one. */
        const char *at = strrchr(text.ptr, ')');
        for (int field = 2; at != NULL && field < 22; field++)
            at = strchr(at + 1, ' ');
        if (at != NULL)
            start = strtoull(at + 1, NULL, 10);
    }
    buf_finish(&text);
    return start;
}

struct holder {
    int pid;
    bool alive;
    struct str *stages; /* that were started */
    char *last;         /* what was noted of each last */
    uint32_t count;
};

static void read_line(struct holder *holder, struct table *index, struct str line)
{
    if (line.len < 2)
        return;
    struct str name = str_slice(line, 1, line.len);
    uint32_t at = table_add(index, name, holder->count);
    if (at == holder->count)
        holder->stages[holder->count++] = name;
    holder->last[at] = line.ptr[0];
}

/* What the lock file says. The manifest refuses names with control bytes, so a line is a name. */
static void read_holder(struct arena *arena, struct holder *out)
{
    *out = (struct holder){0};
    struct buf text = {0};
    struct error ignored;
    if (fs_read(LOCK_PATH, LOCK_BYTES_MAX, &text, &ignored) != STATUS_OK) {
        buf_finish(&text);
        return;
    }
    struct str rest = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    uint32_t lines = 0;
    for (size_t i = 0; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    out->stages = arena_array(arena, struct str, lines);
    out->last = arena_array(arena, char, lines);
    struct table index = {0};
    for (uint32_t line = 0; line < lines; line++) {
        ptrdiff_t end = str_find(rest, '\n');
        struct str text_line = str_slice(rest, 0, (size_t)end);
        rest = str_slice(rest, (size_t)end + 1, rest.len);
        uint64_t start;
        if (line > 0)
            read_line(out, &index, text_line);
        else if (sscanf(str_terminated(arena, text_line), "%d %" SCNu64, &out->pid, &start) == 2)
            out->alive = process_start(out->pid) == start && start != 0;
    }
    table_finish(&index);
}

static enum status lock_fd(int fd, bool *taken, struct error *err)
{
    *taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (*taken || errno == EWOULDBLOCK || errno == EINTR)
        return STATUS_OK;
    return error_errno(err, STATUS_LOCKED, errno, "cannot lock " LOCK_PATH);
}

/* True if no other refit process has the workspace. Otherwise *pid is its number; 0 if it is in another container. */
static enum status claim(int alive_fd, bool *claimed, int *pid, struct error *err)
{
    struct flock own = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *claimed = fcntl(alive_fd, F_SETLK, &own) == 0;
    if (*claimed || errno == EINTR)
        return STATUS_OK;
    if (errno != EAGAIN && errno != EACCES)
        return error_errno(err, STATUS_LOCKED, errno, "cannot lock " ALIVE_PATH);
    struct flock theirs = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool known = fcntl(alive_fd, F_GETLK, &theirs) == 0 && theirs.l_type != F_UNLCK && theirs.l_pid > 0;
    *pid = known ? (int)theirs.l_pid : 0;
    return STATUS_OK;
}

static enum status say_who(struct project *project, int pid, struct error *err)
{
    struct str *running, stage = STR("");
    uint32_t count;
    workspace_holder(&project->arena, &running, &count);
    if (count > 0)
        stage = str_format(&project->arena, ", at stage `" STR_FMT "`", STR_ARG(running[0]));
    return error_set(err, STATUS_LOCKED,
                     "another run (pid %d%s" STR_FMT ") holds this workspace; wait for it%s, or end it",
                     pid, pid > 0 ? "" : ", in another container", STR_ARG(stage),
                     project->copy ? "" : " (`refit run --wait`)");
}

static void end_orphans(struct project *project, struct workspace_lock *lock)
{
    struct buf ended = {0};
    executor_end_orphans(LOCK_PATH, (int)getpid(), project->config.grace_ms, &ended);
    if (ended.len > 0)
        lock->ended = str_printable(&project->arena, str_dup(&project->arena, buf_view(&ended)));
    buf_finish(&ended);
}

/* Wait for, or complain about, whoever holds it; end what a dead run, or one that is over, left. */
static enum status acquire(struct project *project, struct workspace_lock *lock, bool wait, struct error *err)
{
    enum { ALIVE_TRIES = 3, ENDINGS_MAX = 3 };
    int endings = 0, pid = 0;
    for (int tries = 0;; tries++) {
        bool claimed, taken = false;
        enum status status = claim(lock->alive_fd, &claimed, &pid, err);
        if (status == STATUS_OK && claimed)
            status = lock_fd(lock->fd, &taken, err);
        if (status == STATUS_OK && !taken)
            status = interrupt_check(false, err);
        if (status != STATUS_OK || taken)
            return status;
        if (!claimed && !wait && tries >= ALIVE_TRIES)
            return say_who(project, pid, err);
        if (claimed && endings++ == ENDINGS_MAX)
            return error_set(err, STATUS_LOCKED,
                             "processes that an earlier run left behind hold this workspace (they have " LOCK_PATH
                             " open) and cannot be ended; end them");
        if (claimed)
            end_orphans(project, lock);
        usleep(WAIT_STEP_US);
    }
}

static enum status open_lock(const char *path, int *fd, struct error *err)
{
    struct stat st;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return error_errno(err, STATUS_LOCKED, errno, "cannot open %s", path);
    return S_ISREG(st.st_mode) ? STATUS_OK : error_set(err, STATUS_LOCKED, "%s is not a regular file; remove it", path);
}

static void close_locks(struct workspace_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    if (lock->alive_fd >= 0)
        close(lock->alive_fd);
    lock->fd = lock->alive_fd = -1;
}

/* It would wait for the run that waits for it. */
static enum status refuse_nesting(const struct project *p, struct error *err)
{
    const char *root = getenv("REFIT_ROOT"), *stage = getenv("REFIT_STAGE");
    if (root != NULL && str_is(p->root, root))
        return error_set(
            err, STATUS_USAGE,
            "a run inside a stage (`%s`) of the same workspace would wait for itself; declare what it does as "
            "stages",
            stage ? stage : "?");
    return STATUS_OK;
}

static void read_left(struct arena *arena, struct workspace_lock *lock)
{
    struct holder before;
    read_holder(arena, &before);
    lock->stale = before.pid != 0;
    lock->left = before.stages;
    for (uint32_t i = 0; i < before.count; i++)
        if (before.last[i] != '=')
            lock->left[lock->left_count++] = before.stages[i];
}

enum status workspace_lock(struct project *project, bool wait, struct workspace_lock *lock, struct error *err)
{
    *lock = (struct workspace_lock){.fd = -1, .alive_fd = -1, .ended = STR("")};
    enum status status = refuse_nesting(project, err);
    if (status == STATUS_OK)
        status = open_lock(LOCK_PATH, &lock->fd, err);
    if (status == STATUS_OK)
        status = open_lock(ALIVE_PATH, &lock->alive_fd, err);
    if (status == STATUS_OK)
        status = acquire(project, lock, wait, err);
    if (status == STATUS_OK)
        read_left(&project->arena, lock);
    else
        close_locks(lock);
    return status;
}

static enum status write_line(struct workspace_lock *lock, struct str line, struct error *err)
{
    if (lseek(lock->fd, 0, SEEK_END) < 0)
        return error_errno(err, STATUS_LOCKED, errno, "cannot write " LOCK_PATH);
    return fs_write_all(lock->fd, line.ptr, line.len, LOCK_PATH, err);
}

enum status workspace_begin(struct workspace_lock *lock, struct error *err)
{
    char line[64];
    if (lock->noted)
        return STATUS_OK;
    snprintf(line, sizeof line, "%d %" PRIu64 "\n", (int)getpid(), process_start((int)getpid()));
    if (ftruncate(lock->fd, 0) != 0)
        return error_errno(err, STATUS_LOCKED, errno, "cannot write " LOCK_PATH);
    lock->stale = false;
    enum status status = write_line(lock, str_from(line), err);
    lock->noted = status == STATUS_OK;
    return status;
}

enum status workspace_note(struct workspace_lock *lock, char what, struct str stage, struct error *err)
{
    struct buf line = {0};
    buf_char(&line, what);
    buf_str(&line, stage);
    buf_char(&line, '\n');
    enum status status = write_line(lock, buf_view(&line), err);
    buf_finish(&line);
    return status;
}

void workspace_settle(struct workspace_lock *lock)
{
    /* Failing to empty it costs a needless look next time. */
    if (lock->noted)
        lock->noted = ftruncate(lock->fd, 0) != 0;
}

enum status workspace_claim(int *fd, struct error *err)
{
    bool claimed = false;
    int pid;
    enum status status = open_lock(ALIVE_PATH, fd, err);
    if (status == STATUS_OK)
        status = claim(*fd, &claimed, &pid, err);
    if (*fd >= 0 && !claimed) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

enum status workspace_claim_other(struct arena *arena, struct str root, struct workspace_lock *lock, bool *claimed,
                                  struct error *err)
{
    int pid;
    *claimed = false;
    *lock = (struct workspace_lock){.fd = -1, .alive_fd = -1};
    enum status status = open_lock(path_join(arena, root, STR(ALIVE_PATH)).ptr, &lock->alive_fd, err);
    if (status == STATUS_OK)
        status = open_lock(path_join(arena, root, STR(LOCK_PATH)).ptr, &lock->fd, err);
    if (status == STATUS_OK)
        status = claim(lock->alive_fd, claimed, &pid, err);
    *claimed = status == STATUS_OK && *claimed && flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
    if (!*claimed)
        close_locks(lock);
    return status;
}

bool workspace_is_held(struct arena *arena, struct str root)
{
    int fd = open(path_join(arena, root, STR(ALIVE_PATH)).ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct flock theirs = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0)
        return errno != ENOENT && errno != ENOTDIR;
    bool held = fcntl(fd, F_GETLK, &theirs) != 0 || theirs.l_type != F_UNLCK;
    close(fd);
    return held;
}

void workspace_unlock(struct workspace_lock *lock)
{
    if (lock == NULL || lock->fd < 0)
        return;
    /* Given back for every copy of the descriptor: a process that detached itself on purpose holds up nobody. */
    flock(lock->fd, LOCK_UN);
    close_locks(lock);
}

int workspace_holder(struct arena *arena, struct str **running, uint32_t *count)
{
    struct holder holder;
    read_holder(arena, &holder);
    *running = holder.stages;
    *count = 0;
    for (uint32_t i = 0; i < holder.count && holder.alive; i++)
        if (holder.last[i] == '+')
            holder.stages[(*count)++] = holder.stages[i];
    return holder.alive ? holder.pid : 0;
}
