/* Files that DVC writes for itself. */
#include "refit/dvc.h"

#include <stdlib.h>

#include "manifest/loader.h"
#include "refit/base/json.h"
#include "refit/base/path.h"

/* ---- configuration: sections, keys, values, as in many an .ini ---- */

static struct str next_line(struct str *rest)
{
    ptrdiff_t end = str_find(*rest, '\n');
    struct str line = end < 0 ? *rest : str_slice(*rest, 0, (size_t)end);
    *rest = end < 0 ? STR("") : str_slice(*rest, (size_t)end + 1, rest->len);
    return str_trim(line);
}

/* Quotes around it are taken off; what follows a # is a remark. */
static struct str read_value(struct str text)
{
    text = str_trim(text);
    if (text.len > 0 && (text.ptr[0] == '"' || text.ptr[0] == '\'')) {
        struct str inside = str_slice(text, 1, text.len);
        ptrdiff_t end = str_find(inside, text.ptr[0]);
        if (end >= 0)
            return str_slice(inside, 0, (size_t)end);
    }
    ptrdiff_t remark = str_find(text, '#');
    return remark < 0 ? text : str_trim(str_slice(text, 0, (size_t)remark));
}

bool dvc_config_get(struct arena *arena, struct str text, struct str section, struct str key, struct str *out)
{
    bool inside = false, found = false;
    while (text.len > 0) {
        struct str line = next_line(&text);
        if (str_starts(line, STR("["))) {
            ptrdiff_t end = str_find(line, ']');
            inside = end > 0 && str_equal(read_value(str_slice(line, 1, (size_t)end)), section);
            continue;
        }
        ptrdiff_t equals = str_find(line, '=');
        if (!inside || equals < 0 || !str_equal(str_trim(str_slice(line, 0, (size_t)equals)), key))
            continue;
        *out = str_dup(arena, read_value(str_slice(line, (size_t)equals + 1, line.len)));
        found = true;
    }
    return found;
}

/* ---- entries ---- */

static bool is_hex(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return true;
}

bool dvc_is_md5(struct str text)
{
    enum { HEX = 32 };
    return text.len >= HEX && is_hex(str_slice(text, 0, HEX)) &&
           (text.len == HEX || str_is(str_slice(text, HEX, text.len), ".dir"));
}

static enum status broken(const char *file, const struct value *at, const char *what, struct error *err)
{
    return error_at(err, STATUS_MANIFEST, file, at->line, at->column, "%s; let DVC write this file again", what);
}

/* A map with `path_key`, and `md5` if it was kept. */
static enum status read_entry(const struct value *v, struct str path_key, const char *file, struct dvc_entry *out,
                              struct error *err)
{
    const struct value *path = value_get(v, path_key), *md5 = value_get(v, STR("md5"));
    const struct value *executable = value_get(v, STR("isexec")), *size = value_get(v, STR("size"));
    *out = (struct dvc_entry){.md5 = STR("")};
    if (path == NULL || path->type != VALUE_STRING || path->text.len == 0 || str_find(path->text, '\0') >= 0)
        return broken(file, v, "an entry has no path", err);
    if (md5 != NULL && !dvc_is_md5(md5->text))
        return broken(file, md5, "`md5` is not one: 32 hexadecimal digits, with .dir behind those of a folder", err);
    out->path = path->text;
    if (md5 != NULL)
        out->md5 = md5->text;
    out->executable = executable != NULL && executable->type == VALUE_BOOL && executable->boolean;
    out->size = size != NULL && size->type == VALUE_INT && size->integer > 0 ? (uint64_t)size->integer : 0;
    return STATUS_OK;
}

/* A list of them; nothing counts as an empty one. */
static enum status read_entries(struct arena *arena, const struct value *list, struct str path_key, const char *file,
                                struct dvc_entry **out, uint32_t *count, struct error *err)
{
    *out = NULL;
    *count = 0;
    if (list == NULL || list->type == VALUE_NULL)
        return STATUS_OK;
    if (list->type != VALUE_LIST)
        return broken(file, list, "a list of entries is expected here", err);
    *out = arena_array(arena, struct dvc_entry, list->list.count);
    enum status status = STATUS_OK;
    for (; *count < list->list.count && status == STATUS_OK; ++*count)
        status = read_entry(list->list.items[*count], path_key, file, &(*out)[*count], err);
    return status;
}

/* ---- lists of folders ---- */

static int compare_entries(const void *a, const void *b)
{
    return str_compare(((const struct dvc_entry *)a)->path, ((const struct dvc_entry *)b)->path);
}

static bool is_below(struct arena *arena, struct str path)
{
    struct str made;
    struct error ignored;
    return path_make(arena, STR("/"), STR("."), path, &made, &ignored) == STATUS_OK && str_equal(made, path) &&
           path_is_inside(path) && !str_is(path, ".");
}

