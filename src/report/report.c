/* The front of the report: what all views need to know, and the one place that writes. */
#include "report/report.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"

#define NAME_COLUMNS_MIN 9
#define NAME_COLUMNS_MAX 32

/* Bytes that were announced and of which nothing was heard for this long were given up by whoever announced them. */
#define TRAFFIC_STALE_MS 3000

static const struct report_view *choose_view(const struct report_options *options)
{
    if (options->style == REPORT_JSON)
        return &report_json;
    return options->style == REPORT_LIVE && !options->quiet ? &report_live : &report_plain;
}

struct report *report_create(const struct report_options *options)
{
    struct report *r = mem_alloc(sizeof *r);
    r->options = *options;
    r->view = choose_view(options);
    r->clock = clock_monotonic_ms;
    r->name_columns = NAME_COLUMNS_MIN;
    arena_init(&r->scratch);
    arena_init(&r->verdict_words);
    pthread_mutex_init(&r->traffic_mutex, NULL);
    return r;
}

void report_destroy(struct report *r)
{
    if (r == NULL)
        return;
    report_end(r);
    for (size_t i = 0; i < r->running_count; i++)
        free(r->running[i].name);
    free(r->running);
    free(r->verdicts);
    arena_finish(&r->verdict_words);
    arena_finish(&r->scratch);
    buf_finish(&r->out);
    buf_finish(&r->region);
    buf_finish(&r->next);
    pthread_mutex_destroy(&r->traffic_mutex);
    free(r);
}

