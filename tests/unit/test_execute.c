/* The executor, with real shells. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "refit/base/fs.h"
#include "execute/execute.h"
#include "scratch.h"

#define GRACE_MS 300

struct outcome {
    unsigned started, done;
    bool within_start; /* done was called from within executor_start() */
    int pid, group;
    struct execution_result result;
    char message[512];
};

struct fixture {
    uv_loop_t loop;
    struct executor *executor;
    char directory[SCRATCH_SIZE];
    int log_fd;
};

static bool starting;

static void on_started(void *ctx, int pid, int group)
{
    struct outcome *outcome = ctx;
    outcome->started++;
    outcome->pid = pid;
    outcome->group = group;
}

static void on_done(void *ctx, const struct execution_result *result)
{
    struct outcome *outcome = ctx;
    outcome->done++;
    outcome->within_start = starting;
    outcome->result = *result;
    snprintf(outcome->message, sizeof outcome->message, "%s", result->message ? result->message : "");
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->executor = executor_create(&f->loop, GRACE_MS);
    assert_non_null(mkdtemp(scratch_name(f->directory, "execute")));
    char path[SCRATCH_SIZE + 64];
    snprintf(path, sizeof path, "%s/log", f->directory);
    f->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(f->log_fd >= 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error err;
    assert_int_equal(executor_running(f->executor), 0);
    executor_destroy(f->executor);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0); /* no handle was left */
    close(f->log_fd);
    assert_int_equal(fs_remove_tree(f->directory, &err), STATUS_OK);
    free(f);
    return 0;
}

static struct execution_options options_for(struct fixture *f, const struct str *commands, uint32_t count)
{
    return (struct execution_options){
        .name = "stage",
        .shell = "/bin/sh",
        .commands = commands,
        .command_count = count,
        .directory = f->directory,
        .environment = environ,
        .log_fd = f->log_fd,
        .lock_fd = -1,
    };
}

static void start(struct fixture *f, const struct execution_options *options, struct outcome *outcome)
{
    starting = true;
    executor_start(f->executor, options, on_started, on_done, outcome);
    starting = false;
}

static struct outcome run(struct fixture *f, const struct execution_options *options)
{
    struct outcome outcome = {0};
    start(f, options, &outcome);
    assert_int_equal(outcome.done, 0);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(outcome.done, 1);
    assert_false(outcome.within_start);
    return outcome;
}

static struct outcome run_command(struct fixture *f, const char *text)
{
    struct str command = str_from(text);
    struct execution_options options = options_for(f, &command, 1);
    return run(f, &options);
}

