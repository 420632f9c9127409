/* What a stage reads: deps, parameter files, the environment; and the depfile that adds to it. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

/* ---- deps ---- */

static enum status add_dep(struct loader *l, const struct value *item, struct seen *seen, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct manifest_path *dep = &stage->deps[stage->dep_count];
    struct str raw;
    enum status status = read_string(l, item, "an item of `deps`", &raw, err);
    dep->at = (struct position){item->line, item->column};
    if (status == STATUS_OK)
        status = read_path(l, stage->wdir, raw, dep->at, &dep->path, err);
    if (status != STATUS_OK)
        return status;
    bool again = seen_add(seen, dep->path, 0) != TABLE_NONE;
    if (again && l->dialect == MANIFEST_DVC)
        return STATUS_OK;
    if (again)
        return REFUSE(l, item, err, "the dep `" STR_FMT "`%s is there twice; remove one", STR_ARG(dep->path),
                      loader_where(l));
    stage->dep_count++;
    return STATUS_OK;
}

enum status load_deps(struct loader *l, const struct value *v, struct error *err)
{
    enum status status = read_list(l, v, "`deps`", err);
    if (status != STATUS_OK || v->type == VALUE_NULL)
        return status;
    struct seen seen = {0};
    l->stage->deps = arena_array(l->arena, struct manifest_path, v->list.count);
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++)
        status = add_dep(l, v->list.items[i], &seen, err);
    seen_finish(&seen);
    return status;
}

enum status load_depfile(struct loader *l, const struct value *v, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct str raw;
    enum status status = read_string(l, v, "`depfile`", &raw, err);
    stage->depfile_at = (struct position){v->line, v->column};
    if (status == STATUS_OK)
        status = read_path(l, stage->wdir, raw, stage->depfile_at, &stage->depfile, err);
    if (status == STATUS_OK && (!path_is_inside(stage->depfile) || str_is(stage->depfile, ".")))
        return REFUSE(l, v, err, "the depfile `" STR_FMT "`%s is outside the project; let the command write it inside",
                      STR_ARG(stage->depfile), loader_where(l));
    return status;
}

enum status check_depfile(struct loader *l, struct error *err)
{
    const struct manifest_stage *stage = l->stage;
    if (stage->depfile.len == 0)
        return STATUS_OK;
    bool is_read = false;
    for (uint32_t i = 0; i < stage->dep_count; i++)
        is_read |= str_equal(stage->depfile, stage->deps[i].path);
    for (uint32_t i = 0; i < stage->params_count; i++)
        is_read |= str_equal(stage->depfile, stage->params[i].path);
    if (is_read)
        return REFUSE(l, &stage->depfile_at, err,
                      "the depfile `" STR_FMT "`%s is also among what it reads; name the file that the command writes",
                      STR_ARG(stage->depfile), loader_where(l));
    return check_place(l, "depfile", stage->depfile, stage->depfile_at, err);
}

/* ---- parameters ---- */

/* Keys as they come, before they are put beside those of the same file. */
struct gathered_key {
    uint32_t file; /* index in stage->params */
    struct manifest_key key;
};

struct params_gather {
    struct seen files; /* canonical path → index */
    struct gathered_key *keys;
    uint32_t key_count;
};

static uint32_t count_keys(const struct value *list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->list.count; i++) {
        const struct value *item = list->list.items[i];
        count++;
        for (uint32_t j = 0; item->type == VALUE_MAP && j < item->map.count; j++)
            if (item->map.pairs[j].value->type == VALUE_LIST)
                count += item->map.pairs[j].value->list.count;
    }
    return count;
}

static uint32_t count_files(const struct value *list)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < list->list.count; i++)
        if (list->list.items[i]->type == VALUE_MAP)
            count += list->list.items[i]->map.count;
    return count;
}

static enum status find_file(struct loader *l, struct params_gather *g, struct str raw, struct position at,
                             uint32_t *index, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct str path;
    enum status status = read_path(l, stage->wdir, raw, at, &path, err);
    if (status != STATUS_OK)
        return status;
    *index = seen_add(&g->files, path, stage->params_count);
    if (*index == TABLE_NONE) {
        *index = stage->params_count++;
        stage->params[*index] = (struct manifest_params){.path = path, .at = at};
    }
    return STATUS_OK;
}

