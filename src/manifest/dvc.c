/* What DVC's files have beside stages: the other keys of a dvc.yaml, names of stages, and .dvc files. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"
#include "refit/dvc.h"

/* ---- names ---- */

struct str stage_full_name(struct loader *l, struct str name)
{
    if (l->dialect != MANIFEST_DVC || str_is(str_from(l->file), "dvc.yaml"))
        return name;
    return str_format(l->arena, "%s:" STR_FMT, l->file, STR_ARG(name));
}

/* ---- the other keys of the top level ---- */

static enum status each_item(struct loader *l, const struct value_pair *pair, const char *expected,
                             enum status (*each)(struct loader *l, const struct value *item, struct error *err),
                             struct error *err)
{
    const struct value *v = pair->value;
    const char *what = str_format(l->arena, "`" STR_FMT "`", STR_ARG(pair->key)).ptr;
    if (v->type == VALUE_NULL)
        return STATUS_OK;
    if (v->type != VALUE_LIST)
        return read_type_error(l, v, what, expected, err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++)
        status = each(l, v->list.items[i], err);
    return status;
}

static enum status check_known(struct loader *l, const struct value *map, const char *what, const struct str *known,
                               size_t count, struct error *err)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        bool found = false;
        for (size_t k = 0; k < count && !found; k++)
            found = str_equal(pair->key, known[k]);
        if (!found)
            return REFUSE(l, pair, err, "unknown key `" STR_FMT "` in `%s`%s", STR_ARG(pair->key), what,
                          loader_hint(l, pair->key, known, count));
    }
    return STATUS_OK;
}

static enum status check_file(struct loader *l, const struct value *item, struct error *err)
{
    struct str ignored;
    return read_string(l, item, "an item of `params`", &ignored, err);
}

static enum status add_metric(struct loader *l, const struct value *item, struct error *err)
{
    struct manifest *m = l->manifest;
    struct manifest_path metric = {.at = {item->line, item->column}};
    struct str raw;
    enum status status = read_string(l, item, "an item of `metrics`", &raw, err);
    if (status == STATUS_OK)
        status = read_path(l, l->base, raw, metric.at, &metric.path, err);
    for (uint32_t i = 0; i < m->metric_count && status == STATUS_OK; i++)
        if (str_equal(m->metrics[i].path, metric.path))
            return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct manifest_path *grown = arena_array(l->arena, struct manifest_path, m->metric_count + 1u);
    if (m->metric_count > 0)
        memcpy(grown, m->metrics, m->metric_count * sizeof *grown);
    grown[m->metric_count++] = metric;
    m->metrics = grown;
    return STATUS_OK;
}

/* A path, or a map of names to how they are drawn. */
static enum status check_plot(struct loader *l, const struct value *item, struct error *err)
{
    static const struct str known[] = {{"x", 1},       {"y", 1},     {"x_label", 7},
                                       {"y_label", 7}, {"title", 5}, {"template", 8}};
    if (item->type == VALUE_STRING)
        return STATUS_OK;
    if (item->type != VALUE_MAP)
        return read_type_error(l, item, "an item of `plots`", "a string (a path) or a map (a name: its axes)", err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < item->map.count && status == STATUS_OK; i++) {
        const struct value *plot = item->map.pairs[i].value;
        if (plot->type == VALUE_MAP)
            status = check_known(l, plot, "plots", known, sizeof known / sizeof *known, err);
        else if (plot->type != VALUE_NULL)
            status = read_type_error(l, plot, "what stands behind a plot's name", "a map such as {x: epoch}", err);
    }
    return status;
}

static enum status check_artifacts(struct loader *l, const struct value *v, struct error *err)
{
    static const struct str known[] = {{"path", 4}, {"type", 4}, {"desc", 4}, {"labels", 6}, {"meta", 4}};
    if (v->type != VALUE_MAP && v->type != VALUE_NULL)
        return read_type_error(l, v, "`artifacts`", "a map of names to artifacts", err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; v->type == VALUE_MAP && i < v->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &v->map.pairs[i];
        const struct value *path = value_get(pair->value, STR("path"));
        if (path == NULL || path->type != VALUE_STRING)
            status = REFUSE(l, pair, err, "the artifact `" STR_FMT "` must be a map with a `path`", STR_ARG(pair->key));
        else
            status = check_known(l, pair->value, "artifacts", known, sizeof known / sizeof *known, err);
    }
    return status;
}

