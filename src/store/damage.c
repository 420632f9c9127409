/* Damage. LMDB's pages have no checksums: one that was changed behind its back can lead it anywhere (an address that is
 * none, a division by zero, a write beyond what it allocated), and one that is gone (a file that was cut short, a disk
 * that fails) ends in a signal. All of that comes to one sentence and exit
 * status 5, never to a crash without a word. What is kept under a digest is verified elsewhere, when it is read. */
#include "store/env.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

/* Store and state, and what a test opens besides: whose map is it that a fault lies in? */
#define ENVS_MAX 8

static _Atomic(const struct env *) open_envs[ENVS_MAX];

bool damage_is(int rc)
{
    return rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID || rc == MDB_BAD_VALSIZE ||
           rc == MDB_CURSOR_FULL || rc == MDB_PAGE_FULL || rc == MDB_BAD_DBI || rc == MDB_INCOMPATIBLE ||
           rc == MDB_BAD_TXN; /* an earlier fault in the same transaction */
}

/* All that follows, up to the handler, is called in it. */

static void join(char *out, const char *directory, const char *name)
{
    size_t len = strlen(directory);
    memcpy(out, directory, len);
    memcpy(out + len, name, strlen(name) + 1);
}

static bool put_aside(const struct env *env)
{
    char from[4096], to[4096];
    if (!env->forgettable || env->read_only || strlen(env->directory) > sizeof from - sizeof "/damaged.mdb")
        return false;
    join(from, env->directory, "/data.mdb");
    join(to, env->directory, "/damaged.mdb");
    return rename(from, to) == 0;
}

/* What to do about it, having done what can be done. */
static const char *advice(const struct env *env)
{
    if (!env->forgettable)
        return env->remedy;
    return put_aside(env) ? "it was put aside, run again: it only remembers what can be found again"
                          : "the next run replaces it";
}

static void say(const char *text)
{
    size_t len = strlen(text);
    if (write(STDERR_FILENO, text, len) < 0) {
        /* There is nobody else to tell. */
    }
}

static void say_where(const struct env *env)
{
    say("the ");
    say(env->noun);
    say(" in ");
    say(env->directory);
}

static _Noreturn void give_up(const struct env *env, const char *what)
{
    say("refit: ");
    say_where(env);
    say(" is damaged (");
    say(what);
    say("); ");
    say(advice(env));
    say("\n");
    _exit(status_exit(STATUS_STORE));
}

/* LMDB was led to an address that says nothing: any of those that are open may be the one. */
static _Noreturn void give_up_all(void)
{
    unsigned count = 0;
    say("refit: ");
    for (unsigned i = 0; i < ENVS_MAX; i++) {
        const struct env *env = atomic_load(&open_envs[i]);
        if (env == NULL)
            continue;
        say(count++ > 0 ? " or " : "");
        say_where(env);
        put_aside(env);
    }
    say(" is damaged (a page leads nowhere); run again, and if this comes back, move the folder away: what it kept is "
        "made again\n");
    _exit(status_exit(STATUS_STORE));
}

/* A line of /proc/self/maps: START-END PERMISSIONS OFFSET DEVICE INODE PATH. */
struct mapping {
    uintptr_t start, end;
    uint64_t inode;
};

static const char *read_number(const char *at, unsigned base, uint64_t *out)
{
    *out = 0;
    for (;; at++) {
        unsigned digit = *at >= '0' && *at <= '9'   ? (unsigned)(*at - '0')
                         : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a') + 10
                                                    : 16;
        if (digit >= base)
            return at;
        *out = *out * base + digit;
    }
}

static bool read_mapping(const char *line, struct mapping *out)
{
    uint64_t start, end;
    line = read_number(line, 16, &start);
    if (*line++ != '-')
        return false;
    line = read_number(line, 16, &end);
    for (int field = 0; field < 4; field++)
        if ((line = strchr(line, ' ')) == NULL)
            return false;
        else
            line++;
    read_number(line, 10, &out->inode);
    out->start = (uintptr_t)start;
    out->end = (uintptr_t)end;
    return true;
}