static enum status add_key(struct loader *l, struct params_gather *g, uint32_t file, const struct value *item,
                           struct error *err)
{
    struct gathered_key *key = &g->keys[g->key_count];
    key->file = file;
    key->key.at = (struct position){item->line, item->column};
    enum status status = read_string(l, item, "a key in `params`", &key->key.key, err);
    g->key_count += status == STATUS_OK;
    return status;
}

/* `FILE: [keys]`, or `FILE:` for all of it. */
static enum status add_file(struct loader *l, struct params_gather *g, const struct value_pair *pair, struct error *err)
{
    struct str raw;
    uint32_t file = 0;
    enum status status = read_key(l, pair, "the name of a parameter file", &raw, err);
    if (status == STATUS_OK)
        status = find_file(l, g, raw, (struct position){pair->line, pair->column}, &file, err);
    if (status != STATUS_OK)
        return status;
    const struct value *keys = pair->value;
    if (keys->type == VALUE_NULL) {
        l->stage->params[file].whole = true;
        return STATUS_OK;
    }
    if (keys->type != VALUE_LIST)
        return read_type_error(l, keys, "what follows a parameter file in `params`", "a list of keys, or nothing", err);
    if (keys->list.count == 0 && l->dialect == MANIFEST_DVC) {
        l->stage->params[file].whole = true;
        return STATUS_OK;
    }
    if (keys->list.count == 0)
        return REFUSE(l, keys, err, "no keys of `" STR_FMT "`%s; name some, or write `" STR_FMT ":` for the whole file",
                      STR_ARG(raw), loader_where(l), STR_ARG(raw));
    for (uint32_t i = 0; i < keys->list.count && status == STATUS_OK; i++)
        status = add_key(l, g, file, keys->list.items[i], err);
    return status;
}

static enum status add_param(struct loader *l, struct params_gather *g, const struct value *item, struct error *err)
{
    uint32_t file = 0;
    enum status status = STATUS_OK;
    if (item->type == VALUE_MAP) {
        for (uint32_t i = 0; i < item->map.count && status == STATUS_OK; i++)
            status = add_file(l, g, &item->map.pairs[i], err);
        return status;
    }
    if (!is_text(item))
        return read_type_error(l, item, "an item of `params`", "a string (a key) or a map (a file: its keys)", err);
    status = find_file(l, g, STR("params.yaml"), (struct position){item->line, item->column}, &file, err);
    return status == STATUS_OK ? add_key(l, g, file, item, err) : status;
}

/* Puts the keys of each file together, in the order in which they were written. */
static void group_keys(struct loader *l, const struct params_gather *g)
{
    struct manifest_stage *stage = l->stage;
    for (uint32_t i = 0; i < g->key_count; i++)
        stage->params[g->keys[i].file].key_count++;
    for (uint32_t i = 0; i < stage->params_count; i++) {
        stage->params[i].keys = arena_array(l->arena, struct manifest_key, stage->params[i].key_count);
        stage->params[i].key_count = 0;
    }
    for (uint32_t i = 0; i < g->key_count; i++) {
        struct manifest_params *file = &stage->params[g->keys[i].file];
        file->keys[file->key_count++] = g->keys[i].key;
    }
}

enum status load_params(struct loader *l, const struct value *v, struct error *err)
{
    enum status status = read_list(l, v, "`params`", err);
    if (status != STATUS_OK || v->type == VALUE_NULL)
        return status;
    struct params_gather g = {.keys = arena_array(l->arena, struct gathered_key, count_keys(v))};
    l->stage->params = arena_array(l->arena, struct manifest_params, count_files(v));
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++)
        status = add_param(l, &g, v->list.items[i], err);
    group_keys(l, &g);
    seen_finish(&g.files);
    return status;
}

/* ---- environment ---- */

static bool is_variable_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.len > 0;
}

