/* Checks: what `expect:` and `gates:` declare. Each is a stage like any other, whose command is refit itself, and whose
 * definition is a parameter of it. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"
#include "refit/check.h"
#include "refit/model_check.h"

/* ---- a stage, as somebody would have written it ---- */

struct writer {
    struct arena *arena;
    const struct value_pair *at; /* where all of it stands */
};

static struct value *string(const struct writer *w, struct str text)
{
    struct value *v = value_new(w->arena, VALUE_STRING, w->at->line, w->at->column);
    v->text = text;
    return v;
}

static struct value *new_list(const struct writer *w, uint32_t room)
{
    struct value *v = value_new(w->arena, VALUE_LIST, w->at->line, w->at->column);
    v->list.items = arena_array(w->arena, struct value *, room);
    v->list.count = 0;
    return v;
}

static struct value *list_of(const struct writer *w, struct value *item)
{
    struct value *v = new_list(w, 1);
    v->list.items[v->list.count++] = item;
    return v;
}

static struct value *new_map(const struct writer *w, uint32_t room)
{
    struct value *v = value_new(w->arena, VALUE_MAP, w->at->line, w->at->column);
    v->map.pairs = arena_array(w->arena, struct value_pair, room);
    v->map.count = 0;
    return v;
}

static void put(const struct writer *w, struct value *map, struct str key, struct value *value)
{
    map->map.pairs[map->map.count++] = (struct value_pair){key, w->at->line, w->at->column, value};
}

/* ---- files that a definition names ---- */

struct file_list {
    struct value **items; /* strings */
    uint32_t count, cap;
};

/* The keys whose strings are paths, wherever in a definition they stand; `side` is what a gate's rows and metric files
 * are called in `rows` and `metric_files`, and a name elsewhere. */
static bool names_file(enum check_kind kind, bool side, struct str key)
{
    static const char *const of_data[] = {"data", "reference", "file", "with", NULL};
    static const char *const of_models[] = {"model", "file", "cases", NULL};
    static const char *const of_sides[] = {"candidate", "baseline", "anchor", NULL};
    for (const char *const *name = kind == CHECK_DATA ? of_data : side ? of_sides : of_models; *name != NULL; name++)
        if (str_is(key, *name))
            return true;
    return false;
}

static void add_file(struct loader *l, struct file_list *files, struct value *v)
{
    for (uint32_t i = 0; i < files->count; i++)
        if (str_equal(files->items[i]->text, v->text))
            return;
    if (files->count == files->cap) {
        uint32_t cap = files->cap ? 2 * files->cap : 8;
        struct value **items = arena_array(l->arena, struct value *, cap);
        if (files->count > 0)
            memcpy(items, files->items, files->count * sizeof *items);
        files->items = items;
        files->cap = cap;
    }
    files->items[files->count++] = v;
}

static void find_files(struct loader *l, enum check_kind kind, bool side, struct str key, struct value *v,
                       struct file_list *files)
{
    bool sides = str_is(key, "rows") || str_is(key, "metric_files");
    if (v->type == VALUE_STRING && names_file(kind, side, key))
        add_file(l, files, v);
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.count; i++)
        find_files(l, kind, side, key, v->list.items[i], files);
    for (uint32_t i = 0; v->type == VALUE_MAP && i < v->map.count; i++)
        find_files(l, kind, sides, v->map.pairs[i].key, v->map.pairs[i].value, files);
}

/* ---- one check ---- */

/* `deps`: what the definition names and what it says itself (for a `command`). */
static struct value *make_deps(const struct writer *w, const struct value *definition, const struct file_list *files)
{
    const struct value *own = value_get(definition, STR("deps"));
    uint32_t own_count = own != NULL && own->type == VALUE_LIST ? own->list.count : 0;
    struct value *deps = new_list(w, files->count + own_count);
    for (uint32_t i = 0; i < files->count; i++)
        deps->list.items[deps->list.count++] = files->items[i];
    for (uint32_t i = 0; i < own_count; i++)
        deps->list.items[deps->list.count++] = own->list.items[i];
    return deps;
}

/* What the definition is called in its file. */
static struct str section_name(struct loader *l, enum check_kind kind, struct str name)
{
    return str_format(l->arena, "%s." STR_FMT, kind == CHECK_DATA ? "expect" : "gates", STR_ARG(name));
}

static struct value *make_params(struct loader *l, const struct writer *w, enum check_kind kind, struct str name)
{
    struct value *keys = list_of(w, string(w, section_name(l, kind, name)));
    struct value *file = new_map(w, 1);
    put(w, file, path_name(str_from(l->file)), keys);
    return list_of(w, file);
}

static struct str make_command(struct loader *l, enum check_kind kind, struct str name, const char *how)
{
    struct str file = path_name(str_from(l->file));
    struct buf text = {0};
    buf_print(&text, "\"$REFIT\" check %s " STR_FMT " --%s", kind == CHECK_DATA ? "data" : "model", STR_ARG(name), how);
    if (!str_is(file, "refit.yaml")) {
        buf_str(&text, STR(" -f "));
        buf_quoted(&text, file);
    }
    struct str copy = str_dup(l->arena, buf_view(&text));
    buf_finish(&text);
    return copy;
}

/* A baseline that is called by name is another one when that is moved: what it stands for is asked as a tool is. */
static bool is_named(const struct value *definition, const char *side)
{
    const struct value *name = value_get(definition, str_from(side));
    const struct value *rows = value_get(definition, STR("rows")), *files = value_get(definition, STR("metric_files"));
    return name != NULL && name->type == VALUE_STRING && name->text.len > 0 && !str_is(name->text, "none") &&
           value_get(rows, str_from(side)) == NULL && value_get(files, str_from(side)) == NULL;
}

