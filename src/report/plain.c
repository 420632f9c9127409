/* The report as lines: one for each stage that did not turn out fresh, and a last one that sums up. */
#include "report/report.h"

#include <inttypes.h>

#define STATE_COLUMNS 10
#define VERDICT_COLUMNS 15
#define DURATION_COLUMNS 6

static const char *const state_colors[STATE_COUNT] = {
    [STATE_FRESH] = COLOR_DIM, [STATE_RESTORED] = COLOR_GREEN, [STATE_RAN] = COLOR_GREEN,
    [STATE_FAILED] = COLOR_RED, [STATE_BLOCKED] = COLOR_YELLOW, [STATE_SKIPPED] = COLOR_DIM,
};

/* "WORD      NAME", filled up to the next column if something follows. */
static void append_head(struct report *r, struct str word, const char *color, size_t columns, struct str name,
                        bool more)
{
    struct arena_mark mark = arena_get_mark(&r->scratch);
    struct str printable = str_printable(&r->scratch, name);
    report_widen_names(r, printable);
    text_colored(&r->out, r->options.color, color, word);
    text_pad(&r->out, text_columns(word), columns);
    buf_str(&r->out, printable);
    if (more) {
        text_pad(&r->out, text_columns(printable), r->name_columns);
        buf_str(&r->out, STR("  "));
    }
    arena_rewind(&r->scratch, mark);
}

static void append_log(struct report *r, struct str tail, struct str path)
{
    for (struct str line; text_take_line(&tail, &line);) {
        buf_str(&r->out, STR("    | "));
        text_log_line(&r->out, &r->scratch, line);
        buf_char(&r->out, '\n');
    }
    if (path.len > 0) {
        buf_str(&r->out, STR("    log: "));
        text_sentence(&r->out, &r->scratch, path);
        buf_char(&r->out, '\n');
    }
}

void plain_stage_started(struct report *r, const struct report_start *start)
{
    if (r->options.verbose == 0 || r->options.quiet)
        return;
    append_head(r, STR("running"), COLOR_CYAN, STATE_COLUMNS, start->name, start->reason.len > 0);
    text_sentence(&r->out, &r->scratch, start->reason);
    buf_char(&r->out, '\n');
    struct str command = start->command;
    for (struct str line; text_take_line(&command, &line);) {
        buf_str(&r->out, STR("    $ "));
        text_sentence(&r->out, &r->scratch, line);
        buf_char(&r->out, '\n');
    }
}

static bool is_shown(const struct report *r, enum stage_state state)
{
    if (r->options.quiet)
        return state == STATE_FAILED || state == STATE_BLOCKED;
    return state != STATE_FRESH || r->options.verbose > 0;
}

void plain_stage_finished(struct report *r, const struct report_finish *finish)
{
    if (!is_shown(r, finish->state))
        return;
    bool timed = finish->state == STATE_RAN;
    struct str word = str_from(stage_state_name(finish->state));
    append_head(r, word, state_colors[finish->state], STATE_COLUMNS, finish->name, timed || finish->reason.len > 0);
    if (timed) {
        struct buf duration = {0};
        text_duration(&duration, finish->duration_ms);
        text_pad(&r->out, duration.len, DURATION_COLUMNS);
        buf_str(&r->out, buf_view(&duration));
        buf_finish(&duration);
        if (finish->reason.len > 0)
            buf_str(&r->out, STR("  "));
    }
    text_sentence(&r->out, &r->scratch, finish->reason);
    buf_char(&r->out, '\n');
    if (finish->state == STATE_FAILED || (r->options.verbose > 0 && finish->state == STATE_RAN))
        append_log(r, finish->log_tail, finish->log_path);
}

static uint32_t *verdict_count(struct report *r, struct str verdict)
{
    for (size_t i = 0; i < r->verdict_count; i++)
        if (str_equal(r->verdicts[i].word, verdict))
            return &r->verdicts[i].count;
    MEM_GROW(r->verdicts, r->verdict_count, r->verdict_cap);
    r->verdicts[r->verdict_count] = (struct report_verdict){str_dup(&r->verdict_words, verdict), 0};
    return &r->verdicts[r->verdict_count++].count;
}

static const char *verdict_color(struct str verdict)
{
    if (str_is(verdict, "fresh"))
        return COLOR_DIM;
    if (str_is(verdict, "would restore"))
        return COLOR_GREEN;
    return str_is(verdict, "would fail") || str_is(verdict, "blocked") ? COLOR_RED : COLOR_YELLOW;
}

