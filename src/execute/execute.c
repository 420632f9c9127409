/* Commands as process groups on a libuv loop: starting, time limits, interruption, and what outlives its command. */
#include "refit/execute.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
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
    struct execution *first;
    uint32_t count;
    bool interrupted;
};

struct execution {
    struct executor *executor;
    struct execution *next, *previous;
    struct execution_options options;
    execution_started started;
    execution_done done;
    void *ctx;
    uv_process_t process;
    uv_timer_t limit;  /* runs out: first the time-out, then the grace period */
    uv_timer_t settle; /* looks whether the group of a command that ended is gone */
    unsigned handles;  /* open ones */
    bool has_process;  /* `process` is one of them */
    int group;         /* of the command; 0 = none runs */
    bool stopping;     /* asked to end, because of `why` */
    enum execution_end why;
    bool killed;       /* SIGKILL was sent to the group */
    unsigned checks;   /* since then */
    bool over;         /* `result` is final */
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
    return executor;
}

void executor_destroy(struct executor *executor)
{
    /* An execution counts until its handles are closed, so there is nothing left to close. */
    assert(executor == NULL || executor->count == 0);
    free(executor);
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
    executor->count++;
}

static void unlink_execution(struct execution *x)
{
    if (x->previous != NULL)
        x->previous->next = x->next;
    else
        x->executor->first = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
    x->executor->count--;
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

static void close_handles(struct execution *x)
{
    assert(x->over);
    uv_close((uv_handle_t *)&x->limit, on_closed);
    uv_close((uv_handle_t *)&x->settle, on_closed);
    if (x->has_process)
        uv_close((uv_handle_t *)&x->process, on_closed);
}

static void on_closed_between(uv_handle_t *handle)
{
    struct execution *x = handle->data;
    x->handles--;
    x->has_process = false;
    if (x->stopping) {
        end_with(x, x->why, 0);
        close_handles(x);
        return;
    }
    x->result.command++;
    start_command(x);
}

/* A command has ended, and its group with it. */
static void advance(struct execution *x)
{
    uv_timer_stop(&x->settle);
    x->group = 0;
    if (x->over)
        close_handles(x);
    else
        uv_close((uv_handle_t *)&x->process, on_closed_between);
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

/* The shell has ended. What is left of its group is killed, at once or, if it was asked to end, when the grace is over. */
static void on_exit_command(uv_process_t *process, int64_t status, int signal)
{
    struct execution *x = process->data;
    if (x->stopping)
        end_with(x, x->why, 0);
    else if (signal != 0)
        end_with(x, EXECUTION_SIGNALED, signal);
    else if (status != 0 || x->result.command + 1 == x->options.command_count)
        end_with(x, EXECUTION_EXITED, (int)status);
    x->killed = x->killed || !x->stopping;
    if (signal_group(x, x->killed ? SIGKILL : 0))
        uv_timer_start(&x->settle, on_settle, 1, SETTLE_MS);
    else
        advance(x);
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

static int spawn(struct execution *x)
{
    const struct execution_options *o = &x->options;
    struct buf command = {0};
    buf_str(&command, o->commands[x->result.command]);
    buf_char(&command, '\0');
    char *args[] = {(char *)o->shell, "-c", command.ptr, NULL};
    uv_stdio_container_t stdio[4] = {{.flags = UV_IGNORE}};
    if (o->console)
        stdio[0] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO};
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        bool own = o->console || o->log_fd < 0;
        stdio[fd] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = own ? fd : o->log_fd};
    }
    stdio[3] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = o->lock_fd};
    uv_process_options_t options = {
        .exit_cb = on_exit_command,
        .file = o->shell,
        .args = args,
        .env = (char **)o->environment,
        .cwd = o->directory,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = o->lock_fd >= 0 ? 4 : 3,
        .stdio = stdio,
    };
    x->process = (uv_process_t){.data = x};
    int code = uv_spawn(x->executor->loop, &x->process, &options);
    x->has_process = true; /* to be closed even after a failure */
    x->handles++;
    buf_finish(&command);
    return code;
}

/* uv_spawn() gives one code for whatever went wrong in the child. */
static void explain(struct execution *x, int code)
{
    struct buf directory = {0};
    buf_print(&directory, "%s/.", x->options.directory ? x->options.directory : ".");
    if (access(directory.ptr, X_OK) != 0)
        buf_print(&x->message, "cannot enter the working directory %s: %s", x->options.directory, strerror(errno));
    else
        buf_print(&x->message, "cannot start the shell %s: %s", x->options.shell, uv_strerror(code));
    buf_finish(&directory);
}

static void start_command(struct execution *x)
{
    struct str command = x->options.commands[x->result.command];
    int code = 0;
    if (str_find(command, '\0') >= 0)
        buf_str(&x->message, STR("the command contains a NUL byte"));
    else if ((code = spawn(x)) != 0)
        explain(x, code);
    if (x->message.len > 0) {
        end_with(x, EXECUTION_NOT_STARTED, 0);
        close_handles(x);
        return;
    }
    x->group = x->process.pid;
    x->killed = false;
    x->checks = 0;
    if (x->started != NULL)
        x->started(x->ctx, x->process.pid, x->group);
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
    if (options->timeout_ms > 0) {
        uv_update_time(executor->loop); /* the time-out counts from now, not from the loop's last turn */
        uv_timer_start(&x->limit, on_limit, options->timeout_ms, 0);
    }
    start_command(x);
    return x;
}
