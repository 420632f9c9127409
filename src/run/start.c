/* Starting a stage's command: its log, its environment, what it may have forgotten to declare. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "run/run.h"

extern char **environ;

enum { TAIL_BYTES = 8192, TAIL_LINES = 30 };

struct str run_file_name(struct arena *arena, struct str stage)
{
    enum { NAME_BYTES_MAX = 200, START_BYTES = 160 };
    struct buf name = {0};
    char hex[DIGEST_HEX + 1];
    for (size_t i = 0; i < stage.len; i++) {
        if (stage.ptr[i] == '/' || stage.ptr[i] == '%')
            buf_print(&name, "%%%02X", (unsigned char)stage.ptr[i]);
        else
            buf_char(&name, stage.ptr[i]);
    }
    struct str result = str_dup(arena, buf_view(&name));
    if (name.len > NAME_BYTES_MAX)
        result = str_format(arena, STR_FMT "%%%s", STR_ARG(str_slice(result, 0, START_BYTES)),
                            digest_hex(digest_of(stage.ptr, stage.len), hex));
    buf_finish(&name);
    return result;
}

struct str run_log_path(struct arena *arena, struct str stage)
{
    return str_format(arena, ".refit/logs/" STR_FMT ".log", STR_ARG(run_file_name(arena, stage)));
}

/* ---- environment ---- */

struct environment {
    char **items;
    size_t count, cap;
};

static void set_variable(struct environment *e, struct str name, struct str value)
{
    struct buf text = {0};
    buf_str(&text, name);
    buf_char(&text, '=');
    buf_str(&text, value);
    for (size_t i = 0; i < e->count; i++)
        if (strncmp(e->items[i], text.ptr, name.len + 1) == 0) {
            free(e->items[i]);
            e->items[i] = text.ptr;
            return;
        }
    MEM_GROW(e->items, e->count, e->cap);
    e->items[e->count++] = text.ptr;
}

static void set_devices(const struct stage_run *s, struct environment *e)
{
    uint32_t devices[RESOURCE_GPUS_MAX];
    uint32_t count = schedule_devices(s->run->schedule, s->id, devices, RESOURCE_GPUS_MAX);
    const struct manifest_stage *stage = stage_declared(s);
    bool asked = false;
    for (uint32_t i = 0; i < stage->resource_count; i++)
        asked |= str_is(stage->resources[i].name, "gpus");
    if (!asked)
        return;
    struct buf list = {0};
    for (uint32_t i = 0; i < count; i++)
        buf_print(&list, "%s%u", i ? "," : "", devices[i]);
    set_variable(e, STR("CUDA_VISIBLE_DEVICES"), buf_view(&list));
    buf_finish(&list);
}

struct str run_own_path(struct arena *arena)
{
    struct str path;
    struct error ignored; /* without /proc it is what PATH has */
    return fs_read_link(arena, "/proc/self/exe", &path, &ignored) == STATUS_OK ? path : STR("refit");
}

static void set_own_path(struct environment *e)
{
    struct arena scratch;
    arena_init(&scratch);
    set_variable(e, STR("REFIT"), run_own_path(&scratch));
    arena_finish(&scratch);
}

static void set_models(const struct stage_run *s, struct environment *e)
{
    struct arena scratch;
    arena_init(&scratch);
    set_variable(e, STR("REFIT_MODELS"), private_models_folder(&scratch, s));
    set_variable(e, STR("REFIT_MODEL_PATHS"), private_models_names(&scratch, s));
    arena_finish(&scratch);
}

static char **make_environment(const struct stage_run *s)
{
    struct environment e = {0};
    for (char **item = environ; *item != NULL; item++) {
        MEM_GROW(e.items, e.count, e.cap);
        size_t size = strlen(*item) + 1;
        e.items[e.count++] = memcpy(mem_alloc(size), *item, size);
    }
    const struct manifest_stage *stage = stage_declared(s);
    struct str root = s->run->project->root;
    set_own_path(&e);
    set_variable(&e, STR("REFIT_ROOT"), root);
    set_variable(&e, STR("REFIT_STAGE"), stage->name);
    if (stage->kind == STAGE_DEPLOY)
        set_models(s, &e);
    if (str_is(stage->shell, SHELL_OF_DVC)) {
        if (getenv("DVC_ROOT") == NULL)
            set_variable(&e, STR("DVC_ROOT"), root);
        set_variable(&e, STR("DVC_STAGE"), stage->name);
    }
    for (uint32_t i = 0; i < stage->env_count; i++)
        if (stage->env[i].has_value)
            set_variable(&e, stage->env[i].name, stage->env[i].value);
    set_devices(s, &e);
    MEM_GROW(e.items, e.count, e.cap);
    e.items[e.count] = NULL;
    return e.items;
}