static void assert_log(struct fixture *f, const char *expected)
{
    char text[4096];
    ssize_t n = pread(f->log_fd, text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static void assert_gone(pid_t pid)
{
    /* A killed orphan is a zombie until its new parent has waited for it. */
    for (int i = 0; i < 500; i++) {
        char path[64], line[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "r");
        bool zombie = file == NULL || fgets(line, sizeof line, file) == NULL || strstr(line, ") Z ") != NULL;
        if (file != NULL)
            fclose(file);
        if (zombie)
            return;
        usleep(10000);
    }
    fail_msg("process %d is still there", (int)pid);
}

static pid_t read_pid(struct fixture *f, const char *name)
{
    char path[SCRATCH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", f->directory, name);
    struct buf text = {0};
    struct error err;
    assert_int_equal(fs_read(path, 100, &text, &err), STATUS_OK);
    pid_t pid = (pid_t)strtol(text.ptr, NULL, 10);
    buf_finish(&text);
    assert_true(pid > 1);
    return pid;
}

static void test_exit_status(void **state)
{
    static const struct {
        const char *command;
        int code;
    } cases[] = {{"true", 0}, {"exit 7", 7}, {"false", 1}, {"nonexistent-program-of-a-test 2>/dev/null", 127}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome o = run_command(*state, cases[i].command);
        assert_int_equal(o.result.end, EXECUTION_EXITED);
        assert_int_equal(o.result.code, cases[i].code);
        assert_int_equal(o.started, 1);
        assert_int_equal(o.pid, o.group);
    }
}

static void test_signal(void **state)
{
    struct outcome o = run_command(*state, "kill -SEGV $$");
    assert_int_equal(o.result.end, EXECUTION_SIGNALED);
    assert_int_equal(o.result.code, SIGSEGV);
}

static void test_output(void **state)
{
    run_command(*state, "echo out; echo err >&2; cat; echo $-x | grep -c i");
    assert_log(*state, "out\nerr\n0\n"); /* stdin is empty, the shell not interactive */
}

/* What we ignore or block is not inherited. */
static void test_signals_are_at_defaults(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    struct outcome o = run_command(*state, "kill -PIPE $$");
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(o.result.end, EXECUTION_SIGNALED);
    assert_int_equal(o.result.code, SIGPIPE);
}

static void test_peak(void **state)
{
    struct outcome o = run_command(*state, "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null");
    assert_int_equal(o.result.code, 0);
    assert_true(o.result.peak_bytes >= 200u << 20 && o.result.peak_bytes < 400u << 20);
}

static void test_list_fails_fast(void **state)
{
    struct str commands[] = {STR("echo one; cd /; export LEAK=1"), STR("pwd; echo \"<$LEAK>\""), STR("exit 3"),
                             STR("echo never")};
    struct fixture *f = *state;
    struct execution_options options = options_for(f, commands, 4);
    struct outcome o = run(f, &options);
    assert_int_equal(o.result.end, EXECUTION_EXITED);
    assert_int_equal(o.result.code, 3);
    assert_int_equal(o.result.command, 2);
    assert_int_equal(o.started, 3);
    char expected[SCRATCH_SIZE + 64];
    snprintf(expected, sizeof expected, "one\n%s\n<>\n", f->directory);
    assert_log(f, expected);
}

static void test_list_succeeds(void **state)
{
    struct str commands[] = {STR("true"), STR("true"), STR("true")};
    struct execution_options options = options_for(*state, commands, 3);
    struct outcome o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_EXITED);
    assert_int_equal(o.result.code, 0);
    assert_int_equal(o.result.command, 2);
    assert_int_equal(o.started, 3);
}

static void test_environment(void **state)
{
    char *const environment[] = {"PATH=/usr/bin:/bin", "A=b c", "EMPTY=", NULL};
    struct str command = STR("echo \"$A|${EMPTY-unset}|${HOME-unset}\"");
    struct execution_options options = options_for(*state, &command, 1);
    options.environment = environment;
    options.shell = "sh"; /* found through the given PATH */
    assert_int_equal(run(*state, &options).result.end, EXECUTION_EXITED);
    assert_log(*state, "b c||unset\n");
}

static void test_not_started(void **state)
{
    char *const environment[] = {"PATH=/nonexistent", NULL};
    struct str command = STR("true");
    struct execution_options options = options_for(*state, &command, 1);
    options.shell = "no-such-shell";
    options.environment = environment;
    struct outcome o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_NOT_STARTED);
    assert_int_equal(o.started, 0);
    assert_string_equal(o.message, "cannot start the shell no-such-shell: No such file or directory");

    options.shell = "/bin/sh";
    options.directory = "/nonexistent/folder";
    o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_NOT_STARTED);
    assert_string_equal(o.message,
                        "cannot enter the working directory /nonexistent/folder: No such file or directory");

    struct str with_nul = {"echo a\0b", 8};
    options = options_for(*state, &with_nul, 1);
    o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_NOT_STARTED);
    assert_string_equal(o.message, "the command contains a NUL byte");
}

