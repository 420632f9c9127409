/* Variables: inline maps and files, merged deeply; nothing is defined twice. */
#include <stdlib.h>
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

/* A merge of one item of `vars` (or of params.yaml) into variables. */
struct merging {
    struct loader *l;
    struct variables *v;
    const struct scope *outer; /* where values may stand that a map goes on */
    const struct value *reserved;
    const char *file; /* of what is merged */
};

/* ---- redefinitions ---- */

/* The pair that defines a path of names in a tree, or NULL. */
static const struct value_pair *defining(const struct value *map, const struct str *names, uint32_t count)
{
    const struct value_pair *pair = NULL;
    for (uint32_t n = 0; n < count; n++) {
        pair = NULL;
        for (uint32_t i = 0; map != NULL && map->type == VALUE_MAP && i < map->map.count && pair == NULL; i++)
            if (str_equal(map->map.pairs[i].key, names[n]))
                pair = &map->map.pairs[i];
        if (pair == NULL)
            return NULL;
        map = pair->value;
    }
    return pair;
}

enum { NAMES_MAX = 130 }; /* as deep as two values that are merged can be */

static enum status redefined(const struct merging *m, const struct str *names, uint32_t count,
                             const struct value_pair *pair, struct error *err)
{
    struct buf path = {0};
    for (uint32_t i = 0; i < count; i++) {
        buf_str(&path, i > 0 ? STR(".") : STR(""));
        buf_str(&path, names[i]);
    }
    struct str name = str_printable(m->l->arena, buf_view(&path));
    buf_finish(&path);
    for (const struct variables *v = m->v; v != NULL; v = v->parent)
        for (uint32_t i = 0; i < v->layer_count; i++) {
            const struct value_pair *first = defining(v->layers[i].map, names, count);
            if (first == NULL || first == pair)
                continue;
            struct str place = STR(""); /* values of JSON have none */
            if (first->line > 0)
                place = str_format(m->l->arena, ":%u:%u", first->line, first->column);
            return error_at(err, STATUS_MANIFEST, m->file, pair->line, pair->column,
                            "the variable `" STR_FMT "` is there already (%s" STR_FMT "); remove one of them",
                            STR_ARG(name), v->layers[i].file, STR_ARG(place));
        }
    return error_at(err, STATUS_MANIFEST, m->file, pair->line, pair->column,
                    "the variable `" STR_FMT "` is there already; remove one of them", STR_ARG(name));
}

/* ---- merging ---- */

/* What resolving and merging may cost is one sum. */
static enum status charge(const struct merging *m, const struct value_pair *at, uint64_t nodes, struct error *err)
{
    struct templates t = {.work = &m->l->work, .file = m->file, .where = ""};
    return template_charge(&t, (struct position){at->line, at->column}, nodes, 0, err);
}

/* The map that has what both have; `names` is where it stands. */
static enum status merge_maps(const struct merging *m, const struct value *into, const struct value *from,
                              struct str *names, uint32_t count, struct value **out, struct error *err)
{
    struct seen seen = {0};
    struct value *map = arena_copy(m->l->arena, into, sizeof *into);
    struct value_pair *pairs = arena_array(m->l->arena, struct value_pair, (size_t)into->map.count + from->map.count);
    if (into->map.count > 0)
        memcpy(pairs, into->map.pairs, into->map.count * sizeof *pairs);
    map->map.pairs = pairs;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < into->map.count; i++)
        seen_add(&seen, pairs[i].key, i);
    for (uint32_t i = 0; i < from->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &from->map.pairs[i];
        uint32_t at = seen_add(&seen, pair->key, map->map.count);
        names[count] = pair->key;
        if (at == TABLE_NONE)
            pairs[map->map.count++] = *pair;
        else if (pairs[at].value->type != VALUE_MAP || pair->value->type != VALUE_MAP || count + 1 == NAMES_MAX)
            status = redefined(m, names, count + 1, pair, err);
        else if ((status = charge(m, pair, (uint64_t)pairs[at].value->map.count + pair->value->map.count, err)) ==
                 STATUS_OK)
            status = merge_maps(m, pairs[at].value, pair->value, names, count + 1, &pairs[at].value, err);
    }
    seen_finish(&seen);
    *out = map;
    return status;
}

static const struct value *outer_value(const struct scope *scope, struct str name)
{
    const struct value *found = NULL;
    for (; scope != NULL && found == NULL; scope = scope->parent) {
        uint32_t at = scope->index ? table_get(scope->index, name) : TABLE_NONE;
        if (scope->index == NULL)
            found = value_get(scope->vars, name);
        else if (at != TABLE_NONE)
            found = scope->vars->map.pairs[at].value;
    }
    return found;
}

