/* A stage written out: what a declaration comes to, as YAML. */
#include <string.h>

#include "manifest/migrate.h"
#include "refit/base/path.h"

void migrate_append_string(struct buf *out, struct str text)
{
    struct buf escaped = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '$' && i + 1 < text.len && text.ptr[i + 1] == '{')
            buf_char(&escaped, '\\');
        buf_char(&escaped, text.ptr[i]);
    }
    yaml_append_string(out, buf_view(&escaped));
    buf_finish(&escaped);
}

static void begin_line(struct buf *out, uint32_t indent)
{
    for (uint32_t i = 0; i < indent; i++)
        buf_char(out, ' ');
}

static void put_key(struct buf *out, uint32_t indent, const char *key)
{
    begin_line(out, indent);
    buf_print(out, "%s:", key);
}

static void put_string(struct buf *out, uint32_t indent, const char *key, struct str text)
{
    put_key(out, indent, key);
    buf_char(out, ' ');
    migrate_append_string(out, text);
    buf_char(out, '\n');
}

static void put_true(struct buf *out, uint32_t indent, const char *key, bool value)
{
    if (!value)
        return;
    put_key(out, indent, key);
    buf_str(out, STR(" true\n"));
}

static void put_item(struct buf *out, uint32_t indent, struct str text, const char *end)
{
    begin_line(out, indent);
    buf_str(out, STR("- "));
    migrate_append_string(out, text);
    buf_print(out, "%s\n", end);
}

/* A path as the stage names it. */
static struct str from_wdir(const struct migration *m, const struct manifest_stage *stage, struct str path)
{
    if (path_is_inside(path))
        return path_relative(m->arena, stage->wdir, path);
    if (path.ptr[0] == '/' || str_is(stage->wdir, "."))
        return path;
    struct buf up = {0};
    for (size_t i = 0; i <= stage->wdir.len; i++)
        if (i == stage->wdir.len || stage->wdir.ptr[i] == '/')
            buf_str(&up, STR("../"));
    buf_str(&up, path);
    path = str_dup(m->arena, buf_view(&up));
    buf_finish(&up);
    return path;
}

static void put_commands(const struct manifest_stage *stage, uint32_t indent, struct buf *out)
{
    if (stage->command_count == 1 && str_find(stage->commands[0], '\n') < 0) {
        put_string(out, indent, "cmd", stage->commands[0]);
        return;
    }
    put_key(out, indent, "cmd");
    buf_char(out, '\n');
    for (uint32_t i = 0; i < stage->command_count; i++)
        put_item(out, indent + 2, stage->commands[i], "");
}

static void put_deps(const struct migration *m, const struct manifest_stage *stage, uint32_t indent, struct buf *out)
{
    if (stage->dep_count == 0)
        return;
    put_key(out, indent, "deps");
    buf_char(out, '\n');
    for (uint32_t i = 0; i < stage->dep_count; i++)
        put_item(out, indent + 2, from_wdir(m, stage, stage->deps[i].path), "");
}

static void put_params(const struct migration *m, const struct manifest_stage *stage, uint32_t indent, struct buf *out)
{
    if (stage->params_count == 0)
        return;
    put_key(out, indent, "params");
    buf_char(out, '\n');
    for (uint32_t i = 0; i < stage->params_count; i++) {
        const struct manifest_params *params = &stage->params[i];
        struct str file = from_wdir(m, stage, params->path);
        if (params->whole)
            put_item(out, indent + 2, file, ":");
        bool by_default = str_is(file, "params.yaml");
        if (params->key_count > 0 && !by_default)
            put_item(out, indent + 2, file, ":");
        for (uint32_t k = 0; k < params->key_count; k++)
            put_item(out, indent + (by_default ? 2 : 6), params->keys[k].key, "");
    }
}

static void put_outs(const struct migration *m, const struct manifest_stage *stage, uint32_t indent, struct buf *out)
{
    static const char *const sections[] = {[OUT_PLAIN] = "outs", [OUT_METRIC] = "metrics", [OUT_PLOT] = "plots"};
    for (int kind = OUT_PLAIN; kind <= OUT_PLOT; kind++) {
        bool begun = false;
        for (uint32_t i = 0; i < stage->out_count; i++) {
            const struct manifest_out *each = &stage->outs[i];
            if (each->kind != (enum out_kind)kind)
                continue;
            if (!begun) {
                put_key(out, indent, sections[kind]);
                buf_char(out, '\n');
            }
            begun = true;
            bool flags = !each->cache || each->persist;
            put_item(out, indent + 2, from_wdir(m, stage, each->path), flags ? ":" : "");
            if (!each->cache) {
                put_key(out, indent + 6, "cache");
                buf_str(out, STR(" false\n"));
            }
            put_true(out, indent + 6, "persist", each->persist);
        }
    }
}

void migrate_write_stage(const struct migration *m, uint32_t index, struct buf *out)
{
    const struct manifest_stage *stage = &m->manifest->stages[index];
    uint32_t indent = m->indent + 2;
    begin_line(out, m->indent);
    migrate_append_string(out, m->names[index]);
    buf_str(out, STR(":\n"));
    if (stage->desc.len > 0)
        put_string(out, indent, "desc", stage->desc);
    if (stage->source) {
        struct buf command = {0};
        buf_str(&command, STR("dvc pull "));
        buf_quoted(&command, path_name(stage->file));
        put_string(out, indent, "kind", STR("data"));
        put_string(out, indent, "cmd", buf_view(&command));
        buf_finish(&command);
    } else {
        put_commands(stage, indent, out);
    }
    if (!str_is(stage->wdir, "."))
        put_string(out, indent, "wdir", stage->wdir);
    put_deps(m, stage, indent, out);
    put_params(m, stage, indent, out);
    put_outs(m, stage, indent, out);
    put_true(out, indent, "frozen", stage->frozen);
    put_true(out, indent, "always_changed", stage->always_changed);
}
