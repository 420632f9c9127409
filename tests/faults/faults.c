/* For tests: stands between refit and libc (LD_PRELOAD), knows every call that changes a file system, and at a chosen
 * one ends refit, undoes what a power cut would, or gives an error. tests/README.md says how points are named and
 * chosen.
 *
 * Commands do not get it: it takes itself out of the environment before main(). */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == sizeof(off64_t), "calls that end in 64 are the same as those that do not");

enum { PAGE = 4096, PATH_SIZE = 2 * PATH_MAX };

/* libc's own function. A signal's handler may call one, too: within dlsym() it would wait for the lock that the thread
 * it interrupted has. */
static void *find_real(_Atomic(void *) *known, const char *name)
{
    sigset_t all, old;
    if (*known == NULL) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        *known = dlsym(RTLD_NEXT, name);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    return *known;
}

#define REAL(name)                                     \
    (__extension__({                                   \
        static _Atomic(void *) real_;                  \
        (__typeof__(&name))find_real(&real_, #name);   \
    }))

/* ---- what was asked for ---- */

enum action { ACTION_KILL, ACTION_KILL_WITHIN, ACTION_KILL_AFTER, ACTION_CUT, ACTION_STOP, ACTION_FAIL };

struct fault {
    enum action action;
    int reason;        /* ACTION_FAIL: errno */
    char pattern[128]; /* of the point's name */
    unsigned long from, seen;
    bool onwards;      /* from there on, not only there */
    pid_t full;        /* the thread whose write was cut short: what it does next fails; 0 = none. Another's would not
                        * tell it, and so it may find room for the rest */
};

static struct {
    pthread_mutex_t lock; /* for all below */
    struct fault list[4];
    unsigned count;
    char remote[256];     /* files whose path ends so are on NFS; "" = none */
    char since[128];      /* a point: what comes before it does not count; "" = everything counts */
    bool reading;         /* one means calls that only read */
    bool journals;        /* one is a power cut */
    bool syncs;           /* a sync is done, not only passed */
    bool no_space;        /* one said ENOSPC */
    int log_fd;
    unsigned seed;
    bool fixed_times;     /* files' times, and the clock that they are compared with */
    struct timespec stamp, clock;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER, .log_fd = -1};

static void refuse(const char *what, const char *text)
{
    dprintf(STDERR_FILENO, "faults.so: %s: %s\n", what, text);
    _exit(98);
}

static void read_action(const char *word, struct fault *fault)
{
    static const struct {
        const char *name;
        enum action action;
        int reason;
    } actions[] = {
        {"kill", ACTION_KILL, 0},       {"kill-within", ACTION_KILL_WITHIN, 0}, {"kill-after", ACTION_KILL_AFTER, 0},
        {"cut", ACTION_CUT, 0},         {"stop", ACTION_STOP, 0},               {"ENOSPC", ACTION_FAIL, ENOSPC},
        {"EIO", ACTION_FAIL, EIO},      {"EDQUOT", ACTION_FAIL, EDQUOT},        {"EROFS", ACTION_FAIL, EROFS},
        {"EACCES", ACTION_FAIL, EACCES}, {"EMFILE", ACTION_FAIL, EMFILE},       {"EXDEV", ACTION_FAIL, EXDEV},
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(word, actions[i].name) == 0) {
            fault->action = actions[i].action;
            fault->reason = actions[i].reason;
            faults.journals |= fault->action == ACTION_CUT;
            return;
        }
    refuse("no such action", word);
}

/* "ACTION PATTERN[#N[+]]", and more after a comma. Calls that only read are points for a pattern that begins with one
 * of them, and for no other. */
static void read_faults(const char *text)
{
    static const char *const reading[] = {"open-", "read-", "list-"};
    for (const char *rest = text, *comma; rest != NULL; rest = comma != NULL ? comma + 1 : NULL) {
        char action[16], more[2] = "";
        comma = strchr(rest, ',');
        struct fault *fault = &faults.list[faults.count];
        fault->from = 1;
        if (faults.count++ == sizeof faults.list / sizeof *faults.list ||
            sscanf(rest, " %15s %127[^#, ]#%lu%1[+]", action, fault->pattern, &fault->from, more) < 2)
            refuse("not a list of faults", text);
        read_action(action, fault);
        fault->onwards = more[0] == '+';
        for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
            faults.reading |= strncmp(fault->pattern, reading[i], strlen(reading[i])) == 0;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *fault = getenv("REFIT_FAULT"), *log = getenv("REFIT_FAULT_LOG"), *seed = getenv("REFIT_FAULT_SEED"),
               *times = getenv("REFIT_FAULT_TIMES"), *sync = getenv("REFIT_FAULT_SYNC"),
               *since = getenv("REFIT_FAULT_SINCE"), *remote = getenv("REFIT_FAULT_REMOTE");
    if (remote != NULL)
        snprintf(faults.remote, sizeof faults.remote, "%s", remote);
    if (fault != NULL)
        read_faults(fault);
    if (since != NULL)
        snprintf(faults.since, sizeof faults.since, "%s", since);
    if (log != NULL && (faults.log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0)
        refuse("cannot open", log);
    faults.syncs = sync == NULL || strcmp(sync, "no") != 0 || faults.journals;
    faults.seed = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : 1;
    if (times != NULL) {
        faults.fixed_times = sscanf(times, "%ld %ld", &faults.stamp.tv_sec, &faults.clock.tv_sec) == 2;
        if (!faults.fixed_times)
            refuse("not times", times);
    }
    static const char *const names[] = {"LD_PRELOAD", "REFIT_FAULT", "REFIT_FAULT_LOG", "REFIT_FAULT_SEED",
                                        "REFIT_FAULT_TIMES", "REFIT_FAULT_SYNC", "REFIT_FAULT_SINCE",
                                        "REFIT_FAULT_REMOTE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

/* ---- names of points ---- */

/* The path behind a descriptor; false if it is nothing in a file system. */
static bool path_of_fd(int fd, char path[PATH_SIZE])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = REAL(readlink)(link, path, PATH_SIZE - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    bool device = strcmp(path, "/dev") == 0 || (strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0);
    return path[0] == '/' && !device && strncmp(path, "/memfd:", 7) != 0 &&
           strncmp(path, "/proc/", 6) != 0;
}

static void path_at(int folder, const char *name, char path[PATH_SIZE])
{
    size_t len = 0;
    if (name[0] != '/') {
        if (folder == AT_FDCWD ? getcwd(path, PATH_MAX) == NULL : !path_of_fd(folder, path))
            path[0] = '\0';
        len = strlen(path);
    }
    snprintf(path + len, PATH_SIZE - len, "%s%s", len > 0 ? "/" : "", name);
}

/* Temporaries are called by the digest of the name of what they will be. */
#define LOCK_TEMPORARY "/.refit/tmp/1f98734ea4d2c7c3699f05aedbe5c13d"

/* What a file is to refit. */
static const char *role_of(const char *path)
{
    static const char *const parts[][2] = {
        {"/state/data.mdb", "state"},      {"/history/data.mdb", "history"}, {"/data.mdb", "store"},
        {"/lock.mdb", "table"},
        {"/.refit/rescue/", "rescue"},     {"/.refit/attempts/", "attempts"}, {"/.refit/logs/", "log"},
        {"/refit.lock", "refit.lock"},     {LOCK_TEMPORARY, "refit.lock"},   {"/.refit/tmp", "temporary"},
        {"/.refit-", "temporary"},         {"/.refit/depfiles/", "depfile"}, {"/.refit", "workspace"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(path, parts[i][0]) != NULL)
            return parts[i][1];
    return "project";
}

/* ---- a power cut: pages written since the last sync, as they were before ---- */

struct page {
    struct page *next;
    dev_t device;
    ino_t inode;
    char *path;
    off_t at;
    size_t len; /* that were there */
    uint8_t bytes[PAGE];
};

static struct page *pages; /* newest first; under the lock */

static bool is_lmdb(const char *role)
{
    return strcmp(role, "store") == 0 || strcmp(role, "state") == 0 || strcmp(role, "history") == 0;
}

static bool is_journaled(const char *role)
{
    return faults.journals && is_lmdb(role);
}

static void journal_page(const struct stat *st, const char *path, off_t at)
{
    for (struct page *page = pages; page != NULL; page = page->next)
        if (page->device == st->st_dev && page->inode == st->st_ino && page->at == at)
            return;
    struct page *page = calloc(1, sizeof *page);
    int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 && page != NULL ? REAL(pread)(fd, page->bytes, PAGE, at) : -1;
    if (len < 0)
        refuse("cannot read for the journal", path);
    close(fd);
    page->len = (size_t)len;
    page->device = st->st_dev;
    page->inode = st->st_ino;
    page->path = strdup(path);
    page->at = at;
    page->next = pages;
    pages = page;
}

/* Before a write. One through a descriptor with O_DSYNC is durable when it returns. */
static void journal_write(int fd, const char *path, off_t at, size_t len)
{
    struct stat st;
    if (fcntl(fd, F_GETFL) & O_DSYNC || REAL(fstat)(fd, &st) != 0)
        return;
    for (off_t page = at / PAGE * PAGE; page < at + (off_t)len; page += PAGE)
        journal_page(&st, path, page);
}

static void journal_sync(int fd)
{
    struct stat st;
    if (REAL(fstat)(fd, &st) != 0)
        return;
    for (struct page **link = &pages; *link != NULL;) {
        struct page *page = *link;
        if (page->device != st.st_dev || page->inode != st.st_ino) {
            link = &page->next;
            continue;
        }
        *link = page->next;
        free(page->path);
        free(page);
    }
}

/* What was never synced is there, or is not, page by page. */
static void undo_pages(void)
{
    for (struct page *page = pages; page != NULL; page = page->next) {
        if (rand_r(&faults.seed) % 2 != 0)
            continue;
        memset(page->bytes + page->len, 0, PAGE - page->len);
        int fd = REAL(open)(page->path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || REAL(pwrite)(fd, page->bytes, PAGE, page->at) != PAGE)
            refuse("cannot undo a write", page->path);
        close(fd);
    }
}

/* ---- points ---- */

static void end_refit(void)
{
    if (faults.journals)
        undo_pages();
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void note(const char *mark, const char *name, const char *path)
{
    char line[PATH_SIZE + 160];
    int len = snprintf(line, sizeof line, "%s%s %s\n", mark, name, path);
    if (faults.log_fd >= 0 && REAL(write)(faults.log_fd, line, (size_t)len) != len)
        refuse("cannot write the log", path);
}

/* What to do about a call. For a call that goes through, `after` is to be called when it has returned. */
struct verdict {
    int reason; /* fail with this errno; 0 = do it */
    bool half;  /* of a write, do the first half only */
    bool last;  /* it is refit's last */
    bool held;  /* the lock */
};

static bool is_meant(struct fault *fault, const char *name)
{
    if (faults.since[0] != '\0' || fnmatch(fault->pattern, name, FNM_EXTMATCH) != 0)
        return false;
    fault->seen++;
    return fault->seen == fault->from || (fault->onwards && fault->seen > fault->from) || fault->full == gettid();
}

static void judge(struct fault *fault, bool is_write, struct verdict *verdict)
{
    if (fault->action == ACTION_KILL || fault->action == ACTION_CUT ||
        (fault->action == ACTION_KILL_WITHIN && !is_write))
        end_refit();
    if (fault->action == ACTION_STOP) {
        raise(SIGSTOP); /* of this thread, which so goes no step further; the test lets it go on */
    } else if (fault->action == ACTION_FAIL) {
        bool cut_short = is_write && fault->full == 0 && (fault->reason == ENOSPC || fault->reason == EDQUOT);
        faults.no_space |= fault->reason == ENOSPC;
        if (cut_short)
            fault->full = gettid();
        else if (!fault->onwards)
            fault->full = 0;
        verdict->half = cut_short;
        verdict->reason = cut_short ? 0 : fault->reason;
    } else {
        verdict->half = fault->action == ACTION_KILL_WITHIN;
        verdict->last = true;
    }
}

static struct verdict point(const char *operation, const char *role, const char *path, bool is_write)
{
    struct verdict verdict = {0};
    char name[128];
    snprintf(name, sizeof name, "%s-%s", operation, role);
    pthread_mutex_lock(&faults.lock);
    struct fault *meant = NULL;
    for (unsigned i = 0; i < faults.count; i++)
        if (is_meant(&faults.list[i], name) && meant == NULL)
            meant = &faults.list[i];
    note(meant != NULL ? "! " : "", name, path);
    if (strcmp(faults.since, name) == 0)
        faults.since[0] = '\0';
    if (meant != NULL)
        judge(meant, is_write, &verdict);
    /* What a journal has of a file must be what is in it: such calls come one at a time. So does the last one. */
    verdict.held = verdict.last || is_journaled(role);
    if (!verdict.held)
        pthread_mutex_unlock(&faults.lock);
    return verdict;
}

static void after(const struct verdict *verdict)
{
    if (verdict->last)
        end_refit();
    if (verdict->held)
        pthread_mutex_unlock(&faults.lock);
}

static int failed(const struct verdict *verdict)
{
    if (verdict->held)
        pthread_mutex_unlock(&faults.lock);
    errno = verdict->reason;
    return -1;
}

/* `call` is libc's, of the type `type`. */
#define POINT(operation, path, type, call)                                                                             \
    do {                                                                                                               \
        struct verdict verdict_ = point(operation, role_of(path), path, false);                                        \
        if (verdict_.reason != 0)                                                                                      \
            return failed(&verdict_);                                                                                  \
        type result_ = call;                                                                                           \
        after(&verdict_);                                                                                              \
        return result_;                                                                                                \
    } while (0)

/* A call by path. */
#define POINT_PATH(operation, folder, name, type, call)                                                                \
    do {                                                                                                               \
        char path_[PATH_SIZE];                                                                                         \
        path_at(folder, name, path_);                                                                                  \
        POINT(operation, path_, type, call);                                                                           \
    } while (0)

/* A call by descriptor. */
#define POINT_FD(operation, fd, type, call)                                                                            \
    do {                                                                                                               \
        char path_[PATH_SIZE];                                                                                         \
        if (!path_of_fd(fd, path_))                                                                                    \
            return call;                                                                                               \
        POINT(operation, path_, type, call);                                                                           \
    } while (0)

/* ---- opening ---- */

static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    bool makes = flags & (O_CREAT | O_TRUNC);
    if (!faults.syncs)
        flags &= ~(O_SYNC | O_DSYNC);
    if ((flags & O_TMPFILE) == O_TMPFILE) /* has no name, and leaves nothing */
        return REAL(openat)(folder, name, flags, mode);
    if (!makes && !faults.reading)
        return REAL(openat)(folder, name, flags, mode);
    POINT_PATH(makes ? "make" : "open", folder, name, int, REAL(openat)(folder, name, flags, mode));
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open(const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(AT_FDCWD, name, flags, mode);
}

int openat(int folder, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_at(folder, name, flags, mode);
}

int open64(const char *name, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *name, int flags, ...) __attribute__((alias("openat")));

/* ---- writing ---- */

/* LMDB's first two pages say which of its trees count: writing one is the commit. */
static const char *write_operation(const char *role, off_t at)
{
    return is_lmdb(role) && at >= 0 && at < 2 * PAGE ? "commit" : "write";
}

/* `at` < 0: where the descriptor stands. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t at)
{
    char path[PATH_SIZE];
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += parts[i].iov_len;
    bool known = fd > STDERR_FILENO && path_of_fd(fd, path);
    const char *role = known ? role_of(path) : "";
    off_t from = known && at < 0 ? lseek(fd, 0, SEEK_CUR) : at;
    struct verdict verdict = {0};
    if (known)
        verdict = point(write_operation(role, from), role, path, true);
    if (verdict.reason != 0)
        return failed(&verdict);
    if (known && is_journaled(role))
        journal_write(fd, path, from, len);
    ssize_t n;
    if (verdict.half && len > 1) {
        /* Of several parts, as much of the first. */
        size_t part = count == 1 ? len / 2 : parts[0].iov_len;
        n = at < 0 ? REAL(write)(fd, parts[0].iov_base, part) : REAL(pwrite)(fd, parts[0].iov_base, part, at);
    } else {
        n = at < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, at);
    }
    if (known)
        after(&verdict);
    return n;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_parts(fd, &(struct iovec){(void *)(uintptr_t)bytes, len}, 1, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_parts(fd, &(struct iovec){(void *)(uintptr_t)bytes, len}, 1, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return write_parts(fd, parts, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return write_parts(fd, parts, count, at);
}

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t len, unsigned flags)
{
    POINT_FD("write", to, ssize_t, REAL(copy_file_range)(from, from_at, to, to_at, len, flags));
}

ssize_t sendfile(int to, int from, off_t *at, size_t len)
{
    POINT_FD("write", to, ssize_t, REAL(sendfile)(to, from, at, len));
}

int ftruncate(int fd, off_t len)
{
    POINT_FD("truncate", fd, int, REAL(ftruncate)(fd, len));
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    POINT_FD("reserve", fd, int, REAL(fallocate)(fd, mode, at, len));
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) __attribute__((alias("pwrite")));
int ftruncate64(int fd, off_t len) __attribute__((alias("ftruncate")));
int fallocate64(int fd, int mode, off_t at, off_t len) __attribute__((alias("fallocate")));

/* ---- syncing ---- */

static int sync_fd(int fd, int (*real)(int))
{
    char path[PATH_SIZE];
    struct stat st;
    if (!path_of_fd(fd, path))
        return real(fd);
    bool folder = REAL(fstat)(fd, &st) == 0 && S_ISDIR(st.st_mode);
    const char *role = folder ? "folder" : role_of(path);
    struct verdict verdict = point("sync", role, path, false);
    if (verdict.reason != 0)
        return failed(&verdict);
    int result = faults.syncs ? real(fd) : 0;
    if (is_journaled(role))
        journal_sync(fd);
    after(&verdict);
    return result;
}

int fsync(int fd)
{
    return sync_fd(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return sync_fd(fd, REAL(fdatasync));
}

/* ---- names ---- */

int renameat2(int from_folder, const char *from, int folder, const char *name, unsigned flags)
{
    POINT_PATH("rename", folder, name, int, REAL(renameat2)(from_folder, from, folder, name, flags));
}

int renameat(int from_folder, const char *from, int folder, const char *name)
{
    return renameat2(from_folder, from, folder, name, 0);
}

int rename(const char *from, const char *name)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, name, 0);
}

int linkat(int from_folder, const char *from, int folder, const char *name, int flags)
{
    POINT_PATH("link", folder, name, int, REAL(linkat)(from_folder, from, folder, name, flags));
}

int link(const char *from, const char *name)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, name, 0);
}

int symlinkat(const char *text, int folder, const char *name)
{
    POINT_PATH("link", folder, name, int, REAL(symlinkat)(text, folder, name));
}

int symlink(const char *text, const char *name)
{
    return symlinkat(text, AT_FDCWD, name);
}

int unlinkat(int folder, const char *name, int flags)
{
    POINT_PATH("remove", folder, name, int, REAL(unlinkat)(folder, name, flags));
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    POINT_PATH("mkdir", folder, name, int, REAL(mkdirat)(folder, name, mode));
}

int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

/* ---- what files are like ---- */

int fchmod(int fd, mode_t mode)
{
    POINT_FD("chmod", fd, int, REAL(fchmod)(fd, mode));
}

int fchmodat(int folder, const char *name, mode_t mode, int flags)
{
    POINT_PATH("chmod", folder, name, int, REAL(fchmodat)(folder, name, mode, flags));
}

int chmod(const char *name, mode_t mode)
{
    return fchmodat(AT_FDCWD, name, mode, 0);
}

int futimens(int fd, const struct timespec times[2])
{
    POINT_FD("utime", fd, int, REAL(futimens)(fd, times));
}

int utimensat(int folder, const char *name, const struct timespec times[2], int flags)
{
    POINT_PATH("utime", folder, name, int, REAL(utimensat)(folder, name, times, flags));
}

/* ---- reading ---- */

ssize_t read(int fd, void *bytes, size_t len)
{
    if (!faults.reading)
        return REAL(read)(fd, bytes, len);
    POINT_FD("read", fd, ssize_t, REAL(read)(fd, bytes, len));
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    if (!faults.reading)
        return REAL(pread)(fd, bytes, len, at);
    POINT_FD("read", fd, ssize_t, REAL(pread)(fd, bytes, len, at));
}

struct dirent *readdir(DIR *stream)
{
    char path[PATH_SIZE];
    struct verdict verdict = {0};
    if (faults.reading && path_of_fd(dirfd(stream), path))
        verdict = point("list", role_of(path), path, false);
    if (verdict.reason != 0) {
        failed(&verdict);
        return NULL;
    }
    struct dirent *entry = REAL(readdir)(stream);
    after(&verdict);
    return entry;
}

/* ---- a file system whose stamps do not tell what was written when ---- */

static int stamp(int result, struct stat *st)
{
    if (result == 0 && faults.fixed_times)
        st->st_mtim = st->st_ctim = faults.stamp;
    return result;
}

int stat(const char *restrict name, struct stat *restrict st)
{
    return stamp(REAL(stat)(name, st), st);
}

int lstat(const char *restrict name, struct stat *restrict st)
{
    return stamp(REAL(lstat)(name, st), st);
}

int fstat(int fd, struct stat *st)
{
    return stamp(REAL(fstat)(fd, st), st);
}

int fstatat(int folder, const char *restrict name, struct stat *restrict st, int flags)
{
    return stamp(REAL(fstatat)(folder, name, st, flags), st);
}

/* Of the clocks, the one that stamps files. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (faults.fixed_times && clock == CLOCK_REALTIME_COARSE) {
        *now = faults.clock;
        return 0;
    }
    return REAL(clock_gettime)(clock, now);
}

int statfs(const char *path, struct statfs *out)
{
    size_t len = strlen(path), end = strlen(faults.remote);
    int result = REAL(statfs)(path, out);
    if (result == 0 && end > 0 && len >= end && strcmp(path + len - end, faults.remote) == 0)
        out->f_type = NFS_SUPER_MAGIC;
    return result;
}

/* The disk that ENOSPC came from has no room, for whoever asks. */
int statvfs(const char *restrict path, struct statvfs *restrict out)
{
    int result = REAL(statvfs)(path, out);
    if (faults.no_space)
        out->f_bavail = out->f_bfree = 0;
    return result;
}