static enum status merge_pair(const struct merging *m, const struct value_pair *pair, struct error *err)
{
    struct variables *v = m->v;
    if (value_get(m->reserved, pair->key) != NULL)
        return error_at(err, STATUS_MANIFEST, m->file, pair->line, pair->column,
                        "`" STR_FMT "` is what `foreach` or `matrix` goes through; call the variable something else",
                        STR_ARG(pair->key));
    uint32_t at = table_add(&v->index, pair->key, v->pair_count);
    const struct value *there = at < v->pair_count ? v->pairs[at].value : outer_value(m->outer, pair->key);
    struct value_pair merged = *pair;
    if (there != NULL) {
        struct str names[NAMES_MAX] = {pair->key};
        bool both = there->type == VALUE_MAP && pair->value->type == VALUE_MAP;
        enum status status = both ? charge(m, pair, (uint64_t)there->map.count + pair->value->map.count, err)
                                  : redefined(m, names, 1, pair, err);
        if (status == STATUS_OK)
            status = merge_maps(m, there, pair->value, names, 1, &merged.value, err);
        if (status != STATUS_OK)
            return status;
    }
    if (at == v->pair_count) {
        MEM_GROW(v->pairs, v->pair_count, v->pair_cap);
        v->pair_count++;
    }
    v->pairs[at] = merged;
    return STATUS_OK;
}

static enum status merge_layer(struct merging *m, const struct value *map, struct error *err)
{
    struct variables *v = m->v;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < map->map.count && status == STATUS_OK; i++)
        status = merge_pair(m, &map->map.pairs[i], err);
    MEM_GROW(v->layers, v->layer_count, v->layer_cap);
    v->layers[v->layer_count++] = (struct variables_layer){map, m->file};
    return status;
}

/* ---- files ---- */

/* A file's tree, parsed once a load: NULL if it is not there. */
static enum status parse_file(struct loader *l, struct str path, struct position at, struct value **out,
                              struct error *err)
{
    uint32_t index = table_get(&l->parsed_index, path);
    if (index != TABLE_NONE) {
        *out = l->parsed[index];
        return STATUS_OK;
    }
    struct str text;
    bool found;
    *out = NULL;
    enum status status = loader_read(l, path, at, &text, &found, err);
    if (status == STATUS_OK && found)
        status = params_parse(l->arena, text, path, l->reader, out, err);
    if (status != STATUS_OK)
        return status;
    MEM_GROW(l->parsed, l->parsed_count, l->parsed_cap);
    table_add(&l->parsed_index, path, l->parsed_count);
    l->parsed[l->parsed_count++] = *out;
    return STATUS_OK;
}

static bool has_key(const struct variables_file *file, struct str key)
{
    for (uint32_t i = 0; i < file->key_count; i++)
        if (str_equal(file->keys[i], key))
            return true;
    return false;
}

/* Whole files may be named again; all else of a file is taken once. *skip: there is nothing more to take. */
static enum status check_loaded(struct loader *l, const struct variables *v, const struct variables_file *file,
                                bool *skip, struct error *err)
{
    for (; v != NULL; v = v->parent)
        for (uint32_t i = 0; i < v->file_count; i++) {
            const struct variables_file *before = &v->files[i];
            if (!str_equal(before->path, file->path))
                continue;
            if (before->keys == NULL && file->keys == NULL) {
                *skip = true;
                return STATUS_OK;
            }
            if (before->keys == NULL)
                return REFUSE(l, &file->at, err, "all of `" STR_FMT "` is loaded already%s; take this out",
                              STR_ARG(file->path), before->at.line ? "" : " (params.yaml is, by itself)");
            if (file->keys == NULL)
                return REFUSE(l, &file->at, err,
                              "keys of `" STR_FMT "` are loaded already; name the others, or the whole file only",
                              STR_ARG(file->path));
            for (uint32_t k = 0; k < file->key_count; k++)
                if (has_key(before, file->keys[k]))
                    return REFUSE(l, &file->at, err, "`" STR_FMT "` of `" STR_FMT "` is loaded already; take it out",
                                  STR_ARG(file->keys[k]), STR_ARG(file->path));
        }
    return STATUS_OK;
}

/* Those pairs of a file's map that were asked for. */
static enum status pick_keys(struct loader *l, const struct value *map, const struct variables_file *file,
                             const struct value **out, struct error *err)
{
    struct value *picked = value_new(l->arena, VALUE_MAP, map->line, map->column);
    picked->map.pairs = arena_array(l->arena, struct value_pair, file->key_count);
    for (uint32_t k = 0; k < file->key_count; k++) {
        const struct value_pair *pair = defining(map, &file->keys[k], 1);
        if (pair == NULL) {
            struct str *names = arena_array(l->arena, struct str, map->map.count);
            for (uint32_t i = 0; i < map->map.count; i++)
                names[i] = map->map.pairs[i].key;
            const struct str *nearest = str_nearest(file->keys[k], names, map->map.count);
            return REFUSE(l, &file->at, err, "`" STR_FMT "` has no key `" STR_FMT "` at its top%s" STR_FMT "%s",
                          STR_ARG(file->path), STR_ARG(str_printable(l->arena, file->keys[k])),
                          nearest ? "; did you mean `" : "", STR_ARG(nearest ? *nearest : STR("")),
                          nearest ? "`?" : "");
        }
        if (defining(picked, &file->keys[k], 1) == NULL)
            picked->map.pairs[picked->map.count++] = *pair;
    }
    *out = picked;
    return STATUS_OK;
}