/* The second command cannot start: its folder went with the first. */
static void test_not_started_later(void **state)
{
    struct fixture *f = *state;
    char folder[SCRATCH_SIZE + 64];
    snprintf(folder, sizeof folder, "%s/sub", f->directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    struct str commands[] = {STR("rmdir ../sub"), STR("true")};
    struct execution_options options = options_for(f, commands, 2);
    options.directory = folder;
    struct outcome o = run(f, &options);
    assert_int_equal(o.result.end, EXECUTION_NOT_STARTED);
    assert_int_equal(o.result.command, 1);
}

static void test_background_is_killed(void **state)
{
    struct outcome o = run_command(*state, "sleep 600 & echo $! > background; exit 0");
    assert_int_equal(o.result.end, EXECUTION_EXITED);
    assert_int_equal(o.result.code, 0);
    assert_gone(read_pid(*state, "background"));
}

static void test_timeout(void **state)
{
    struct str command = STR("sleep 600 & echo $! > background; wait");
    struct execution_options options = options_for(*state, &command, 1);
    options.timeout_ms = 200;
    struct outcome o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_TIMED_OUT);
    assert_gone(read_pid(*state, "background"));
}

/* The limit is for all commands together, and exit status 0 does not hide it. */
static void test_timeout_of_a_list(void **state)
{
    struct str commands[] = {STR("true"), STR("trap 'echo bye; exit 0' TERM; sleep 600 & wait"), STR("echo never")};
    struct execution_options options = options_for(*state, commands, 3);
    options.timeout_ms = 300;
    struct outcome o = run(*state, &options);
    assert_int_equal(o.result.end, EXECUTION_TIMED_OUT);
    assert_int_equal(o.result.command, 1);
    assert_log(*state, "bye\n");
}

static void test_timeout_kills_the_stubborn(void **state)
{
    struct str command = STR("trap '' TERM INT; while :; do sleep 0.05; done");
    struct execution_options options = options_for(*state, &command, 1);
    options.timeout_ms = 100;
    assert_int_equal(run(*state, &options).result.end, EXECUTION_TIMED_OUT);
}

