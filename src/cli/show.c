/* `refit show`: everything that is recorded of a run. A reader. */
#include <inttypes.h>

#include "cli/past.h"

struct showing {
    struct invocation *in;
    struct past past;
    const struct history_run *run;
    struct history_stage *stages; /* what it did */
    uint32_t stage_count;
    struct lock before, after; /* refit.lock, of the run before and of this one */
    struct history_metric *metrics; /* after it */
    uint32_t metric_count;
    struct json *json; /* NULL = lines */
    struct sheet *sheet;
    struct str stage; /* the one whose changes are told */
};

/* ---- reading ---- */

/* The run before is the one that the history has now: others may have been forgotten. */
static enum status read_all(struct showing *s, struct error *err)
{
    struct arena *arena = &s->in->arena;
    struct str word = s->in->argument_count > 0 ? s->in->arguments[0] : STR("last");
    enum status status = past_find(&s->past, word, &s->run, err);
    if (status == STATUS_OK)
        status = history_get_stages(s->past.history, s->run->number, arena, &s->stages, &s->stage_count, err);
    if (status == STATUS_OK && s->run > s->past.runs)
        status = history_get_lock(s->past.history, s->run[-1].number, arena, &s->before, err);
    if (status == STATUS_OK)
        status = history_get_lock(s->past.history, s->run->number, arena, &s->after, err);
    if (status == STATUS_OK)
        status = history_get_values(s->past.history, s->run->number, arena, &s->metrics, &s->metric_count, err);
    return status;
}

/* ---- what changed ---- */

static void tell_change(void *ctx, const struct field *old, const struct field *now)
{
    struct showing *s = ctx;
    struct arena *arena = &s->in->arena;
    const struct field *field = now != NULL ? now : old;
    if (s->json == NULL) {
        sheet_add(s->sheet, PAINT_NONE, STR(""), s->stage, field_change_text(arena, old, now), STR(""));
        return;
    }
    json_open_object(s->json);
    json_key(s->json, "stage");
    json_str(s->json, s->stage);
    json_key(s->json, "kind");
    json_str(s->json, str_from(field_tag_name(field->tag)));
    json_path(s->json, "name", field->name);
    json_key(s->json, "old");
    old != NULL ? json_str(s->json, old->value) : json_null(s->json);
    json_key(s->json, "new");
    now != NULL ? json_str(s->json, now->value) : json_null(s->json);
    json_close_object(s->json);
}

static void tell_changes(struct showing *s)
{
    for (uint32_t i = 0; i < s->after.stage_count; i++) {
        const struct lock_stage *now = &s->after.stages[i], *old = lock_find(&s->before, now->name);
        s->stage = now->name;
        if (old != NULL && !digest_equal(old->key, now->key))
            fields_compare(&old->fields, &now->fields, tell_change, s);
        if (old != NULL && old->found.count > 0 && now->found.count > 0)
            fields_compare(&old->found, &now->found, tell_change, s);
    }
}

/* ---- lines ---- */

static void put_pair(struct sheet *sheet, const char *name, struct str value)
{
    if (value.len > 0)
        sheet_add(sheet, PAINT_NONE, str_from(name), value, STR(""), STR(""));
}