/* `value` and `show` of `{NAME: {value, show}}`. */
static enum status read_variable_flags(struct loader *l, const struct value *flags, struct manifest_env *env,
                                       struct error *err)
{
    static const struct str known[] = {{"value", 5}, {"show", 4}};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < flags->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &flags->map.pairs[i];
        if (str_is(pair->key, "show")) {
            status = read_bool(l, pair->value, "`show` in `env`", &env->show, err);
        } else if (!str_is(pair->key, "value")) {
            status = REFUSE(l, pair, err, "unknown key `" STR_FMT "` in `env`%s%s", STR_ARG(pair->key), loader_where(l),
                            loader_hint(l, pair->key, known, 2));
        } else if (pair->value->type == VALUE_STRING && pair->value->text.len == 0) {
            env->has_value = true; /* set, but empty */
        } else if (pair->value->type == VALUE_STRING) {
            status = read_string(l, pair->value, "`value` in `env`", &env->value, err);
            env->has_value = true;
        } else if (read_scalar_text(l, pair->value, &env->value)) {
            env->value = pair->value->text; /* as written: 1.10 stays 1.10 */
            env->has_value = true;
        } else {
            status = read_type_error(l, pair->value, "`value` in `env`", "a string", err);
        }
    }
    return status;
}

static enum status read_variable(struct loader *l, const struct value *item, struct manifest_env *env,
                                 struct error *err)
{
    *env = (struct manifest_env){.at = {item->line, item->column}, .value = STR("")};
    if (item->type == VALUE_MAP && item->map.count == 1) {
        const struct value_pair *pair = &item->map.pairs[0];
        env->name = pair->key;
        env->at = (struct position){pair->line, pair->column};
        if (pair->value->type == VALUE_NULL)
            return STATUS_OK;
        if (pair->value->type != VALUE_MAP)
            return REFUSE(l, pair->value, err,
                          "`" STR_FMT "` in `env`%s takes {value, show}; or write `- " STR_FMT "=VALUE`",
                          STR_ARG(pair->key), loader_where(l), STR_ARG(pair->key));
        return read_variable_flags(l, pair->value, env, err);
    }
    struct str text;
    if (!is_text(item))
        return read_type_error(l, item, "an item of `env`", "a string (NAME or NAME=value) or {NAME: {value, show}}",
                               err);
    enum status status = read_string(l, item, "an item of `env`", &text, err);
    if (status != STATUS_OK)
        return status;
    ptrdiff_t equals = str_find(text, '=');
    env->has_value = equals >= 0;
    env->name = equals < 0 ? text : str_slice(text, 0, (size_t)equals);
    env->value = equals < 0 ? STR("") : str_slice(text, (size_t)equals + 1, text.len);
    return STATUS_OK;
}

static bool is_same_variable(const struct manifest_env *a, const struct manifest_env *b)
{
    return a->has_value == b->has_value && a->show == b->show && str_equal(a->value, b->value);
}

enum status load_env(struct loader *l, const struct value *v, struct error *err)
{
    if (v->type != VALUE_LIST && v->type != VALUE_NULL)
        return read_type_error(l, v, "`env`", "a list of NAME or NAME=value", err);
    if (v->type == VALUE_NULL)
        return STATUS_OK;
    struct manifest_stage *stage = l->stage;
    struct seen seen = {0};
    enum status status = STATUS_OK;
    stage->env = arena_array(l->arena, struct manifest_env, v->list.count);
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++) {
        struct manifest_env *env = &stage->env[stage->env_count];
        status = read_variable(l, v->list.items[i], env, err);
        if (status == STATUS_OK && !is_variable_name(env->name))
            status = REFUSE(l, &env->at, err, "`" STR_FMT "` in `env`%s cannot name a variable (letters, digits, `_`)",
                            STR_ARG(env->name), loader_where(l));
        if (status != STATUS_OK)
            break;
        uint32_t there = seen_add(&seen, env->name, stage->env_count);
        if (there == TABLE_NONE)
            stage->env_count++;
        else if (!is_same_variable(&stage->env[there], env))
            status = REFUSE(l, &env->at, err, "`" STR_FMT "` is in `env`%s twice with different meanings; remove one",
                            STR_ARG(env->name), loader_where(l));
    }
    seen_finish(&seen);
    return status;
}