/* ---- the shell ---- */

/* As DVC does it: the user's own, kept from reading files that could change what a command does. */
static void set_shell(const struct manifest_stage *stage, struct execution_options *execution)
{
    static const struct {
        const char *name, *options[3];
    } shells[] = {{"bash", {"--noprofile", "--norc"}}, {"zsh", {"--no-rcs"}}, {"fish", {"--no-config"}}};
    execution->shell = stage->shell.ptr;
    if (!str_is(stage->shell, SHELL_OF_DVC))
        return;
    const char *users = getenv("SHELL");
    execution->shell = users != NULL && users[0] != '\0' ? users : "/bin/sh";
    struct str name = path_name(str_from(execution->shell));
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (str_is(name, shells[i].name))
            execution->shell_options = shells[i].options;
}

/* ---- what a command names and does not declare ---- */

static bool is_known(const struct manifest_stage *stage, struct str path)
{
    for (uint32_t i = 0; i < stage->dep_count; i++)
        if (str_equal(path, stage->deps[i].path) || path_is_below(path, stage->deps[i].path))
            return true;
    for (uint32_t i = 0; i < stage->out_count; i++)
        if (str_equal(path, stage->outs[i].path) || path_is_below(path, stage->outs[i].path))
            return true;
    for (uint32_t i = 0; i < stage->params_count; i++)
        if (str_equal(path, stage->params[i].path))
            return true;
    return str_equal(path, stage->depfile);
}