void plain_stage_planned(struct report *r, struct str name, struct str verdict, struct str reason)
{
    ++*verdict_count(r, verdict);
    if (str_is(verdict, "fresh") && (r->options.verbose == 0 || r->options.quiet))
        return;
    append_head(r, verdict, verdict_color(verdict), VERDICT_COLUMNS, name, reason.len > 0);
    text_sentence(&r->out, &r->scratch, reason);
    buf_char(&r->out, '\n');
}

void plain_message(struct report *r, const char *kind, struct str text)
{
    if (r->options.quiet)
        return;
    bool warning = str_is(str_from(kind), "warning");
    text_colored(&r->out, r->options.color, warning ? COLOR_YELLOW : NULL, str_from(kind));
    buf_str(&r->out, STR(": "));
    text_sentence(&r->out, &r->scratch, text);
    buf_char(&r->out, '\n');
}

static void append_count(struct report *r, uint32_t count, struct str word, bool *first)
{
    if (count == 0)
        return;
    buf_print(&r->out, "%s%" PRIu32 " " STR_FMT, *first ? "" : ", ", count, STR_ARG(word));
    *first = false;
}

/* The first word of the last line: how it went. */
static void append_outcome(struct report *r, const struct report_summary *summary, bool has_counts)
{
    struct str word = STR("done");
    const char *color = COLOR_GREEN;
    if (summary->exit_status == status_exit(STATUS_INTERRUPTED)) {
        word = STR("interrupted");
        color = COLOR_RED;
    } else if (summary->counts[STATE_FAILED] > 0) {
        word = STR("failed");
        color = COLOR_RED;
    } else if (summary->counts[STATE_BLOCKED] > 0) {
        word = STR("blocked");
        color = COLOR_YELLOW;
    } else if (summary->exit_status == 3) { /* of a gate that holds nothing back */
        word = STR("needs approval");
        color = COLOR_YELLOW;
    } else if (summary->exit_status != 0) {
        word = summary->exit_status == 4 ? STR("check failed") : STR("failed");
        color = COLOR_RED;
    }
    text_colored(&r->out, r->options.color, color, word);
    buf_str(&r->out, has_counts ? STR(": ") : STR(""));
}

static void sum_up_run(struct report *r, const struct report_summary *summary)
{
    static const enum stage_state order[] = {STATE_FAILED, STATE_BLOCKED, STATE_SKIPPED,
                                             STATE_RAN,    STATE_RESTORED, STATE_FRESH};
    uint32_t total = 0, fresh = summary->counts[STATE_FRESH];
    for (enum stage_state state = STATE_FRESH; state < STATE_COUNT; state++)
        total += summary->counts[state];
    if (total == fresh && summary->exit_status == 0) {
        buf_str(&r->out, STR("nothing to do"));
        if (fresh > 0)
            buf_print(&r->out, ": %" PRIu32 " fresh", fresh);
        buf_char(&r->out, '\n');
        return;
    }
    append_outcome(r, summary, total > 0);
    bool first = true;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        append_count(r, summary->counts[order[i]], str_from(stage_state_name(order[i])), &first);
    buf_str(&r->out, STR(" in "));
    text_duration(&r->out, summary->duration_ms);
    buf_char(&r->out, '\n');
}

/* In the order in which the verdicts were first given, the fresh ones last. */
static void sum_up_plan(struct report *r)
{
    uint32_t fresh = *verdict_count(r, STR("fresh"));
    bool all_fresh = r->verdict_count == 1;
    buf_str(&r->out, all_fresh ? STR("nothing to do") : STR("dry run"));
    buf_str(&r->out, all_fresh && fresh == 0 ? STR("") : STR(": "));
    bool first = true;
    for (size_t i = 0; i < r->verdict_count; i++)
        if (!str_is(r->verdicts[i].word, "fresh"))
            append_count(r, r->verdicts[i].count, r->verdicts[i].word, &first);
    append_count(r, fresh, STR("fresh"), &first);
    buf_char(&r->out, '\n');
}

void plain_run_finished(struct report *r, const struct report_summary *summary)
{
    if (r->dry && summary->error.len == 0)
        sum_up_plan(r);
    else
        sum_up_run(r, summary);
}

const struct report_view report_plain = {
    .stage_started = plain_stage_started,
    .stage_finished = plain_stage_finished,
    .stage_planned = plain_stage_planned,
    .message = plain_message,
    .run_finished = plain_run_finished,
    .show = report_show_now,
};
