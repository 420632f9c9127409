/* `refit history`: the runs that did something, the newest first. A reader. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/past.h"
#include "refit/vcs.h"

static const struct option_spec options[] = {
    {'n', "number", "N", "at most N runs"},
    {'s', "stage", "STAGE", "runs that did something with this stage"},
    {'m', "metric", "METRIC", "KEY or FILE:KEY: its value after each run, and how it went"},
    {OPTION_SINCE, "since", "WHEN", "begun then or later: 2026-11-05, 2026-11-05T14:30, or 2h, 3d (so long ago)"},
    {OPTION_UNTIL, "until", "WHEN", "begun then or earlier; a day counts as a whole"},
    {OPTION_REV, "rev", "REV", "at this branch, or this commit: its first digits, a tag, HEAD~2"},
    {OPTION_NAMES, "names", NULL, "ids alone, one a line"},
    {OPTION_FAILED, "failed", NULL, "that ended with another exit status than 0"},
    {0, NULL, NULL, NULL},
};

struct listing {
    struct invocation *in;
    struct past past;
    uint64_t most;
    int64_t since_ms, until_ms;
    const char *rev, *stage;
    struct history_metric *values; /* of each run, by its index; value "" = it had none; NULL = not asked for */
    uint32_t *shown; /* indexes of runs, the newest first */
    uint32_t count;
};

/* ---- which ---- */

/* Its list says what it did with the stage. */
static enum status concerns_stage(struct listing *l, const struct history_run *run, bool *out, struct error *err)
{
    struct arena_mark mark = arena_get_mark(&l->in->arena);
    struct history_stage *stages;
    uint32_t count;
    *out = false;
    enum status status = history_get_stages(l->past.history, run->number, &l->in->arena, &stages, &count, err);
    for (uint32_t i = 0; i < count && !*out; i++)
        *out = str_is(stages[i].name, l->stage);
    arena_rewind(&l->in->arena, mark);
    return status;
}

static bool is_at(const struct history_run *run, const char *rev)
{
    return str_is(run->branch, rev) || (strlen(rev) >= 4 && str_starts(run->commit, str_from(rev)));
}

/* What is neither a branch nor the beginning of a commit of any run is asked of git: a tag, HEAD~2. */
static enum status resolve_revision(struct listing *l, struct error *err)
{
    struct vcs_commit commit;
    if (l->rev[0] == '\0') /* a run without a branch is at none */
        return error_set(err, STATUS_USAGE, "--rev wants a branch or a commit, not an empty word");
    for (uint32_t i = 0; i < l->past.count; i++)
        if (is_at(&l->past.runs[i], l->rev))
            return STATUS_OK;
    enum status status = vcs_find_commit(&l->in->arena, ".", l->rev, &commit, err);
    if (status == STATUS_OK)
        l->rev = str_terminated(&l->in->arena, commit.id);
    return status;
}

static enum status select_runs(struct listing *l, struct error *err)
{
    enum status status = l->rev != NULL ? resolve_revision(l, err) : STATUS_OK;
    l->shown = arena_array(&l->in->arena, uint32_t, l->past.count);
    for (uint32_t i = l->past.count; i-- > 0 && l->count < l->most && status == STATUS_OK;) {
        const struct history_run *run = &l->past.runs[i];
        bool wanted = run->started_ms >= l->since_ms && run->started_ms <= l->until_ms &&
                      (l->rev == NULL || is_at(run, l->rev)) &&
                      (!option_given(l->in, OPTION_FAILED) || run->exit_status != 0);
        if (wanted && l->stage != NULL)
            status = concerns_stage(l, run, &wanted, err);
        if (wanted && status == STATUS_OK)
            l->shown[l->count++] = i;
    }
    return status;
}

/* ---- output ---- */