static enum status check_dataset(struct loader *l, const struct value *item, struct error *err)
{
    const struct value *name = value_get(item, STR("name")), *type = value_get(item, STR("type"));
    if (name == NULL || name->type != VALUE_STRING || type == NULL || type->type != VALUE_STRING)
        return REFUSE(l, item, err, "an item of `datasets` must be a map with a `name` and a `type`");
    return STATUS_OK;
}

bool is_carried_key(struct str key)
{
    return str_is(key, "params") || str_is(key, "metrics") || str_is(key, "plots") || str_is(key, "artifacts") ||
           str_is(key, "datasets");
}

enum status load_carried(struct loader *l, const struct value_pair *pair, struct error *err)
{
    if (str_is(pair->key, "params"))
        return each_item(l, pair, "a list of files", check_file, err);
    if (str_is(pair->key, "metrics"))
        return each_item(l, pair, "a list of files", add_metric, err);
    if (str_is(pair->key, "plots"))
        return each_item(l, pair, "a list of plots", check_plot, err);
    if (str_is(pair->key, "datasets"))
        return each_item(l, pair, "a list of data sets", check_dataset, err);
    return check_artifacts(l, pair->value, err);
}

/* ---- .dvc files ---- */

/* Only what refit needs is read: what else there is, DVC wrote for itself. */
static enum status load_data_out(struct loader *l, const struct value *item, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct manifest_out *out = &stage->outs[stage->out_count];
    const struct value *path = value_get(item, STR("path")), *md5 = value_get(item, STR("md5"));
    const struct value *executable = value_get(item, STR("isexec"));
    struct str raw;
    *out = (struct manifest_out){.at = {item->line, item->column}, .cache = true, .md5 = STR("")};
    if (path == NULL)
        return REFUSE(l, item, err, "an item of `outs` must be a map with a `path`");
    out->at = (struct position){path->line, path->column};
    enum status status = read_string(l, path, "`path`", &raw, err);
    if (status == STATUS_OK)
        status = read_path(l, stage->wdir, raw, out->at, &out->path, err);
    if (status == STATUS_OK)
        status = check_place(l, "out", out->path, out->at, err);
    if (status == STATUS_OK && md5 != NULL && !dvc_is_md5(md5->text))
        status = REFUSE(l, md5, err, "`md5` is not one: 32 hexadecimal digits, with .dir behind those of a folder");
    if (status == STATUS_OK && executable != NULL)
        status = read_bool(l, executable, "`isexec`", &out->executable, err);
    if (status == STATUS_OK && md5 != NULL)
        out->md5 = md5->text;
    stage->out_count += status == STATUS_OK;
    return status;
}

static enum status load_data_outs(struct loader *l, const struct value *root, struct error *err)
{
    const struct value *outs = value_get(root, STR("outs")), *wdir = value_get(root, STR("wdir"));
    const struct value *command = value_get(root, STR("cmd"));
    enum status status = STATUS_OK;
    if (command != NULL)
        return REFUSE(l, command, err, "commands in .dvc files are not supported; write the stage into a dvc.yaml");
    if (outs == NULL || outs->type != VALUE_LIST || outs->list.count == 0)
        return REFUSE(l, root, err, "this is no .dvc file: it has no list `outs`");
    if (wdir != NULL && wdir->type != VALUE_NULL) {
        struct str raw;
        status = read_string(l, wdir, "`wdir`", &raw, err);
        if (status == STATUS_OK)
            status = read_path(l, l->base, raw, (struct position){wdir->line, wdir->column}, &l->stage->wdir, err);
    }
    l->stage->outs = arena_array(l->arena, struct manifest_out, outs->list.count);
    for (uint32_t i = 0; i < outs->list.count && status == STATUS_OK; i++)
        status = load_data_out(l, outs->list.items[i], err);
    return status;
}

enum status load_dvc_data(struct loader *l, const struct manifest_source *source, const struct value *root,
                          struct manifest_stage *out, struct error *err)
{
    *out = (struct manifest_stage){
        .name = source->path,
        .file = str_from(l->file),
        .at = {1, 1},
        .kind = STAGE_DATA,
        .wdir = l->base,
        .shell = STR(""),
        .depfile = STR(""),
        .rule = STR(""),
        .desc = STR(""),
        .environment = STR(""),
        .frozen = true,
        .source = true,
    };
    l->stage = out;
    enum status status = load_data_outs(l, root, err);
    l->stage = NULL;
    return status;
}
