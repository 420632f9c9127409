/* `tools:` commands: what they print is part of the key, so a run asks them all before it checks anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "refit/base/interrupt.h"
#include "run/run.h"

enum { OUTPUT_BYTES_MAX = 64 << 10, TOOL_TIMEOUT_MS = 60000 };

extern char **environ;

/* A tool that is being asked. */
struct question {
    struct str command;
    int fd; /* what it prints */
    struct execution_options options;
    struct execution_result result;
    char message[256];
};

static void answered(void *ctx, const struct execution_result *result)
{
    struct question *q = ctx;
    q->result = *result;
    if (result->message != NULL)
        strncpy(q->message, result->message, sizeof q->message - 1);
}

static struct str value_name(struct arena *arena, struct str command)
{
    return str_format(arena, "tool:" STR_FMT, STR_ARG(command));
}

static enum status collect(struct project *p, struct question *q, struct error *err)
{
    char *bytes = mem_alloc(OUTPUT_BYTES_MAX);
    ssize_t len = pread(q->fd, bytes, OUTPUT_BYTES_MAX, 0);
    struct str output = str_trim((struct str){bytes, len > 0 ? (size_t)len : 0});
    enum status status = STATUS_OK;
    if (q->result.end == EXECUTION_TIMED_OUT)
        status = error_set(err, STATUS_FAILED, "the tool command `" STR_FMT "` did not end within %d s",
                           STR_ARG(q->command), TOOL_TIMEOUT_MS / 1000);
    else if (q->result.end == EXECUTION_INTERRUPTED)
        status = error_set(err, STATUS_INTERRUPTED, "interrupted");
    else if (q->result.end != EXECUTION_EXITED || q->result.code != 0)
        status = error_set(err, STATUS_FAILED,
                           "the tool command `" STR_FMT "` failed (%s %d): " STR_FMT
                           "; correct it, or take it out of `tools`",
                           STR_ARG(q->command), q->result.end == EXECUTION_EXITED ? "exit status" : "signal",
                           q->result.code, STR_ARG(output));
    if (status == STATUS_OK) {
        struct str before;
        bool found;
        fingerprint_set_tool(p->fp, q->command, output);
        struct str name = value_name(&p->arena, q->command);
        status = state_get_value(p->state, name, &p->arena, &before, &found, err);
        if (status == STATUS_OK && (!found || !str_equal(before, output)))
            state_set_value(p->state, name, output);
    }
    free(bytes);
    return status;
}

/* Calls for each distinct tool of the selected stages. */
static uint32_t distinct_tools(const struct project *p, const bool *selected, struct table *seen, struct str **out)
{
    uint32_t count = 0, cap = 0;
    *out = NULL;
    for (uint32_t i = 0; i < p->graph.stage_count; i++) {
        const struct manifest_stage *stage = p->graph.stages[i].declared;
        for (uint32_t j = 0; selected[i] && !stage->frozen && j < stage->tool_count; j++)
            if (table_add(seen, stage->tools[j], count) == count) {
                MEM_GROW(*out, count, cap);
                (*out)[count++] = stage->tools[j];
            }
    }
    return count;
}

static void on_interrupt(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    interrupt_seen();
    executor_interrupt(handle->data);
}

/* That of this process, with $REFIT. */
static char **make_environment(struct arena *arena)
{
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **items = arena_array(arena, char *, count + 2);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "REFIT=", 6) != 0)
            items[kept++] = environ[i];
    struct str own = run_own_path(arena);
    char *item = arena_alloc(arena, own.len + sizeof "REFIT=", 1);
    snprintf(item, own.len + sizeof "REFIT=", "REFIT=" STR_FMT, STR_ARG(own));
    items[kept] = item;
    return items;
}

static enum status ask(struct project *p, const struct str *tools, uint32_t count, struct error *err)
{
    struct question *questions = mem_alloc(mem_product(count, sizeof *questions));
    char **environment = make_environment(&p->arena);
    uv_loop_t loop;
    enum status status = STATUS_OK;
    if (uv_loop_init(&loop) != 0) {
        free(questions);
        return error_set(err, STATUS_IO, "no event loop can be made");
    }
    struct executor *executor = executor_create(&loop, p->config.grace_ms);
    uv_poll_t interrupts = {.data = executor};
    watch_interrupts(&loop, &interrupts, on_interrupt);
    uint32_t started = 0;
    for (; started < count && status == STATUS_OK; started++) {
        struct question *q = &questions[started];
        q->command = tools[started];
        q->fd = memfd_create("refit-tool", MFD_CLOEXEC);
        if (q->fd < 0) {
            status = error_errno(err, STATUS_IO, errno, "cannot make a memory file");
            break;
        }
        q->options = (struct execution_options){.name = "tools",
                                                .shell = "/bin/sh",
                                                .commands = &q->command,
                                                .command_count = 1,
                                                .directory = ".",
                                                .environment = environment,
                                                .log_fd = q->fd,
                                                .lock_fd = -1,
                                                .timeout_ms = TOOL_TIMEOUT_MS};
        executor_start(executor, &q->options, NULL, answered, q);
    }
    while (executor_running(executor) > 0)
        uv_run(&loop, UV_RUN_ONCE);
    for (uint32_t i = 0; i < started && status == STATUS_OK; i++)
        status = collect(p, &questions[i], err);
    for (uint32_t i = 0; i < started; i++)
        close(questions[i].fd);
    executor_destroy(executor);
    uv_close((uv_handle_t *)&interrupts, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    free(questions);
    return status;
}

enum status tools_ask(struct project *p, const bool *selected, struct error *err)
{
    struct table seen = {0};
    struct str *tools;
    uint32_t count = distinct_tools(p, selected, &seen, &tools);
    enum status status = count > 0 ? ask(p, tools, count, err) : STATUS_OK;
    free(tools);
    table_finish(&seen);
    return status;
}

enum status tools_recall(struct project *p, const bool *selected, struct error *err)
{
    struct table seen = {0};
    struct str *tools;
    uint32_t count = distinct_tools(p, selected, &seen, &tools);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct str output;
        bool found;
        status = state_get_value(p->state, value_name(&p->arena, tools[i]), &p->arena, &output, &found, err);
        if (status == STATUS_OK && found)
            fingerprint_set_tool(p->fp, tools[i], output);
    }
    free(tools);
    table_finish(&seen);
    return status;
}
