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

static void run_started(struct report *r, struct str run_id, bool dry)
{
    struct json j;
    open_event(&j, r, "run_started");
    json_put_str_or_null(&j, "run", run_id);
    json_put_count(&j, "stages", r->stages);
    json_put_count(&j, "jobs", r->jobs);
    json_key(&j, "dry");
    json_bool(&j, dry);
    close_event(&j, r);
}

static void stage_started(struct report *r, const struct report_start *start)
{
    struct json j;
    open_event(&j, r, "stage_started");
    json_put_str(&j, "stage", start->name);
    json_put_str(&j, "command", start->command);
    json_put_str(&j, "reason", start->reason);
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
    json_put_str(&j, "stage", finish->name);
    json_put_str(&j, "state", str_from(stage_state_name(finish->state)));
    json_put_count(&j, "duration_ms", finish->duration_ms);
    json_put_str_or_null(&j, "key", finish->key_hex);
    json_put_str_or_null(&j, "reason", finish->reason);
    if (finish->log_path.len > 0)
        json_path(&j, "log", finish->log_path);
    else
        json_put_str_or_null(&j, "log", finish->log_path);
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
    json_put_str(&j, "stage", name);
    json_put_str(&j, "verdict", verdict);
    json_put_str_or_null(&j, "reason", reason);
    close_event(&j, r);
}

static void message(struct report *r, const char *kind, struct str text)
{
    struct json j;
    open_event(&j, r, kind);
    json_put_str(&j, "text", text);
    close_event(&j, r);
}

static void run_finished(struct report *r, const struct report_summary *summary)
{
    struct json j;
    open_event(&j, r, "run_finished");
    json_put_str_or_null(&j, "run", summary->run_id);
    for (enum stage_state state = STATE_FRESH; state < STATE_COUNT; state++)
        json_put_count(&j, stage_state_name(state), summary->counts[state]);
    json_put_count(&j, "duration_ms", summary->duration_ms);
    json_key(&j, "exit");
    json_int(&j, summary->exit_status);
    json_put_str_or_null(&j, "error", summary->error);
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
