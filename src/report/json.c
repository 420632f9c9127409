/* The report as JSON lines: one event a line, written as soon as it happens. */
#include "report/report.h"

#include "refit/base/json.h"

static void open_event(struct json *j, struct report *r, const char *event)
{
    json_init(j, &r->out);
    json_open_object(j);
    json_key(j, "event");
    json_str(j, str_from(event));
}

static void close_event(struct json *j, struct report *r)
{
    json_close_object(j);
    buf_char(&r->out, '\n');
}

static void add_str(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    json_str(j, s);
}

static void add_str_or_null(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    if (s.len > 0)
        json_str(j, s);
    else
        json_null(j);
}

static void add_number(struct json *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_int(j, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static void run_started(struct report *r, struct str run_id, bool dry)
{
    struct json j;
    open_event(&j, r, "run_started");
    add_str_or_null(&j, "run", run_id);
    add_number(&j, "stages", r->stages);
    add_number(&j, "jobs", r->jobs);
    json_key(&j, "dry");
    json_bool(&j, dry);
    close_event(&j, r);
}

static void stage_started(struct report *r, const struct report_start *start)
{
    struct json j;
    open_event(&j, r, "stage_started");
    add_str(&j, "stage", start->name);
    add_str(&j, "command", start->command);
    add_str(&j, "reason", start->reason);
    json_key(&j, "expected_ms");
    if (start->expected_ms > 0)
        json_int(&j, (int64_t)start->expected_ms);
    else
        json_null(&j);
    close_event(&j, r);
}

static void stage_finished(struct report *r, const struct report_finish *finish)
{
    struct json j;
    open_event(&j, r, "stage_finished");
    add_str(&j, "stage", finish->name);
    add_str(&j, "state", str_from(stage_state_name(finish->state)));
    add_number(&j, "duration_ms", finish->duration_ms);
    add_str_or_null(&j, "key", finish->key_hex);
    add_str_or_null(&j, "reason", finish->reason);
    if (finish->log_path.len > 0)
        json_path(&j, "log", finish->log_path);
    else
        add_str_or_null(&j, "log", finish->log_path);
    json_key(&j, "exit_code");
    if (finish->state == STATE_FAILED && finish->exit_code != 0) /* 0: it failed in another way */
        json_int(&j, finish->exit_code);
    else
        json_null(&j);
    close_event(&j, r);
}

static void stage_planned(struct report *r, struct str name, struct str verdict, struct str reason)
{
    struct json j;
    open_event(&j, r, "stage_planned");
    add_str(&j, "stage", name);
    add_str(&j, "verdict", verdict);
    add_str_or_null(&j, "reason", reason);
    close_event(&j, r);
}

static void message(struct report *r, const char *kind, struct str text)
{
    struct json j;
    open_event(&j, r, kind);
    add_str(&j, "text", text);
    close_event(&j, r);
}

static void run_finished(struct report *r, const struct report_summary *summary)
{
    struct json j;
    open_event(&j, r, "run_finished");
    add_str_or_null(&j, "run", summary->run_id);
    for (enum stage_state state = STATE_FRESH; state < STATE_COUNT; state++)
        add_number(&j, stage_state_name(state), summary->counts[state]);
    add_number(&j, "duration_ms", summary->duration_ms);
    json_key(&j, "exit");
    json_int(&j, summary->exit_status);
    add_str_or_null(&j, "error", summary->error);
    close_event(&j, r);
}

const struct report_view report_json = {
    .run_started = run_started,
    .stage_started = stage_started,
    .stage_finished = stage_finished,
    .stage_planned = stage_planned,
    .message = message,
    .run_finished = run_finished,
    .show = report_show_now,
};