static enum status merge_file(struct merging *m, const struct variables_file *file, struct error *err)
{
    struct loader *l = m->l;
    struct value *tree;
    bool skip = false, by_itself = file->at.line == 0;
    enum status status = check_loaded(l, m->v, file, &skip, err);
    if (status != STATUS_OK || skip)
        return status;
    status = parse_file(l, file->path, file->at, &tree, err);
    if (status != STATUS_OK || (tree == NULL && by_itself))
        return status;
    if (tree == NULL)
        return REFUSE(l, &file->at, err, "there is no `" STR_FMT "`, which `vars` names", STR_ARG(file->path));
    m->file = str_terminated(l->arena, file->path);
    const struct value *map = tree;
    if (tree->type == VALUE_NULL)
        map = value_new(l->arena, VALUE_MAP, 1, 1);
    else if (tree->type != VALUE_MAP)
        return error_at(err, STATUS_MANIFEST, m->file, tree->line, tree->column,
                        "a file of variables must be a map of names to values, not %s", value_type_name(tree->type));
    if (file->keys != NULL)
        status = pick_keys(l, map, file, &map, err);
    MEM_GROW(m->v->files, m->v->file_count, m->v->file_cap);
    m->v->files[m->v->file_count++] = *file;
    return status == STATUS_OK ? merge_layer(m, map, err) : status;
}

/* `file`, or `file:key,key`. */
static enum status name_file(struct loader *l, const struct value *item, struct str wdir, struct variables_file *out,
                             struct error *err)
{
    struct str raw = item->text, keys = STR("");
    ptrdiff_t colon = str_find(raw, ':');
    if (colon >= 0) {
        keys = str_slice(raw, (size_t)colon + 1, raw.len);
        raw = str_slice(raw, 0, (size_t)colon);
    }
    *out = (struct variables_file){.at = {item->line, item->column}};
    size_t commas = 0;
    for (size_t i = 0; i < keys.len; i++)
        commas += keys.ptr[i] == ',';
    struct str *names = arena_array(l->arena, struct str, commas + 1);
    while (keys.len > 0) {
        ptrdiff_t comma = str_find(keys, ',');
        struct str key = comma < 0 ? keys : str_slice(keys, 0, (size_t)comma);
        if (key.len > 0)
            names[out->key_count++] = key;
        keys = comma < 0 ? STR("") : str_slice(keys, (size_t)comma + 1, keys.len);
    }
    if (out->key_count > 0)
        out->keys = names;
    return read_path(l, wdir, raw, out->at, &out->path, err);
}

/* ---- `vars` ---- */

static enum status merge_item(struct merging *m, const struct value *item, struct str wdir, struct error *err)
{
    struct loader *l = m->l;
    if (item->type == VALUE_MAP) {
        m->file = l->file;
        return merge_layer(m, item, err);
    }
    if (item->type != VALUE_STRING)
        return read_type_error(l, item, "an item of `vars`", "a string (a file) or a map (of names to values)", err);
    struct variables_file file;
    enum status status = name_file(l, item, wdir, &file, err);
    return status == STATUS_OK ? merge_file(m, &file, err) : status;
}

static enum status merge_items(struct merging *m, const struct value *vars, struct str wdir, struct error *err)
{
    struct loader *l = m->l;
    struct templates t = {.arena = l->arena, .file = l->file, .where = loader_where(l)};
    enum status status = read_list(l, vars, "`vars`", err);
    if (status == STATUS_OK)
        status = template_refuse(&t, vars, "`vars`", err);
    for (uint32_t i = 0; status == STATUS_OK && vars->type == VALUE_LIST && i < vars->list.count; i++)
        status = merge_item(m, vars->list.items[i], wdir, err);
    return status;
}

static void settle(struct loader *l, struct variables *v)
{
    struct value *map = value_new(l->arena, VALUE_MAP, 1, 1);
    map->map.count = v->pair_count;
    map->map.pairs = v->pairs;
    v->scope.vars = map;
    v->scope.index = &v->index;
}

enum status variables_load(struct loader *l, const struct value *vars, struct variables *out, struct error *err)
{
    *out = (struct variables){0};
    struct merging m = {.l = l, .v = out, .file = l->file};
    struct variables_file beside = {.path = path_join(l->arena, l->base, STR("params.yaml"))};
    enum status status = merge_file(&m, &beside, err);
    if (status == STATUS_OK && vars != NULL)
        status = merge_items(&m, vars, l->base, err);
    settle(l, out);
    return status;
}

enum status variables_extend(struct loader *l, const struct value *vars, struct str wdir,
                             const struct variables *parent, const struct scope *outer, const struct value *reserved,
                             struct variables *out, struct error *err)
{
    *out = (struct variables){.scope.parent = outer, .parent = parent};
    struct merging m = {.l = l, .v = out, .outer = outer, .reserved = reserved, .file = l->file};
    enum status status = merge_items(&m, vars, wdir, err);
    settle(l, out);
    return status;
}

void variables_finish(struct variables *variables)
{
    table_finish(&variables->index);
    free(variables->files);
    free(variables->layers);
    free(variables->pairs);
}