/* What is mapped where the address is. */
static bool find_mapping(uintptr_t address, struct mapping *out)
{
    char text[8192];
    size_t len = 0;
    ssize_t n;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0) {
        len += (size_t)n;
        text[len] = '\0';
        char *line = text;
        for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = '\0';
            if (read_mapping(line, out) && address >= out->start && address < out->end)
                return true;
        }
        len -= (size_t)(line - text);
        memmove(text, line, len);
    }
    return false;
}

static const struct env *find_env(uintptr_t address)
{
    struct mapping mapping;
    if (find_mapping(address, &mapping) && mapping.inode != 0)
        for (unsigned i = 0; i < ENVS_MAX; i++) {
            const struct env *env = atomic_load(&open_envs[i]);
            if (env != NULL && env->inode == mapping.inode)
                return env;
        }
    return NULL;
}

/* Did the fault come in LMDB's own code, or in what it had just called (memmove)? Then its address is among the first
 * words of the stack; of an abort (free) it is further up. */
static bool is_in_lmdb(int number, const ucontext_t *context)
{
    const int words = number == SIGABRT ? 256 : 64;
    uintptr_t at = 0, link = 0;
    const uintptr_t *stack = NULL;
    struct mapping code;
#if defined __x86_64__
    at = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    stack = (const uintptr_t *)context->uc_mcontext.gregs[REG_RSP];
#elif defined __aarch64__
    at = (uintptr_t)context->uc_mcontext.pc;
    link = (uintptr_t)context->uc_mcontext.regs[30];
    stack = (const uintptr_t *)context->uc_mcontext.sp;
#else
    (void)context;
#endif
    if (!find_mapping((uintptr_t)&mdb_strerror, &code))
        return false;
    bool found = (at >= code.start && at < code.end) || (link >= code.start && link < code.end);
    for (int i = 0; !found && stack != NULL && i < words; i++)
        found = stack[i] >= code.start && stack[i] < code.end;
    return found;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const struct env *env = number == SIGSEGV || number == SIGBUS ? find_env((uintptr_t)info->si_addr) : NULL;
    if (env != NULL)
        give_up(env, number == SIGBUS ? "a page cannot be read: it was cut short, or its disk fails"
                                      : "a page leads nowhere");
    if (is_in_lmdb(number, context))
        give_up_all();
    say("refit: a fault of refit itself; please report it\n");
    signal(number, SIG_DFL); /* it comes again */
}

/* ---- for the others ---- */

static void on_assertion(MDB_env *lmdb, const char *text)
{
    (void)text;
    give_up(mdb_env_get_userctx(lmdb), "a page makes no sense");
}

enum status env_damaged(struct env *env, const char *what, struct error *err)
{
    env->damaged = true;
    return error_set(err, STATUS_STORE, "the %s in %s is damaged (%s); %s", env->noun, env->directory, what,
                     advice(env));
}

void damage_watch(struct env *env)
{
    for (unsigned i = 0; i < ENVS_MAX; i++) {
        const struct env *none = NULL;
        if (atomic_compare_exchange_strong(&open_envs[i], &none, env))
            break;
    }
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

void damage_watch_open(struct env *env)
{
    struct stat st;
    int fd;
    if (mdb_env_get_fd(env->lmdb, &fd) == 0 && fstat(fd, &st) == 0)
        env->inode = st.st_ino;
    mdb_env_set_userctx(env->lmdb, env);
    mdb_env_set_assert(env->lmdb, on_assertion);
}

void damage_forget(struct env *env)
{
    for (unsigned i = 0; i < ENVS_MAX; i++) {
        const struct env *own = env;
        atomic_compare_exchange_strong(&open_envs[i], &own, NULL);
    }
}
