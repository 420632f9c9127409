/*
 * Processes: one shell command after another for a stage, in a process group of its own, on a libuv loop.
 *
 * The executor knows nothing of stages, keys or outs. Single-threaded: everything happens on the thread that runs the
 * loop, callbacks too.
 */
#ifndef REFIT_EXECUTE_H
#define REFIT_EXECUTE_H

#include "refit/base/error.h"
#include "refit/base/str.h"

struct uv_loop_s;
struct executor;
struct execution;

enum execution_end {
    EXECUTION_EXITED,      /* the last command's exit status is in `code`; 0 only if all commands gave 0 */
    EXECUTION_SIGNALED,    /* killed by signal `code` that was not ours */
    EXECUTION_TIMED_OUT,
    EXECUTION_INTERRUPTED, /* ended because of executor_interrupt() */
    EXECUTION_NOT_STARTED, /* the shell could not be started; `message` says why */
};

struct execution_result {
    enum execution_end end;
    int code;
    uint32_t command;     /* index of the command that ended it */
    uint64_t duration_ms; /* wall time of all commands */
    uint64_t peak_bytes;  /* largest resident set of a child that was waited for; 0 if unknown */
    const char *message;
};

struct execution_options {
    const char *name;         /* of the stage, for messages */
    const char *shell;        /* program that takes -c COMMAND */
    const char *const *shell_options; /* before -c; NULL at the end, and NULL = none */
    const struct str *commands;
    uint32_t command_count;
    const char *directory;    /* working directory */
    char *const *environment; /* NAME=value..., NULL at the end */
    int log_fd;               /* stdout and stderr go here; the caller owns it. -1: to the program's own */
    int lock_fd; /* inherited by the commands, so that the workspace stays locked while they live; -1 = none */
    uint64_t timeout_ms;      /* 0 = none; for all commands together */
    bool console;             /* stdin is the program's own */
};

typedef void (*execution_started)(void *ctx, int pid, int process_group);
typedef void (*execution_done)(void *ctx, const struct execution_result *result);

/* `grace_ms`: between a polite signal and SIGKILL. */
struct executor *executor_create(struct uv_loop_s *loop, uint64_t grace_ms);
void executor_destroy(struct executor *executor); /* nothing may be running; the loop has to close what is left */

/*
 * Start the commands. They run one by one, each in its own shell and its own new process group; when a command ends,
 * whatever is left of its group is killed. `started` is called for each command, `done` exactly once, from the loop
 * (never from within this call). What `options` points at must live until `done`.
 */
struct execution *executor_start(struct executor *executor, const struct execution_options *options,
                                 execution_started started, execution_done done, void *ctx);

/* Ask everything that runs to end: SIGINT now, SIGKILL after the grace period; at once if called a second time. */
void executor_interrupt(struct executor *executor);

uint32_t executor_running(const struct executor *executor);

/*
 * Run a helper program, found in PATH, to its end, in the caller's process group: `input` is what it reads, *output
 * what it prints, *complaint what it says on stderr; *code is its exit status, or -1 if a signal ended it. `arguments`
 * has its name first and NULL at the end. STATUS_NOT_FOUND if there is no such program; STATUS_INTERRUPTED if an
 * interrupt came meanwhile. Blocking; needs no loop.
 */
enum status helper_run(const char *const *arguments, struct str input, struct buf *output, struct buf *complaint,
                       int *code, struct error *err);

/*
 * The same for a program that may take long (a download): it has a process group of its own, which an interrupt ends,
 * and inherits `lock_fd`, so that if refit is killed the next run ends it.
 */
enum status helper_run_long(const char *const *arguments, int lock_fd, struct buf *output, struct buf *complaint,
                            int *code, struct error *err);

/*
 * Who holds an flock()ed file? Processes that have `lock_path` open, found through /proc: those of a dead run's
 * commands. Ends their process groups (SIGTERM, after grace_ms SIGKILL) except those in the caller's own group and the
 * process `except`. Returns how many processes there were, and appends to `ended` (unless it is NULL) what was asked to
 * end, "stage `train` (pid 17), pid 23": a process group each. Blocking; an interrupt ends the waiting.
 */
uint32_t executor_end_orphans(const char *lock_path, int except, uint64_t grace_ms, struct buf *ended);

#endif
