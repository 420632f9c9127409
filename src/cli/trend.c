/* How a metric went over runs. */
#include <math.h>
#include <stdlib.h>

#include "cli/past.h"

/* A build with a value, or one without, from a run on. */
struct event {
    uint64_t number;
    uint32_t stage;
    struct history_metric metric; /* value "" = it has none */
};

struct trend {
    const struct past *past;
    struct arena *arena, *scratch;
    struct str path, name; /* path "" = whichever file has it */
    struct event *events;  /* malloc'd */
    uint32_t count, cap, stages;
};

/* Both ways to read FILE:NAME count, since either may have a colon. */
static bool is_asked(struct str word, const struct history_metric *metric)
{
    if (str_equal(metric->name, word))
        return true;
    return word.len == metric->path.len + 1 + metric->name.len && word.ptr[metric->path.len] == ':' &&
           str_starts(word, metric->path) && str_ends(word, metric->name);
}

static enum status find_value(struct trend *t, const struct history_tip *tip, struct str word,
                              struct history_metric *out, struct error *err)
{
    struct arena_mark mark = arena_get_mark(t->scratch);
    struct history_metric *metrics;
    uint32_t count = 0;
    *out = (struct history_metric){0};
    if (!tip->has_metrics)
        return STATUS_OK;
    enum status status = history_get_metrics(t->past->history, tip->build, t->scratch, &metrics, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!is_asked(word, &metrics[i]))
            continue;
        if (t->name.len == 0) {
            t->path = str_dup(t->arena, metrics[i].path);
            t->name = str_dup(t->arena, metrics[i].name);
        } else if (!str_equal(t->path, metrics[i].path)) {
            status = error_set(err, STATUS_USAGE, "both " STR_FMT " and " STR_FMT " have a metric `" STR_FMT
                               "`; write `--metric " STR_FMT ":" STR_FMT "`", STR_ARG(t->path),
                               STR_ARG(metrics[i].path), STR_ARG(word), STR_ARG(t->path), STR_ARG(t->name));
        }
        *out = (struct history_metric){t->path, t->name, str_dup(t->arena, metrics[i].value)};
    }
    arena_rewind(t->scratch, mark);
    return status;
}

static int compare_events(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static enum status gather(struct trend *t, struct str word, struct error *err)
{
    struct history_tip *tips;
    uint32_t count;
    enum status status = history_get_changes(t->past->history, t->arena, &tips, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct event event = {.number = tips[i].number, .stage = t->stages};
        status = find_value(t, &tips[i], word, &event.metric, err);
        MEM_GROW(t->events, t->count, t->cap);
        t->events[t->count++] = event;
        if (i + 1 == count || !digest_equal(tips[i].stage, tips[i + 1].stage))
            t->stages++;
    }
    if (t->count > 1)
        qsort(t->events, t->count, sizeof *t->events, compare_events);
    if (status == STATUS_OK && t->name.len == 0 && t->past->count > 0)
        status = error_set(err, STATUS_USAGE, "no run here had a metric `" STR_FMT "`; `refit metrics` lists those "
                           "that there are now", STR_ARG(word));
    return status;
}

/* Another stage may have it from some run on. */
static void spread(const struct trend *t, struct history_metric *out)
{
    struct history_metric *now = arena_array(t->arena, struct history_metric, t->stages);
    uint32_t at = 0, with = UINT32_MAX;
    for (uint32_t run = 0; run < t->past->count; run++) {
        for (; at < t->count && t->events[at].number <= t->past->runs[run].number; at++) {
            const struct event *event = &t->events[at];
            now[event->stage] = event->metric;
            if (event->metric.value.len > 0)
                with = event->stage;
        }
        if (with != UINT32_MAX)
            out[run] = now[with];
    }
}

enum status past_metric(const struct past *past, struct arena *arena, struct str word, struct history_metric **out,
                        struct error *err)
{
    struct arena scratch;
    struct trend t = {.past = past, .arena = arena, .scratch = &scratch};
    arena_init(&scratch);
    *out = arena_array(arena, struct history_metric, past->count);
    enum status status = gather(&t, word, err);
    if (status == STATUS_OK)
        spread(&t, *out);
    free(t.events);
    arena_finish(&scratch);
    return status;
}

struct str past_sparkline(struct arena *arena, const double *values, uint32_t count)
{
    static const char *const bars[] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    enum { BARS = sizeof bars / sizeof *bars };
    struct buf line = {0};
    double least = INFINITY, most = -INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    for (uint32_t i = 0; i < count; i++) {
        double height = most > least ? (values[i] / 2 - least / 2) / (most / 2 - least / 2) : 0.5;
        if (isfinite(values[i]))
            buf_str(&line, str_from(bars[height >= 1 ? BARS - 1 : (int)(height * BARS)]));
        else
            buf_char(&line, ' ');
    }
    struct str text = str_dup(arena, buf_view(&line));
    buf_finish(&line);
    return text;
}
