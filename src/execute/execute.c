/* Commands as process groups on a libuv loop: starting, time limits, interruption, and what outlives its command. */
#include "execute/execute.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <uv.h>

#include "refit/base/arena.h"
#include "refit/base/fs.h"

/* How often to look whether a group is gone, and how often to look again after SIGKILL. A killed process can take a
 * moment to die, and its last write must come before the outs are read; a zombie whose parent never waits for it stays
 * for ever, so there is a limit. */
#define SETTLE_MS 5
#define SETTLE_CHECKS_MAX 40

struct executor {
    uv_loop_t *loop;
    uint64_t grace_ms;
    uv_signal_t child; /* SIGCHLD: look which shells have ended. Keeps the loop alive while there are executions */
    struct execution *first;
    uint32_t count;
    bool interrupted;
    bool began;        /* with its first command */
    bool own_sessions; /* for commands, since the terminal cannot be left */
};

struct execution {
    struct executor *executor;
    struct execution *next, *previous;
    struct execution_options options;
    execution_started started;
    execution_done done;
    void *ctx;
    uv_timer_t limit;  /* runs out: first the time-out, then the grace period */
    uv_timer_t settle; /* looks whether the group of a command that ended is gone */
    unsigned handles;  /* open ones */
    pid_t pid;         /* of the shell; 0 = it has been waited for */
    pid_t group;       /* of the command; 0 = it is gone */
    bool stopping;     /* asked to end, because of `why` */
    enum execution_end why;
    bool killed;       /* SIGKILL was sent to the group */
    unsigned checks;   /* since then */
    bool over;         /* `result` is final */
    uint64_t own_bytes; /* our largest resident set when the command was started */
    int64_t began_ms;
    struct execution_result result;
    struct buf message;
};

static void start_command(struct execution *x);

struct executor *executor_create(struct uv_loop_s *loop, uint64_t grace_ms)
{
    struct executor *executor = mem_alloc(sizeof *executor);
    executor->loop = loop;
    executor->grace_ms = grace_ms;
    uv_signal_init(loop, &executor->child);
    uv_unref((uv_handle_t *)&executor->child);
    executor->child.data = executor;
    return executor;
}

static void on_executor_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void executor_destroy(struct executor *executor)
{
    if (executor == NULL)
        return;
    assert(executor->count == 0);
    uv_close((uv_handle_t *)&executor->child, on_executor_closed);
}

uint32_t executor_running(const struct executor *executor)
{
    return executor->count;
}

static void link_execution(struct execution *x)
{
    struct executor *executor = x->executor;
    x->next = executor->first;
    if (x->next != NULL)
        x->next->previous = x;
    executor->first = x;
    if (executor->count++ == 0)
        uv_ref((uv_handle_t *)&executor->child);
}

static void unlink_execution(struct execution *x)
{
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        x->executor->first = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
    if (--x->executor->count == 0)
        uv_unref((uv_handle_t *)&x->executor->child);
}

static void end_with(struct execution *x, enum execution_end end, int code)
{
    x->result.end = end;
    x->result.code = code;
    x->over = true;
}

/* The last handle is closed: nothing of libuv refers to the execution any more. */
static void deliver(struct execution *x)
{
    unlink_execution(x);
    x->result.duration_ms = (uint64_t)(clock_monotonic_ms() - x->began_ms);
    x->result.message = buf_view(&x->message).ptr;
    x->done(x->ctx, &x->result);
    buf_finish(&x->message);
    free(x);
}

static void on_closed(uv_handle_t *handle)
{
    struct execution *x = handle->data;
    if (--x->handles == 0)
        deliver(x);
}

static void end_execution(struct execution *x)
{
    assert(x->over);
    uv_close((uv_handle_t *)&x->limit, on_closed);
    uv_close((uv_handle_t *)&x->settle, on_closed);
}

/* A command has ended, and its group with it. */
static void advance(struct execution *x)
{
    uv_timer_stop(&x->settle);
    x->group = 0;
    if (!x->over && x->stopping)
        end_with(x, x->why, 0);
    if (x->over) {
        end_execution(x);
        return;
    }
    x->result.command++;
    start_command(x);
}

/* False if nobody who could be signalled is left in the group. */
static bool signal_group(const struct execution *x, int signal)
{
    return x->group > 0 && kill(-x->group, signal) == 0;
}

static void kill_group(struct execution *x)
{
    x->killed = true;
    signal_group(x, SIGKILL);
}