static struct value *verdict_of(struct loader *l, const struct writer *w, const struct value *definition,
                                struct str name)
{
    struct value *v = value_get(definition, STR("verdict"));
    return v != NULL ? v : string(w, str_format(l->arena, "checks/" STR_FMT ".json", STR_ARG(name)));
}

static enum status check_definition(struct loader *l, const struct value_pair *pair, enum check_kind kind,
                                    struct error *err)
{
    const char *what = kind == CHECK_DATA ? "expectations" : "gate";
    if (pair->value->type != VALUE_MAP)
        return REFUSE(l, pair, err, "the %s `" STR_FMT "` must be a map with `%s`, not %s", what, STR_ARG(pair->key),
                      kind == CHECK_DATA ? "data" : "model", value_type_name(pair->value->type));
    if (kind == CHECK_MODEL && str_is(pair->key, "heads"))
        return REFUSE(l, pair, err, "a gate cannot be called `heads`, which in approvals/ is the end of their log");
    const char *subject = kind == CHECK_DATA ? "data" : "model";
    const struct value *v = value_get(pair->value, str_from(subject));
    if (v == NULL)
        return REFUSE(l, pair, err, "the %s `" STR_FMT "` has no `%s`; name the file that is checked", what,
                      STR_ARG(pair->key), subject);
    return kind == CHECK_DATA ? data_definition_check(l->arena, pair->value, l->file, err)
                              : model_definition_check(l->arena, pair->key, pair->value, l->file, err);
}

static struct str as_yaml(struct loader *l, const struct value *value)
{
    struct buf text = {0};
    yaml_append_value(&text, value, 0);
    struct str copy = str_dup(l->arena, buf_view(&text));
    buf_finish(&text);
    return copy;
}

/* `pair` has values for the templates of what is `written`. */
static enum status load_check(struct loader *l, const struct value_pair *pair, const struct value *written,
                              enum check_kind kind, struct error *err)
{
    struct manifest *m = l->manifest;
    struct writer w = {l->arena, pair};
    enum status status = check_definition(l, pair, kind, err);
    if (status != STATUS_OK)
        return status;
    struct file_list files = {0};
    find_files(l, kind, false, STR(""), pair->value, &files);
    struct value *stage = new_map(&w, 9), *desc = value_get(pair->value, STR("desc"));
    put(&w, stage, STR("kind"), string(&w, kind == CHECK_DATA ? STR("data") : STR("model")));
    put(&w, stage, STR("wdir"), string(&w, STR(".")));
    put(&w, stage, STR("cmd"), string(&w, make_command(l, kind, pair->key, "stage")));
    if (kind == CHECK_MODEL && (is_named(pair->value, "baseline") || is_named(pair->value, "anchor")))
        put(&w, stage, STR("tools"), list_of(&w, string(&w, make_command(l, kind, pair->key, "baseline"))));
    put(&w, stage, STR("deps"), make_deps(&w, pair->value, &files));
    put(&w, stage, STR("params"), make_params(l, &w, kind, pair->key));
    put(&w, stage, STR("outs"), list_of(&w, verdict_of(l, &w, pair->value, pair->key)));
    if (desc != NULL)
        put(&w, stage, STR("desc"), desc);
    uint32_t index = m->stage_count;
    struct value_pair whole = {pair->key, pair->line, pair->column, stage};
    status = check_stage_name(l, pair->key, pair->line, pair->column, err);
    if (status == STATUS_OK)
        status = add_resolved_stage(l, &whole, err);
    if (status != STATUS_OK)
        return status;
    l->generated = true; /* the name may be that of a stage */
    struct manifest_stage *made = &m->stages[index];
    made->shell = STR("/bin/sh");
    if (template_is_in(written))
        made->params[0].keys[0].resolved = as_yaml(l, pair->value);
    struct manifest_check *check = &m->checks[m->check_count++];
    *check = (struct manifest_check){.kind = kind, .stage = index, .verdict = made->outs[0].path};
    const struct value *subject = value_get(pair->value, kind == CHECK_DATA ? STR("data") : STR("model"));
    struct position at = {subject->line, subject->column};
    made->check = m->check_count;
    return read_path(l, l->base, subject->text, at, &check->subject, err);
}

static enum status load_section(struct loader *l, const struct value *section, enum check_kind kind, struct error *err)
{
    if (section == NULL || section->type == VALUE_NULL)
        return STATUS_OK;
    if (section->type != VALUE_MAP)
        return read_type_error(l, section, kind == CHECK_DATA ? "`expect`" : "`gates`",
                               "a map of names to checks", err);
    if (str_find(path_name(str_from(l->file)), '\n') >= 0) /* each line of a command is one of its own */
        return REFUSE(l, section, err, "a manifest with checks cannot have a newline in its name");
    const struct value *resolved = section;
    enum status status = resolve_value(l, section, TEMPLATE_ARGUMENT, &resolved, err);
    for (uint32_t i = 0; i < section->map.count && status == STATUS_OK; i++)
        status = load_check(l, &resolved->map.pairs[i], section->map.pairs[i].value, kind, err);
    return status;
}

enum status load_checks(struct loader *l, const struct value *root, struct error *err)
{
    const struct value *expect = value_get(root, STR("expect")), *gates = value_get(root, STR("gates"));
    uint32_t count = 0;
    count += expect != NULL && expect->type == VALUE_MAP ? expect->map.count : 0;
    count += gates != NULL && gates->type == VALUE_MAP ? gates->map.count : 0;
    if (count > 0)
        l->manifest->checks = arena_array(l->arena, struct manifest_check, count);
    enum status status = load_section(l, expect, CHECK_DATA, err);
    return status == STATUS_OK ? load_section(l, gates, CHECK_MODEL, err) : status;
}
