/* What `refit diff` and `refit metrics diff` compare: runs, revisions of git, and the workspace. */
#include <stdlib.h>
#include <string.h>

#include "cli/past.h"

static bool is_workspace(struct str word)
{
    return word.ptr == NULL || str_is(word, ".");
}

/* ---- words ---- */

static enum status read_side(struct sides *s, struct invocation *in, struct str word, struct picture *out,
                             struct error *err)
{
    const struct history_run *run;
    if (is_workspace(word))
        return picture_of_workspace(s->past.project, &in->arena, out, err);
    enum status status = past_find_or_revision(&s->past, &in->arena, word, &run, err);
    if (status != STATUS_OK)
        return status;
    if (run != NULL)
        return picture_of_run(s->past.history, run, &in->arena, out, err);
    return picture_of_revision(s->past.project, str_terminated(&in->arena, word), out, err);
}

/* Past builds compare whatever the manifest is now; it only says which outs are metrics. */
static enum status open_project(struct sides *s, struct invocation *in, bool workspace, struct error *err)
{
    struct error why;
    char text[3072];
    enum status status = cli_open(in, false, STR(""), &s->past.project, &why);
    if (status == STATUS_MANIFEST && !workspace) {
        s->past.project = NULL;
        status = cli_open_bare(in, &s->past.project, err);
        if (status == STATUS_OK)
            output_warn(in, str_format(&in->arena, "the manifest cannot be read, so metrics are only those that the "
                                       "history has: %s", error_text(&why, text, sizeof text)));
        return status;
    }
    if (status != STATUS_OK) {
        s->past.project = NULL;
        *err = why;
    }
    return status;
}

enum status sides_open(struct invocation *in, struct str old, struct str now, struct sides *out, struct error *err)
{
    *out = (struct sides){0};
    old = old.ptr == NULL ? STR("HEAD") : old;
    enum status status = open_project(out, in, is_workspace(old) || is_workspace(now), err);
    if (status == STATUS_OK)
        status = past_read(in, &out->past, err);
    if (status == STATUS_OK)
        status = read_side(out, in, old, &out->old, err);
    if (status == STATUS_OK)
        status = read_side(out, in, now, &out->now, err);
    if (status == STATUS_OK)
        status = run_compare(out->past.project, &out->old, &out->now, &in->arena, &out->stages, &out->count, err);
    return status;
}

void sides_close(struct sides *sides)
{
    past_close(&sides->past);
}

static void put_side(struct json *j, const char *key, const struct picture *picture)
{
    static const char *const kinds[] = {
        [PICTURE_WORKSPACE] = "workspace", [PICTURE_RUN] = "run", [PICTURE_REVISION] = "revision"};
    json_key(j, key);
    json_open_object(j);
    json_key(j, "kind");
    json_str(j, str_from(kinds[picture->kind]));
    json_key(j, "name");
    json_str(j, picture->name);
    if (picture->kind == PICTURE_REVISION) {
        json_key(j, "commit");
        json_str(j, picture->commit);
    }
    json_close_object(j);
}

void sides_json(const struct sides *sides, struct json *j)
{
    put_side(j, "old", &sides->old);
    put_side(j, "new", &sides->now);
}

/* ---- metrics ---- */

static struct str shown_value(struct arena *arena, struct str canonical)
{
    return canonical.len > 0 ? past_value(arena, canonical) : STR("nothing");
}

/* In quotes where it would read as another value, or as none: 1 and "1". */
static struct str told_apart(struct arena *arena, struct str canonical, struct str other)
{
    struct str plain = shown_value(arena, canonical);
    return plain.len == 0 || (str_equal(plain, shown_value(arena, other)) && canonical.len > 0) ? canonical : plain;
}

void sides_metric(struct invocation *in, const struct metric_difference *metric, struct sheet *sheet)
{
    struct arena *arena = &in->arena;
    if (metric->fault.len > 0) {
        sheet_add(sheet, PAINT_BAD, metric->path, metric->fault, STR(""), STR(""));
        return;
    }
    struct str change = STR("");
    if (metric->is_number)
        change = str_format(arena, "%+.6g%s", metric->change,
                            metric->change > 0 ? " (up)" : metric->change < 0 ? " (down)" : "");
    sheet_add(sheet, PAINT_NONE, metric->path, metric->name,
              str_format(arena, STR_FMT " → " STR_FMT, STR_ARG(told_apart(arena, metric->old, metric->now)),
                         STR_ARG(told_apart(arena, metric->now, metric->old))), change);
}

static void put_value(struct invocation *in, struct json *j, const char *key, struct str canonical)
{
    json_key(j, key);
    canonical.len > 0 ? past_json_value(j, &in->arena, canonical) : json_null(j);
}

void sides_metric_json(struct invocation *in, const struct metric_difference *metric, struct json *j)
{
    json_open_object(j);
    json_path(j, "path", metric->path);
    json_key(j, "name");
    json_str(j, metric->name);
    put_value(in, j, "old", metric->old);
    put_value(in, j, "new", metric->now);
    json_key(j, "change");
    metric->is_number ? json_real(j, metric->change) : json_null(j);
    json_key(j, "direction");
    if (metric->change != 0)
        json_str(j, metric->change > 0 ? STR("up") : STR("down"));
    else
        json_null(j);
    json_key(j, "fault");
    json_str(j, metric->fault);
    json_close_object(j);
}

static void print_metrics(struct invocation *in, const struct sides *s)
{
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t k = 0; k < s->stages[i].metric_count; k++)
            sides_metric(in, &s->stages[i].metrics[k], &sheet);
    if (sheet.count == 0)
        puts("no metric differs");
    sheet_print(&sheet, output_color(in));
}

static void print_metrics_json(struct invocation *in, const struct sides *s)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    sides_json(s, &j);
    json_key(&j, "metrics");
    json_open_array(&j);
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t k = 0; k < s->stages[i].metric_count; k++)
            sides_metric_json(in, &s->stages[i].metrics[k], &j);
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

enum status cli_metrics_diff(struct invocation *in, struct error *err)
{
    struct sides sides;
    if (in->argument_count > 3)
        return error_set(err, STATUS_USAGE, "`refit metrics diff` takes at most two arguments, not %u",
                         in->argument_count - 1);
    const struct str none = {0};
    enum status status = sides_open(in, in->argument_count > 1 ? in->arguments[1] : none,
                                    in->argument_count > 2 ? in->arguments[2] : none, &sides, err);
    if (status == STATUS_OK)
        in->json ? print_metrics_json(in, &sides) : print_metrics(in, &sides);
    sides_close(&sides);
    return status;
}