static struct str duration_text(struct arena *arena, uint64_t ms)
{
    if (ms < 10000)
        return str_format(arena, "%" PRIu64 " ms", ms);
    uint64_t seconds = ms / 1000;
    if (seconds < 600)
        return str_format(arena, "%" PRIu64 " s", seconds);
    return str_format(arena, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
}

static void print_head(struct showing *s)
{
    const struct history_run *run = s->run;
    struct arena *arena = &s->in->arena;
    struct sheet sheet = {.arena = arena};
    char hex[DIGEST_HEX + 1];
    put_pair(&sheet, "run", run->id);
    put_pair(&sheet, "began", output_time(arena, run->started_ms));
    put_pair(&sheet, "took", duration_text(arena, run->duration_ms));
    put_pair(&sheet, "by", str_format(arena, STR_FMT " on " STR_FMT, STR_ARG(run->user), STR_ARG(run->host)));
    put_pair(&sheet, "command", str_trim(str_format(arena, "refit " STR_FMT, STR_ARG(run->command))));
    put_pair(&sheet, "in", run->folder);
    put_pair(&sheet, "refit", run->version);
    put_pair(&sheet, "commit", run->commit);
    put_pair(&sheet, "branch", run->branch);
    if (run->dirty)
        put_pair(&sheet, "changes", str_format(arena, "tracked files differed from the commit (diff %s)",
                                               digest_hex(run->diff, hex)));
    put_pair(&sheet, "git", run->fault);
    put_pair(&sheet, "ended", str_format(arena, "%d: " STR_FMT, run->exit_status, STR_ARG(past_counts(arena, run))));
    if (run->pinned)
        put_pair(&sheet, "pinned", STR("its outs stay in the store"));
    sheet_print(&sheet, output_color(s->in));
}

static enum paint paint_of(enum stage_state state)
{
    return state == STATE_FAILED ? PAINT_BAD : state == STATE_RAN || state == STATE_RESTORED ? PAINT_GOOD : PAINT_DIM;
}

static void print_lines(struct showing *s)
{
    struct arena *arena = &s->in->arena;
    struct sheet sheet = {.arena = arena};
    bool color = output_color(s->in);
    print_head(s);
    puts("\nstages");
    for (uint32_t i = 0; i < s->stage_count; i++) {
        const struct history_stage *stage = &s->stages[i];
        sheet_add(&sheet, paint_of(stage->state), str_format(arena, "  " STR_FMT, STR_ARG(stage->name)),
                  str_from(stage_state_name(stage->state)),
                  stage->duration_ms > 0 ? duration_text(arena, stage->duration_ms) : STR(""), stage->reason);
    }
    sheet_print(&sheet, color);
    s->sheet = &sheet;
    tell_changes(s);
    if (sheet.count > 0)
        puts("\nchanged since the run before");
    sheet_print(&sheet, false);
    for (uint32_t i = 0; i < s->metric_count; i++)
        sheet_add(&sheet, PAINT_NONE, STR(""), s->metrics[i].path, s->metrics[i].name,
                  past_value(arena, s->metrics[i].value));
    if (sheet.count > 0)
        puts("\nmetrics");
    sheet_print(&sheet, false);
}

/* ---- JSON ---- */

static void put_stages(struct showing *s, struct json *j)
{
    char hex[DIGEST_HEX + 1];
    json_key(j, "stages");
    json_open_array(j);
    for (uint32_t i = 0; i < s->stage_count; i++) {
        const struct history_stage *stage = &s->stages[i];
        json_open_object(j);
        json_key(j, "stage");
        json_str(j, stage->name);
        json_key(j, "state");
        json_str(j, str_from(stage_state_name(stage->state)));
        json_key(j, "duration_ms");
        json_int(j, (int64_t)stage->duration_ms);
        json_key(j, "reason");
        json_str(j, stage->reason);
        json_key(j, "key");
        digest_is_zero(stage->key) ? json_null(j) : json_str(j, str_from(digest_hex(stage->key, hex)));
        json_close_object(j);
    }
    json_close_array(j);
}

static void put_builds(struct showing *s, struct json *j)
{
    char hex[DIGEST_HEX + 1];
    json_key(j, "builds");
    json_open_array(j);
    for (uint32_t i = 0; i < s->after.stage_count; i++) {
        const struct lock_stage *stage = &s->after.stages[i];
        json_open_object(j);
        json_key(j, "stage");
        json_str(j, stage->name);
        json_key(j, "key");
        json_str(j, str_from(digest_hex(stage->key, hex)));
        json_key(j, "outs");
        json_open_array(j);
        for (uint32_t o = 0; o < stage->out_count; o++) {
            json_open_object(j);
            json_path(j, "path", stage->outs[o].path);
            json_key(j, "digest");
            json_str(j, str_from(digest_hex(stage->outs[o].digest, hex)));
            json_key(j, "size");
            json_int(j, (int64_t)stage->outs[o].size);
            json_close_object(j);
        }
        json_close_array(j);
        json_close_object(j);
    }
    json_close_array(j);
}

static void print_json(struct showing *s)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    past_json(&j, s->run);
    put_stages(s, &j);
    json_key(&j, "changes");
    json_open_array(&j);
    s->json = &j;
    tell_changes(s);
    json_close_array(&j);
    json_key(&j, "metrics");
    json_open_array(&j);
    for (uint32_t i = 0; i < s->metric_count; i++) {
        json_open_object(&j);
        json_path(&j, "path", s->metrics[i].path);
        json_key(&j, "name");
        json_str(&j, s->metrics[i].name);
        json_key(&j, "value");
        past_json_value(&j, &s->in->arena, s->metrics[i].value);
        json_close_object(&j);
    }
    json_close_array(&j);
    put_builds(s, &j);
    json_close_object(&j);
    output_json(&document);
}

static enum status run_show(struct invocation *in, struct error *err)
{
    struct showing s = {.in = in};
    enum status status = past_open(in, false, &s.past, err);
    if (status == STATUS_OK)
        status = read_all(&s, err);
    if (status == STATUS_OK && in->json)
        print_json(&s);
    else if (status == STATUS_OK)
        print_lines(&s);
    past_close(&s.past);
    return status;
}

const struct command command_show = {
    .name = "show",
    .summary = "print what is recorded of a run",
    .arguments = "[RUN]",
    .description =
        "Prints who ran what, when and at which commit, what became of each stage that was not fresh and why,\n"
        "which parameters and dependencies differ from the run before, and the metrics. RUN is an id, so much\n"
        "of one that no other begins like it, `last` (the default), or -1, -2, ... (so many before the last).\n"
        "With --json, the outs of every stage too. Reads only.",
    .examples = "  refit show\n"
                "  refit show -2\n"
                "  refit show --json 20261105T1430",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_max = 1,
    .completion = COMPLETE_RUNS,
    .run = run_show,
};