static void on_interrupt(uv_timer_t *timer)
{
    executor_interrupt(timer->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void interrupt_after(struct fixture *f, uint64_t ms)
{
    uv_timer_t *timer = malloc(sizeof *timer);
    uv_timer_init(&f->loop, timer);
    timer->data = f->executor;
    uv_update_time(&f->loop);
    uv_timer_start(timer, on_interrupt, ms, 0);
    uv_unref((uv_handle_t *)timer);
}

static void close_timer(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (uv_handle_get_type(handle) == UV_TIMER)
        uv_close(handle, on_timer_closed);
}

static void close_timers(struct fixture *f)
{
    uv_walk(&f->loop, close_timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void test_interrupt(void **state)
{
    struct fixture *f = *state;
    struct str commands[] = {STR("sleep 600"), STR("echo never")};
    struct execution_options options = options_for(f, commands, 2);
    interrupt_after(f, 200);
    struct outcome o = run(f, &options);
    assert_int_equal(o.result.end, EXECUTION_INTERRUPTED);
    assert_int_equal(o.result.command, 0);
    assert_log(f, "");
    close_timers(f);
}

/* What the command started has the grace period too, even if the shell has ended before it. */
static void test_interrupt_gives_grace(void **state)
{
    struct fixture *f = *state;
    struct str command =
        STR("(trap 'sleep 0.1; echo saved; exit 0' INT; while :; do sleep 0.02; done) & trap 'exit 0' INT; wait");
    struct execution_options options = options_for(f, &command, 1);
    options.shell = "bash";
    executor_destroy(f->executor);
    f->executor = executor_create(&f->loop, 20000);
    interrupt_after(f, 400);
    struct outcome o = run(f, &options);
    assert_int_equal(o.result.end, EXECUTION_INTERRUPTED);
    assert_log(f, "saved\n");
    close_timers(f);
}

static void test_second_interrupt_kills(void **state)
{
    struct fixture *f = *state;
    struct str command = STR("trap '' TERM INT; while :; do sleep 0.05; done");
    struct execution_options options = options_for(f, &command, 1);
    executor_destroy(f->executor);
    f->executor = executor_create(&f->loop, 3600 * 1000); /* would hang without the second one */
    interrupt_after(f, 100);
    interrupt_after(f, 200);
    assert_int_equal(run(f, &options).result.end, EXECUTION_INTERRUPTED);
    close_timers(f);
}

static void test_interrupt_at_once(void **state)
{
    struct fixture *f = *state;
    struct str command = STR("sleep 600");
    struct execution_options options = options_for(f, &command, 1);
    struct outcome o = {0};
    start(f, &options, &o);
    executor_interrupt(f->executor);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(o.result.end, EXECUTION_INTERRUPTED);
}

static void test_many(void **state)
{
    enum { COUNT = 50 };
    struct fixture *f = *state;
    struct outcome outcomes[COUNT] = {0};
    struct execution_options options[COUNT];
    struct str commands[COUNT][2];
    char text[COUNT][32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text[i], sizeof text[i], "exit %d", i);
        commands[i][0] = STR("true");
        commands[i][1] = str_from(text[i]);
        options[i] = options_for(f, commands[i], 2);
        start(f, &options[i], &outcomes[i]);
    }
    assert_int_equal(executor_running(f->executor), COUNT);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(outcomes[i].done, 1);
        assert_int_equal(outcomes[i].result.end, EXECUTION_EXITED);
        assert_int_equal(outcomes[i].result.code, i);
    }
}

struct chain {
    struct fixture *f;
    struct execution_options options;
    unsigned left;
};

static void on_chain(void *ctx, const struct execution_result *result)
{
    struct chain *chain = ctx;
    assert_int_equal(result->end, EXECUTION_EXITED);
    if (--chain->left > 0)
        executor_start(chain->f->executor, &chain->options, NULL, on_chain, chain);
}

static void test_start_from_done(void **state)
{
    struct str command = STR(":");
    struct chain chain = {.f = *state, .options = options_for(*state, &command, 1), .left = 20};
    executor_start(chain.f->executor, &chain.options, NULL, on_chain, &chain);
    uv_run(&chain.f->loop, UV_RUN_DEFAULT);
    assert_int_equal(chain.left, 0);
}

static int open_lock(struct fixture *f, char path[SCRATCH_SIZE + 64])
{
    snprintf(path, SCRATCH_SIZE + 64, "%s/lock", f->directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void test_lock_is_inherited(void **state)
{
    struct fixture *f = *state;
    char path[SCRATCH_SIZE + 64];
    int lock_fd = open_lock(f, path);
    assert_int_equal(flock(lock_fd, LOCK_EX), 0);
    struct str command = STR("test \"$(readlink -f /proc/$$/fd/3)\" = \"$PWD/lock\" && ! test -e /proc/$$/fd/4");
    struct execution_options options = options_for(f, &command, 1);
    options.lock_fd = lock_fd;
    struct outcome o = run(f, &options);
    assert_int_equal(o.result.code, 0);
    close(lock_fd);
}

/* A program that takes the lock, starts a command that inherits it, and dies without a word. */
static pid_t leave_orphan(struct fixture *f, const char *shell_command, const char *pid_file)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setpgid(0, 0);
        char path[SCRATCH_SIZE + 64];
        int lock_fd = open_lock(f, path);
        if (flock(lock_fd, LOCK_EX) != 0)
            _exit(1);
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct str command = str_from(shell_command);
        struct execution_options options = options_for(f, &command, 1);
        options.lock_fd = lock_fd;
        executor_start(executor_create(&loop, GRACE_MS), &options, NULL, on_done, &(struct outcome){0});
        char full[SCRATCH_SIZE + 64];
        snprintf(full, sizeof full, "%s/%s", f->directory, pid_file);
        struct stat st;
        while (stat(full, &st) != 0 || st.st_size == 0)
            usleep(1000);
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return read_pid(f, pid_file);
}

static void test_orphans_are_ended(void **state)
{
    struct fixture *f = *state;
    pid_t orphan = leave_orphan(f, "sleep 600 & echo $! > pid; wait", "pid");
    char path[SCRATCH_SIZE + 64];
    int fd = open_lock(f, path);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);

    /* A bystander in a group of its own who only reads the file. */
    pid_t reader = fork();
    if (reader == 0) {
        setpgid(0, 0);
        close(fd);
        int own = open(path, O_RDONLY);
        pause();
        _exit(own < 0);
    }
    setpgid(reader, reader);
    assert_int_equal(executor_end_orphans(path, getpid(), 2000, NULL), 2); /* the shell and what it started */
    assert_gone(orphan);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(kill(reader, 0), 0);
    assert_int_equal(waitpid(reader, NULL, WNOHANG), 0);
    assert_int_equal(executor_end_orphans(path, getpid(), 2000, NULL), 0);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    close(fd);
}

static void test_stubborn_orphans_are_killed(void **state)
{
    struct fixture *f = *state;
    pid_t orphan = leave_orphan(f, "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done", "pid");
    char path[SCRATCH_SIZE + 64];
    int fd = open_lock(f, path);
    assert_true(executor_end_orphans(path, getpid(), 100, NULL) >= 1);
    assert_gone(orphan);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

/* Those of the caller's own group and the exception stay. */
static void test_orphans_exceptions(void **state)
{
    struct fixture *f = *state;
    char path[SCRATCH_SIZE + 64];
    int fd = open_lock(f, path);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pid_t same_group = fork();
    if (same_group == 0) {
        pause();
        _exit(0);
    }
    pid_t excepted = fork();
    if (excepted == 0) {
        setpgid(0, 0);
        pause();
        _exit(0);
    }
    setpgid(excepted, excepted);
    assert_int_equal(executor_end_orphans(path, excepted, 100, NULL), 0);
    assert_int_equal(waitpid(same_group, NULL, WNOHANG), 0);
    assert_int_equal(waitpid(excepted, NULL, WNOHANG), 0);
    kill(same_group, SIGKILL);
    kill(excepted, SIGKILL);
    waitpid(same_group, NULL, 0);
    waitpid(excepted, NULL, 0);
    close(fd);
    assert_int_equal(executor_end_orphans("/nonexistent/lock", getpid(), 100, NULL), 0);
}

/* Words are split as a shell does; whatever a shell would do more with is left to it. */
static void test_words(void **state)
{
    static const char *const own[] = {
        "",           "  ",       "cd x",      "echo a",          "X=1 cp a b", "cp a* b", "cp $a b",     "cp a b;",
        "cp a b &",   "cp 'a' b", "cp a \\ b", "cp ~/a b",        "cp a b > c", "a | b",   "cp a\nb",     "test -e a",
        "cp \xc3\xa9", ". a",      ": a",       "# a",             "! a",        "cp a? b", "cp {a,b} c",  "(a)",
        "a `b`"};
    struct words words;
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_false(words_split(str_from(own[i]), &words));
    assert_true(words_split(STR(" python3  train.py --lr=0.1\t-o out/a_b.bin 50% x,y a:b c@d +e "), &words));
    static const char *const wanted[] = {"python3", "train.py", "--lr=0.1", "-o",  "out/a_b.bin",
                                         "50%",     "x,y",      "a:b",      "c@d", "+e"};
    assert_int_equal(words.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(words.items[i], wanted[i]);
    assert_null(words.items[words.count]);
    words_finish(&words);
    assert_false(words_split((struct str){"cp a\0b", 6}, &words));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        TEST(test_exit_status),
        TEST(test_signal),
        TEST(test_output),
        TEST(test_signals_are_at_defaults),
        TEST(test_peak),
        TEST(test_list_fails_fast),
        TEST(test_list_succeeds),
        TEST(test_environment),
        TEST(test_not_started),
        TEST(test_not_started_later),
        TEST(test_background_is_killed),
        TEST(test_timeout),
        TEST(test_timeout_of_a_list),
        TEST(test_timeout_kills_the_stubborn),
        TEST(test_interrupt),
        TEST(test_interrupt_gives_grace),
        TEST(test_second_interrupt_kills),
        TEST(test_interrupt_at_once),
        TEST(test_many),
        TEST(test_start_from_done),
        TEST(test_lock_is_inherited),
        TEST(test_orphans_are_ended),
        TEST(test_stubborn_orphans_are_killed),
        TEST(test_orphans_exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