void report_write(struct report *r, const struct buf *bytes)
{
    for (size_t at = 0; at < bytes->len && r->broken == 0;) {
        ssize_t n = write(r->options.fd, bytes->ptr + at, bytes->len - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            poll(&(struct pollfd){.fd = r->options.fd, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR)
            r->broken = errno;
    }
}

void report_show_now(struct report *r)
{
    report_write(r, &r->out);
    buf_clear(&r->out);
}

void report_widen_names(struct report *r, struct str printable)
{
    size_t columns = text_columns(printable);
    if (columns > r->name_columns)
        r->name_columns = columns < NAME_COLUMNS_MAX ? (unsigned)columns : NAME_COLUMNS_MAX;
}

void report_run_started(struct report *r, struct str run_id, uint32_t stages, uint32_t jobs, bool dry)
{
    r->active = true;
    r->dry = dry;
    r->stages = stages;
    r->jobs = jobs;
    r->drawn_ms = r->clock(); /* a run that is over at once draws nothing */
    if (r->view->run_started != NULL)
        r->view->run_started(r, run_id, dry);
    r->view->show(r);
}

void report_restore_started(struct report *r)
{
    r->active = true;
    r->drawn_ms = r->clock();
}

static struct report_running *find_running(struct report *r, struct stage_id id)
{
    for (size_t i = 0; i < r->running_count; i++)
        if (r->running[i].stage == id.index)
            return &r->running[i];
    return NULL;
}

/* A stage that is tried again is started again. */
static void add_running(struct report *r, const struct report_start *start)
{
    struct report_running *running = find_running(r, start->id);
    if (running == NULL) {
        MEM_GROW(r->running, r->running_count, r->running_cap);
        running = &r->running[r->running_count++];
        struct str printable = str_printable(&r->scratch, start->name);
        report_widen_names(r, printable);
        running->stage = start->id.index;
        running->name = memcpy(mem_alloc(printable.len + 1), printable.ptr, printable.len);
    }
    running->began_ms = r->clock();
    running->expected_ms = start->expected_ms;
}

static void remove_running(struct report *r, struct stage_id id)
{
    struct report_running *running = find_running(r, id);
    if (running == NULL)
        return;
    free(running->name);
    struct report_running *end = r->running + r->running_count--;
    memmove(running, running + 1, (size_t)(end - (running + 1)) * sizeof *running);
}

void report_stage_started(struct report *r, struct stage_id id, struct str name, struct str command, struct str reason,
                          uint64_t expected_ms)
{
    struct report_start start = {id, name, command, reason, expected_ms};
    struct arena_mark mark = arena_get_mark(&r->scratch);
    add_running(r, &start);
    arena_rewind(&r->scratch, mark);
    r->view->stage_started(r, &start);
    r->view->show(r);
}

void report_stage_finished(struct report *r, const struct report_finish *finish)
{
    assert(stage_state_is_final(finish->state));
    remove_running(r, finish->id);
    r->finished++;
    r->failed += finish->state == STATE_FAILED;
    r->view->stage_finished(r, finish);
    r->view->show(r);
}

void report_stage_planned(struct report *r, struct str name, struct str verdict, struct str reason)
{
    r->view->stage_planned(r, name, verdict, reason);
    r->view->show(r);
}

void report_warning(struct report *r, struct str text)
{
    r->view->message(r, "warning", text);
    r->view->show(r);
}

void report_note(struct report *r, struct str text)
{
    r->view->message(r, "note", text);
    r->view->show(r);
}

void report_run_finished(struct report *r, const struct report_summary *summary)
{
    r->active = false;
    r->view->run_finished(r, summary);
    r->view->show(r);
}

uint64_t report_tick(struct report *r)
{
    if (!r->view->redraws || !r->active)
        return 0;
    r->view->show(r);
    if (r->suspended > 0)
        return REDRAW_MS;
    int64_t left_ms = r->drawn_ms + REDRAW_MS - r->clock();
    return left_ms > 0 ? (uint64_t)left_ms : 1;
}

/* ---- bytes ---- */

void report_bytes_begin(struct report *r, enum report_work work, uint64_t total)
{
    struct report_traffic *t = &r->traffic[work];
    pthread_mutex_lock(&r->traffic_mutex);
    int64_t now_ms = r->clock();
    if (t->total == 0 || now_ms - t->moved_ms > TRAFFIC_STALE_MS) {
        t->total = t->done = 0;
        t->began_ms = now_ms;
    }
    t->total += total;
    t->moved_ms = now_ms;
    pthread_mutex_unlock(&r->traffic_mutex);
}

static void settle(struct report_traffic *t)
{
    if (t->done >= t->total)
        t->total = t->done = 0;
}

void report_bytes(struct report *r, enum report_work work, uint64_t done)
{
    struct report_traffic *t = &r->traffic[work];
    pthread_mutex_lock(&r->traffic_mutex);
    t->done += done;
    t->moved_ms = r->clock();
    settle(t);
    pthread_mutex_unlock(&r->traffic_mutex);
}

void report_bytes_drop(struct report *r, enum report_work work, uint64_t bytes)
{
    struct report_traffic *t = &r->traffic[work];
    pthread_mutex_lock(&r->traffic_mutex);
    t->total -= bytes < t->total ? bytes : t->total;
    settle(t);
    pthread_mutex_unlock(&r->traffic_mutex);
}

bool report_get_traffic(struct report *r, enum report_work work, uint64_t *done, uint64_t *total, uint64_t *elapsed_ms)
{
    const struct report_traffic *t = &r->traffic[work];
    pthread_mutex_lock(&r->traffic_mutex);
    int64_t now_ms = r->clock();
    *done = t->done;
    *total = t->total;
    *elapsed_ms = (uint64_t)(now_ms - t->began_ms);
    bool moving = t->total > 0 && now_ms - t->moved_ms <= TRAFFIC_STALE_MS;
    pthread_mutex_unlock(&r->traffic_mutex);
    return moving;
}

/* ---- a command that has the terminal ---- */

void report_suspend(struct report *r)
{
    if (r->suspended++ == 0 && r->view->suspend != NULL)
        r->view->suspend(r);
}

void report_resume(struct report *r)
{
    assert(r->suspended > 0);
    if (--r->suspended == 0 && r->view->resume != NULL)
        r->view->resume(r);
}

int report_console_fd(const struct report *r)
{
    return r->view == &report_json ? STDERR_FILENO : -1;
}

bool report_wants_logs(const struct report *r)
{
    return r->view != &report_json && r->options.verbose > 0 && !r->options.quiet;
}

int report_end(struct report *r)
{
    r->active = false; /* a run that ended without report_run_finished() */
    r->view->show(r);
    return r->broken == EPIPE ? 0 : r->broken;
}