enum status dvc_parse_folder(struct arena *arena, struct str text, const char *file, struct dvc_entry **out,
                             uint32_t *count, struct error *err)
{
    struct value *root;
    enum status status = json_parse(arena, text, file, &root, err);
    if (status == STATUS_OK && root->type != VALUE_LIST)
        status = broken(file, root, "this is no list of a folder's files", err);
    if (status == STATUS_OK)
        status = read_entries(arena, root, STR("relpath"), file, out, count, err);
    if (status != STATUS_OK)
        return status;
    if (*count > 1)
        qsort(*out, *count, sizeof **out, compare_entries);
    for (uint32_t i = 0; i < *count; i++) {
        struct str path = (*out)[i].path, before = i > 0 ? (*out)[i - 1].path : STR("");
        if (!is_below(arena, path) || (*out)[i].md5.len == 0 || str_ends((*out)[i].md5, STR(".dir")))
            return broken(file, root, "an entry is not that of a file in the folder", err);
        if (str_equal(path, before))
            return broken(file, root, "a file is there twice", err);
    }
    return STATUS_OK;
}

/* ---- dvc.lock ---- */

static enum status read_commands(struct arena *arena, const struct value *v, const char *file,
                                 struct dvc_lock_stage *out, struct error *err)
{
    if (v->type != VALUE_STRING && v->type != VALUE_LIST)
        return broken(file, v, "`cmd` is a string or a list of strings", err);
    if (v->type == VALUE_STRING) {
        split_dvc_lines(arena, v->text, &out->commands, &out->command_count);
        return STATUS_OK;
    }
    out->commands = arena_array(arena, struct str, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        const struct value *item = v->list.items[i];
        if (item->type != VALUE_STRING)
            return broken(file, item, "`cmd` is a string or a list of strings", err);
        struct str command = item->text;
        while (str_ends(command, STR("\n")))
            command.len--;
        if (str_trim(command).len > 0)
            out->commands[out->command_count++] = str_dup(arena, command);
    }
    return STATUS_OK;
}

static enum status read_stage(struct arena *arena, const struct value_pair *pair, const char *file,
                              struct dvc_lock_stage *out, struct error *err)
{
    const struct value *v = pair->value, *params = value_get(v, STR("params"));
    *out = (struct dvc_lock_stage){.name = pair->key};
    if (v->type != VALUE_MAP || value_get(v, STR("cmd")) == NULL)
        return broken(file, v, "a stage is a map with `cmd`", err);
    if (params != NULL && params->type == VALUE_MAP)
        out->params = params;
    else if (params != NULL && params->type != VALUE_NULL)
        return broken(file, params, "`params` is a map of files", err);
    enum status status = read_commands(arena, value_get(v, STR("cmd")), file, out, err);
    if (status == STATUS_OK)
        status = read_entries(arena, value_get(v, STR("deps")), STR("path"), file, &out->deps, &out->dep_count, err);
    if (status == STATUS_OK)
        status = read_entries(arena, value_get(v, STR("outs")), STR("path"), file, &out->outs, &out->out_count, err);
    return status;
}

enum status dvc_parse_lock(struct arena *arena, struct str text, struct str file, struct dvc_lock *out,
                           struct error *err)
{
    *out = (struct dvc_lock){0};
    const char *name = str_terminated(arena, file);
    struct value *root;
    enum status status = yaml_parse(arena, text, file, &root, err);
    if (status != STATUS_OK || root->type == VALUE_NULL)
        return status;
    const struct value *schema = value_get(root, STR("schema"));
    const struct value *stages = schema != NULL ? value_get(root, STR("stages")) : root; /* before there was a schema */
    if (schema != NULL && (schema->type != VALUE_STRING || !str_is(schema->text, "2.0")))
        return error_at(err, STATUS_MANIFEST, name, schema->line, schema->column,
                        "only schema '2.0' of dvc.lock is known; let a DVC of today write it again");
    if (stages == NULL || stages->type == VALUE_NULL)
        return STATUS_OK;
    if (stages->type != VALUE_MAP)
        return broken(name, stages, "`stages` is a map", err);
    out->stages = arena_array(arena, struct dvc_lock_stage, stages->map.count);
    for (; out->stage_count < stages->map.count && status == STATUS_OK; out->stage_count++)
        status = read_stage(arena, &stages->map.pairs[out->stage_count], name, &out->stages[out->stage_count], err);
    return status;
}

const struct dvc_lock_stage *dvc_lock_find(const struct dvc_lock *lock, struct str name)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        if (str_equal(lock->stages[i].name, name))
            return &lock->stages[i];
    return NULL;
}