static void warn_word(const struct stage_run *s, struct arena *scratch, struct str word)
{
    const struct project *p = s->run->project;
    const struct manifest_stage *stage = stage_declared(s);
    struct str path;
    struct error ignored;
    struct stat st;
    if (word.len == 0 || word.ptr[0] == '-' ||
        path_make(scratch, p->root, stage->wdir, word, &path, &ignored) != STATUS_OK || !path_is_inside(path) ||
        str_starts(path, STR(".refit/")) || is_known(stage, path) || lstat(path.ptr, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    report_warning(s->run->report,
                   str_format(scratch,
                              STR_FMT ":%u:%u: the command of `" STR_FMT "` names " STR_FMT
                              ", which is not among its deps: a change of it will not be seen",
                              STR_ARG(stage->file), stage->cmd_at.line, stage->cmd_at.column, STR_ARG(stage->name),
                              STR_ARG(str_printable(scratch, path))));
}

static void warn_undeclared(const struct stage_run *s)
{
    struct arena scratch;
    arena_init(&scratch);
    const struct manifest_stage *stage = stage_declared(s);
    for (uint32_t i = 0; i < stage->command_count; i++) {
        struct str rest = stage->commands[i];
        size_t from = 0;
        for (size_t at = 0; at <= rest.len; at++)
            if (at == rest.len || strchr(" \t\n;|&<>()'\"`=$", rest.ptr[at]) != NULL) {
                warn_word(s, &scratch, str_slice(rest, from, at));
                from = at + 1;
            }
    }
    arena_finish(&scratch);
}

/* ---- starting ---- */

/* When the command begins, by the clock that stamps files. That one advances in steps of some milliseconds: one that
 * nothing has yet is waited for, so that what changes from now on is told from what changed before. */
static int64_t stamp_now_ns(void)
{
    int64_t before_ns = fs_clock_ns("."), now_ns = before_ns;
    while (now_ns == before_ns) {
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        now_ns = fs_clock_ns(".");
    }
    return now_ns;
}

static enum status open_log(struct stage_run *s, struct error *err)
{
    if (stage_declared(s)->console)
        return STATUS_OK;
    struct arena scratch;
    arena_init(&scratch);
    struct str path = run_log_path(&scratch, stage_declared(s)->name);
    /* A retry goes on in the same log. */
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | (s->attempts > 0 ? 0 : O_TRUNC);
    struct stat st;
    s->log_fd = open(path.ptr, flags, 0666);
    enum status status = STATUS_OK;
    if (s->log_fd < 0 && errno == ENOENT) {
        status = fs_make_parents(path.ptr, err);
        if (status == STATUS_OK)
            s->log_fd = open(path.ptr, flags, 0666);
    }
    if (status == STATUS_OK && s->log_fd < 0)
        status = error_errno(err, STATUS_IO, errno, "cannot open the log %s", path.ptr);
    else if (status == STATUS_OK && (fstat(s->log_fd, &st) != 0 || !S_ISREG(st.st_mode))) /* a FIFO, which may block */
        status = error_set(err, STATUS_IO, "the log %s is not a regular file; remove it", path.ptr);
    if (status == STATUS_OK) {
        fcntl(s->log_fd, F_SETFL, O_APPEND); /* commands inherit it */
    } else if (s->log_fd >= 0) {
        close(s->log_fd);
        s->log_fd = -1;
    }
    arena_finish(&scratch);
    return status;
}

static enum status make_out_folders(const struct stage_run *s, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(s);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        status = fs_make_parents(stage->outs[i].path.ptr, err);
    if (status == STATUS_OK && stage->depfile.len > 0)
        status = fs_make_parents(stage->depfile.ptr, err);
    return status;
}

/* A depfile of an earlier execution says nothing about this one. It is moved, not removed: the declaration may be
 * wrong. */
static enum status put_depfile_aside(const struct stage_run *s, struct error *err)
{
    const struct manifest_stage *stage = stage_declared(s);
    struct stat st;
    bool found = false;
    enum status status = stage->depfile.len > 0 ? fs_lstat(stage->depfile.ptr, &st, &found, err) : STATUS_OK;
    if (status != STATUS_OK || !found)
        return status;
    struct arena scratch;
    arena_init(&scratch);
    struct str aside = str_format(&scratch, ".refit/depfiles/" STR_FMT ".d",
                                  STR_ARG(run_file_name(&scratch, stage->name)));
    status = fs_move(stage->depfile.ptr, aside.ptr, err);
    arena_finish(&scratch);
    return status;
}

static void report_start(const struct stage_run *s)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    struct buf commands = {0};
    for (uint32_t i = 0; i < stage->command_count; i++) {
        buf_str(&commands, i > 0 ? STR("\n") : STR(""));
        buf_str(&commands, stage->commands[i]);
    }
    report_stage_started(run->report, s->id, stage->name, buf_view(&commands), s->check.reason,
                         durations_get(&run->durations, stage->name));
    buf_finish(&commands);
}

bool start_command(struct stage_run *s, execution_done done)
{
    struct run *run = s->run;
    const struct manifest_stage *stage = stage_declared(s);
    struct error err;
    enum status status = make_out_folders(s, &err);
    if (status == STATUS_OK)
        status = put_depfile_aside(s, &err);
    if (status == STATUS_OK)
        status = open_log(s, &err);
    if (status == STATUS_OK)
        status = workspace_note(run->project->workspace, '+', stage->name, &err);
    if (status != STATUS_OK) {
        char text[3072];
        run_failed(s, status_exit(status) == 5 && status != STATUS_IO ? 5 : 1,
                   str_dup(&run->project->arena, str_from(error_text(&err, text, sizeof text))));
        return false;
    }
    if (s->attempts == 0)
        warn_undeclared(s);
    s->environment = make_environment(s);
    s->started_ns = stage->depfile.len > 0 ? stamp_now_ns() : clock_wall_ms() * 1000000;
    s->execution = (struct execution_options){
        .name = stage->name.ptr,
        .commands = stage->commands,
        .command_count = stage->command_count,
        .directory = stage->wdir.ptr,
        .environment = s->environment,
        .log_fd = stage->console ? report_console_fd(run->report) : s->log_fd,
        .lock_fd = run->project->workspace->fd,
        .timeout_ms = stage->timeout_ms,
        .console = stage->console,
    };
    set_shell(stage, &s->execution);
    report_start(s);
    if (stage->console)
        report_suspend(run->report);
    executor_start(run->executor, &s->execution, NULL, done, s);
    return true;
}

void start_finish(struct stage_run *s)
{
    if (stage_declared(s)->console)
        report_resume(s->run->report);
    if (s->log_fd >= 0)
        close(s->log_fd);
    s->log_fd = -1;
    for (char **item = s->environment; item != NULL && *item != NULL; item++)
        free(*item);
    free(s->environment);
    s->environment = NULL;
}

struct str log_tail(struct arena *arena, struct str path)
{
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return STR("");
    }
    char *bytes = arena_alloc(arena, TAIL_BYTES, 1);
    off_t from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
    ssize_t len = pread(fd, bytes, TAIL_BYTES, from);
    close(fd);
    struct str tail = {bytes, len > 0 ? (size_t)len : 0};
    size_t at = tail.len, lines = 0;
    if (at > 0 && tail.ptr[at - 1] == '\n')
        at--;
    while (at > 0 && lines < TAIL_LINES)
        lines += tail.ptr[--at] == '\n';
    return at == 0 ? tail : str_slice(tail, at + 1, tail.len);
}