static void on_settle(uv_timer_t *timer)
{
    struct execution *x = timer->data;
    if (!signal_group(x, 0) || (x->killed && ++x->checks > SETTLE_CHECKS_MAX))
        advance(x);
}

/* The largest resident set that wait4() gives counts from before the exec, when the child had our memory: only what is
 * larger than that is the command's own. */
static void note_peak(struct execution *x, const struct rusage *usage)
{
    uint64_t bytes = (uint64_t)usage->ru_maxrss * 1024;
    if (bytes > x->own_bytes && bytes > x->result.peak_bytes)
        x->result.peak_bytes = bytes;
}

/* The shell has ended. What is left of its group is killed: at once, or after the grace if it was asked to end. */
static void on_shell_ended(struct execution *x, int status)
{
    if (x->stopping)
        end_with(x, x->why, 0);
    else if (WIFSIGNALED(status))
        end_with(x, EXECUTION_SIGNALED, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0 || x->result.command + 1 == x->options.command_count)
        end_with(x, EXECUTION_EXITED, WEXITSTATUS(status));
    x->killed = x->killed || !x->stopping;
    if (signal_group(x, x->killed ? SIGKILL : 0))
        uv_timer_start(&x->settle, on_settle, 1, SETTLE_MS);
    else
        advance(x);
}

static void on_child(uv_signal_t *handle, int number)
{
    (void)number;
    struct executor *executor = handle->data;
    struct rusage usage;
    int status;
    for (struct execution *x = executor->first; x != NULL; x = x->next) {
        if (x->pid == 0 || wait4(x->pid, &status, WNOHANG, &usage) != x->pid)
            continue;
        x->pid = 0;
        note_peak(x, &usage);
        on_shell_ended(x, status);
    }
}

static void on_limit(uv_timer_t *timer);

static void stop(struct execution *x, enum execution_end why, int signal)
{
    if (x->over || x->stopping)
        return;
    x->stopping = true;
    x->why = why;
    signal_group(x, signal);
    uv_update_time(x->executor->loop);
    uv_timer_start(&x->limit, on_limit, x->executor->grace_ms, 0);
}

static void on_limit(uv_timer_t *timer)
{
    struct execution *x = timer->data;
    if (x->stopping)
        kill_group(x);
    else
        stop(x, EXECUTION_TIMED_OUT, SIGTERM);
}

void executor_interrupt(struct executor *executor)
{
    for (struct execution *x = executor->first; x != NULL; x = x->next) {
        stop(x, EXECUTION_INTERRUPTED, SIGINT);
        if (executor->interrupted)
            kill_group(x);
    }
    executor->interrupted = true;
}

/* Before the first command is started, and can end. */
static void begin(struct executor *executor)
{
    if (executor->began)
        return;
    executor->began = true;
    executor->own_sessions = !spawn_leave_terminal();
    int code = uv_signal_start(&executor->child, on_child, SIGCHLD);
    assert(code == 0);
    (void)code;
}

static void start_command(struct execution *x)
{
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    x->own_bytes = (uint64_t)own.ru_maxrss * 1024;
    pid_t pid;
    struct str command = x->options.commands[x->result.command];
    if (!spawn_command(&x->options, command, x->executor->own_sessions, &pid, &x->message)) {
        end_with(x, EXECUTION_NOT_STARTED, 0);
        end_execution(x);
        return;
    }
    x->pid = x->group = pid;
    x->killed = false;
    x->checks = 0;
    if (x->started != NULL)
        x->started(x->ctx, pid, pid);
}

struct execution *executor_start(struct executor *executor, const struct execution_options *options,
                                 execution_started started, execution_done done, void *ctx)
{
    assert(options->command_count > 0);
    struct execution *x = mem_alloc(sizeof *x);
    x->executor = executor;
    x->options = *options;
    x->started = started;
    x->done = done;
    x->ctx = ctx;
    x->began_ms = clock_monotonic_ms();
    uv_timer_init(executor->loop, &x->limit);
    uv_timer_init(executor->loop, &x->settle);
    x->limit.data = x->settle.data = x;
    x->handles = 2;
    link_execution(x);
    begin(executor);
    if (options->timeout_ms > 0) {
        uv_update_time(executor->loop); /* the time-out counts from now, not from the loop's last turn */
        uv_timer_start(&x->limit, on_limit, options->timeout_ms, 0);
    }
    start_command(x);
    return x;
}
