/* `refit metrics`: the values in the metrics that stages made. A reader. */
#include "cli/past.h"
#include "refit/base/fs.h"

enum { METRIC_BYTES_MAX = 16 << 20 };

/* ---- output ---- */

struct metric_output {
    struct arena *arena;
    const struct manifest_reader *reader;
    struct json *json; /* NULL = lines */
    struct sheet *sheet;
    struct str stage, path;
    struct error fault; /* of the first metric that could not be read */
    enum status status;
};

/* *out is NULL where there is no such file. */
static enum status read_metric(const struct metric_output *o, struct value **out, struct error *err)
{
    *out = NULL;
    struct stat st;
    bool found;
    enum status status = fs_lstat(o->path.ptr, &st, &found, err);
    if (status != STATUS_OK || !found)
        return status;
    if (S_ISDIR(st.st_mode))
        return error_set(err, STATUS_MANIFEST, STR_FMT " is a folder, and no metric; name a file in it under `metrics`",
                         STR_ARG(o->path));
    struct buf text = {0};
    status = fs_read(o->path.ptr, METRIC_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = metric_parse(o->arena, o->path, str_dup(o->arena, buf_view(&text)), o->reader, out, err);
    buf_finish(&text);
    return status;
}

static void put_json(void *ctx, struct str name, const struct value *value)
{
    const struct metric_output *out = ctx;
    json_key_str(out->json, name);
    json_value(out->json, value);
}

static void put_line(void *ctx, struct str name, const struct value *value)
{
    const struct metric_output *out = ctx;
    struct str text = value->text;
    if (value->type == VALUE_LIST) {
        struct buf canonical = {0};
        value_canonical(value, &canonical);
        text = str_dup(out->arena, buf_view(&canonical));
        buf_finish(&canonical);
    }
    sheet_add(out->sheet, PAINT_NONE, out->stage, out->path, name, text);
}

/* One that cannot be read does not keep the others from being shown. */
static void put_metric(struct metric_output *out)
{
    struct value *value;
    struct error fault;
    enum status status = read_metric(out, &value, &fault);
    if (status != STATUS_OK && out->status == STATUS_OK) {
        out->status = status;
        out->fault = fault;
    }
    if (status != STATUS_OK || value == NULL)
        return;
    if (out->json == NULL) {
        metric_flatten(out->arena, value, put_line, out);
        return;
    }
    json_open_object(out->json);
    json_key(out->json, "stage");
    json_str(out->json, out->stage);
    json_path(out->json, "path", out->path);
    json_key(out->json, "values");
    json_open_object(out->json);
    metric_flatten(out->arena, value, put_json, out);
    json_close_object(out->json);
    json_close_object(out->json);
}

static void put_metrics(struct metric_output *out, const struct graph *graph, const bool *selected)
{
    for (uint32_t k = 0; k < graph->stage_count; k++) {
        uint32_t i = graph->order[k].index;
        const struct manifest_stage *stage = graph->stages[i].declared;
        for (uint32_t o = 0; selected[i] && o < stage->out_count; o++) {
            if (stage->outs[o].kind != OUT_METRIC)
                continue;
            out->stage = stage->name;
            out->path = stage->outs[o].path;
            put_metric(out);
        }
    }
}

/* Those that the top level names, and that no stage does. */
static void put_common_metrics(struct metric_output *out, const struct manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->metric_count; i++) {
        bool shown = false;
        for (uint32_t s = 0; s < manifest->stage_count && !shown; s++)
            for (uint32_t o = 0; o < manifest->stages[s].out_count; o++)
                shown |= manifest->stages[s].outs[o].kind == OUT_METRIC &&
                         str_equal(manifest->stages[s].outs[o].path, manifest->metrics[i].path);
        out->stage = STR("");
        out->path = manifest->metrics[i].path;
        if (!shown)
            put_metric(out);
    }
}

static enum status print_metrics(struct invocation *in, struct project *project, const bool *selected,
                                 struct error *err)
{
    struct buf document = {0};
    struct json j;
    struct sheet sheet = {.arena = &in->arena};
    struct metric_output out = {
        .arena = &in->arena, .reader = &project->reader, .json = in->json ? &j : NULL, .sheet = &sheet};
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "metrics");
    json_open_array(&j);
    put_metrics(&out, &project->graph, selected);
    if (in->argument_count == 0)
        put_common_metrics(&out, &project->manifest);
    json_close_array(&j);
    json_close_object(&j);
    if (in->json)
        output_json(&document);
    else
        buf_finish(&document);
    sheet_print(&sheet, output_color(in));
    if (out.status != STATUS_OK)
        *err = out.fault;
    return out.status;
}

static enum status run_metrics(struct invocation *in, struct error *err)
{
    if (in->argument_count > 0 && str_is(in->arguments[0], "diff"))
        return cli_metrics_diff(in, err);
    struct project *project;
    enum status status = cli_open(in, false, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    struct graph_selection_options selection = {.deploy = true};
    bool *selected;
    status = cli_select(in, project, &selection, &selected, err);
    if (status == STATUS_OK)
        status = print_metrics(in, project, selected, err);
    project_close(project);
    return status;
}

const struct command command_metrics = {
    .name = "metrics",
    .summary = "print the metrics that stages made, or how they changed",
    .arguments = "[TARGET...] | diff [A [B]]",
    .description =
        "Prints stage, path, name and value of everything in the metrics that are there. JSON, YAML and\n"
        "TOML are read as such, nested names joined by dots; of any other file the first line is the value. Reads\n"
        "only.\n"
        "`diff` prints the values that differ between A and B, which are what `refit diff` takes, with how much a\n"
        "number changed; A is HEAD and B the workspace, unless they are named. (A stage that is called diff is\n"
        "meant by the path of an out.)",
    .examples = "  refit metrics\n"
                "  refit metrics --json evaluate\n"
                "  refit metrics diff           since the commit\n"
                "  refit metrics diff -1 last   the last run with the one before",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_STAGES,
    .run = run_metrics,
};