static void print_json(const struct listing *l)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "runs");
    json_open_array(&j);
    for (uint32_t i = 0; i < l->count; i++) {
        json_open_object(&j);
        past_json(&j, &l->past.runs[l->shown[i]]);
        if (l->values != NULL && l->values[l->shown[i]].value.len > 0) {
            const struct history_metric *value = &l->values[l->shown[i]];
            json_key(&j, "metric");
            json_open_object(&j);
            json_path(&j, "path", value->path);
            json_key(&j, "name");
            json_str(&j, value->name);
            json_key(&j, "value");
            past_json_value(&j, &l->in->arena, value->value);
            json_close_object(&j);
        }
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static void print_names(const struct listing *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        printf(STR_FMT "\n", STR_ARG(l->past.runs[l->shown[i]].id));
}

static void print_lines(const struct listing *l)
{
    struct arena *arena = &l->in->arena;
    struct sheet sheet = {.arena = arena};
    for (uint32_t i = 0; i < l->count; i++) {
        const struct history_run *run = &l->past.runs[l->shown[i]];
        struct str first = str_format(arena, STR_FMT "%s", STR_ARG(run->id), run->pinned ? " pinned" : "");
        struct str last = l->values == NULL ? str_trim(str_format(arena, "refit " STR_FMT, STR_ARG(run->command)))
                                            : past_value(arena, l->values[l->shown[i]].value);
        sheet_add(&sheet, run->exit_status == 0 ? PAINT_NONE : PAINT_BAD, first, past_counts(arena, run),
                  past_commit(arena, run), last);
    }
    sheet_print(&sheet, output_color(l->in));
}

/* The values that are numbers, from the oldest run on; as many of the newest as a line holds. */
static void print_trend(const struct listing *l)
{
    enum { WIDTH_MAX = 72 };
    uint32_t count = l->count < WIDTH_MAX ? l->count : WIDTH_MAX, numbers = 0;
    double values[WIDTH_MAX];
    const struct history_metric *any = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct history_metric *metric = &l->values[l->shown[count - 1 - i]];
        char *end = NULL;
        values[i] = metric->value.len > 0 ? strtod(metric->value.ptr, &end) : NAN;
        if (end == NULL || *end != '\0')
            values[i] = NAN;
        numbers += !isnan(values[i]);
        any = metric->value.len > 0 ? metric : any;
    }
    if (numbers > 0)
        printf(STR_FMT ":" STR_FMT "  " STR_FMT "\n", STR_ARG(output_text(&l->in->arena, any->path)),
               STR_ARG(output_text(&l->in->arena, any->name)),
               STR_ARG(past_sparkline(&l->in->arena, values, count)));
}

static enum status list(struct listing *l, struct error *err)
{
    const char *metric = option_text(l->in, 'm');
    enum status status = metric == NULL ? STATUS_OK
                                        : past_metric(&l->past, &l->in->arena, str_from(metric), &l->values, err);
    if (status == STATUS_OK)
        status = select_runs(l, err);
    if (status != STATUS_OK)
        return status;
    if (l->in->json)
        print_json(l);
    else if (option_given(l->in, OPTION_NAMES))
        print_names(l);
    else if (l->past.count == 0)
        puts("no run is recorded here yet; one that does something is");
    else if (l->count == 0)
        puts("no run is like that");
    else
        print_lines(l);
    if (!l->in->json && !option_given(l->in, OPTION_NAMES) && l->values != NULL)
        print_trend(l);
    return STATUS_OK;
}

static enum status read_options(struct listing *l, struct error *err)
{
    const char *number = option_text(l->in, 'n'), *since = option_text(l->in, OPTION_SINCE);
    const char *until = option_text(l->in, OPTION_UNTIL);
    char *end = NULL;
    if (number != NULL) {
        l->most = number[0] >= '0' && number[0] <= '9' ? strtoull(number, &end, 10) : 0;
        if (end == NULL || *end != '\0')
            return error_set(err, STATUS_USAGE, "-n takes a whole number, not `%s`", number);
    }
    enum status status = since != NULL ? past_when("--since", since, false, &l->since_ms, err) : STATUS_OK;
    return status == STATUS_OK && until != NULL ? past_when("--until", until, true, &l->until_ms, err) : status;
}

static enum status run_history(struct invocation *in, struct error *err)
{
    struct listing l = {.in = in,
                        .most = UINT64_MAX,
                        .since_ms = INT64_MIN,
                        .until_ms = INT64_MAX,
                        .rev = option_text(in, OPTION_REV),
                        .stage = option_text(in, 's')};
    enum status status = read_options(&l, err);
    if (status == STATUS_OK)
        status = past_open(in, false, &l.past, err);
    if (status == STATUS_OK)
        status = list(&l, err);
    past_close(&l.past);
    return status;
}

const struct command command_history = {
    .name = "history",
    .summary = "list the runs that did something",
    .arguments = "",
    .description =
        "Lists runs, restores and accepted attempts that did something here, the newest first: id, what became\n"
        "of the stages, branch and commit (with a + where tracked files differed from it), and the command. A\n"
        "run in which everything was fresh is not recorded. With --metric, the value after each run in place of\n"
        "the command, and a line of bars, oldest first. Reads only.",
    .examples = "  refit history -n 10\n"
                "  refit history --stage train --since 14d --failed\n"
                "  refit history --metric metrics.json:accuracy",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .completion = COMPLETE_NOTHING,
    .run = run_history,
};
