/* `refit why`: the verdict on one stage, and every difference between what it is built from now and refit.lock. */
#include <string.h>
#include <time.h>

#include "cli/cli.h"

struct change {
    const struct field *old, *now;
    struct str text;
};

struct explanation {
    struct arena *arena;
    struct str name;
    const struct stage_plan *plan;
    const struct lock_stage *locked; /* NULL = no entry */
    struct change *changes;
    uint32_t change_count;
    int64_t since_ms; /* when what is there was made; 0 = unknown */
};

static void collect(void *ctx, const struct field *old, const struct field *now)
{
    struct explanation *e = ctx;
    e->changes[e->change_count++] = (struct change){old, now, field_change_text(e->arena, old, now)};
}

/* There are no fields of now where the verdict depends on something upstream, or an input is missing. */
static void compare(struct explanation *e)
{
    const struct fields *now = &e->plan->fields;
    if (e->locked == NULL || now->count == 0)
        return;
    e->changes = arena_array(e->arena, struct change, (size_t)e->locked->fields.count + now->count);
    fields_compare(&e->locked->fields, now, collect, e);
}

/* When the outs of a fresh stage were made: the time of its record. */
static enum status find_since(struct project *project, struct explanation *e, struct error *err)
{
    const struct record *record = NULL;
    enum status status = STATUS_OK;
    if (e->plan->verdict == VERDICT_FRESH)
        status = cli_record(project, e->arena, e->name, &record, err);
    if (status == STATUS_OK && record != NULL)
        e->since_ms = record->created_ms;
    return status;
}

/* ---- words ---- */

static void print_str(struct arena *arena, const char *before, struct str text, const char *after)
{
    struct str shown = output_text(arena, text);
    printf("%s" STR_FMT "%s", before, STR_ARG(shown), after);
}

/* Does one of the changes say already what the reason says? */
static bool says_reason(const struct explanation *e)
{
    for (uint32_t i = 0; i < e->change_count; i++)
        if (memmem(e->plan->reason.ptr, e->plan->reason.len, e->changes[i].text.ptr, e->changes[i].text.len) != NULL)
            return true;
    return false;
}

static void print_fresh(const struct explanation *e)
{
    print_str(e->arena, "", e->name, " is fresh");
    char date[64];
    time_t seconds = (time_t)(e->since_ms / 1000);
    struct tm local;
    if (e->since_ms != 0 && localtime_r(&seconds, &local) != NULL &&
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local) > 0)
        printf(": nothing changed since %s\n", date);
    else
        puts(": nothing changed");
}

static void print_remarks(const struct explanation *e)
{
    if (e->plan->remark.len > 0)
        print_str(e->arena, "  ", e->plan->remark, "\n");
    if (e->plan->running)
        puts("  it is running now");
    if (e->plan->pending)
        print_str(e->arena, "  its last attempt awaits `refit accept ", e->name, "`\n");
    if (e->locked == NULL && e->plan->verdict != VERDICT_FRESH)
        puts("  no refit.lock entry: never built here");
}

static void print_text(const struct explanation *e)
{
    if (e->plan->verdict == VERDICT_FRESH && e->change_count == 0) {
        print_fresh(e);
    } else {
        bool fresh = e->plan->verdict == VERDICT_FRESH;
        print_str(e->arena, "", e->name, fresh ? " is " : " ");
        printf("%s%s\n", verdict_name(e->plan->verdict), fresh ? "; differences from refit.lock:" : ":");
        if (e->plan->reason.len > 0 && !fresh && !says_reason(e))
            print_str(e->arena, "  ", e->plan->reason, "\n");
        for (uint32_t i = 0; i < e->change_count; i++)
            printf("  " STR_FMT "\n", STR_ARG(e->changes[i].text));
    }
    print_remarks(e);
}

/* ---- JSON ---- */

static void json_field(struct json *j, const char *key, const struct field *field)
{
    json_key(j, key);
    if (field != NULL)
        json_str(j, field->value);
    else
        json_null(j);
}

static void print_json(const struct explanation *e)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "stage");
    json_str(&j, e->name);
    json_key(&j, "verdict");
    json_str(&j, str_from(verdict_name(e->plan->verdict)));
    json_key(&j, "reason");
    json_str(&j, e->plan->reason);
    json_key(&j, "changes");
    json_open_array(&j);
    for (uint32_t i = 0; i < e->change_count; i++) {
        const struct change *change = &e->changes[i];
        const struct field *any = change->now ? change->now : change->old;
        json_open_object(&j);
        json_key(&j, "kind");
        json_str(&j, str_from(field_tag_name(any->tag)));
        json_key(&j, "name");
        json_str(&j, any->name);
        if (!str_is_utf8(any->name))
            json_path(&j, "name", any->name); /* as name_hex */
        json_field(&j, "old", change->old);
        json_field(&j, "new", change->now);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status explain(struct invocation *in, struct project *project, struct error *err)
{
    struct stage_id stage;
    enum status status = cli_stage(in, project, &stage, err);
    if (status != STATUS_OK)
        return status;
    struct run_options run = {.selection = {.targets = in->arguments, .target_count = 1, .deploy = true}};
    struct stage_plan *plans;
    struct lock lock;
    status = run_plan(project, &run, &in->arena, &plans, err);
    if (status == STATUS_OK)
        status = lock_load(&in->arena, &lock, err);
    if (status != STATUS_OK)
        return status;
    struct explanation e = {.arena = &in->arena, .name = in->arguments[0], .plan = &plans[stage.index]};
    e.locked = lock_find(&lock, e.name);
    compare(&e);
    if (!in->json)
        status = find_since(project, &e, err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        print_json(&e);
    else
        print_text(&e);
    return STATUS_OK;
}

static enum status run_why(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    status = explain(in, project, err);
    project_close(project);
    return status;
}

const struct command command_why = {
    .name = "why",
    .summary = "say why a stage would run, or why it would not",
    .arguments = "STAGE",
    .description =
        "Prints what a run would do with the stage, and everything in which the stage differs from what\n"
        "refit.lock says it was built from: parameters, deps, commands, environment, tools. Reads only.",
    .examples = "  refit why train\n"
                "  refit why train --json",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_STAGES,
    .run = run_why,
};
