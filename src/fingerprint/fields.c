/* The one walk over everything that decides what a stage produces. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint/fingerprint.h"

static const char *const tag_names[FIELD_TAG_END] = {
    [FIELD_PLATFORM] = "platform", [FIELD_COMMAND] = "cmd", [FIELD_SHELL] = "shell", [FIELD_WDIR] = "wdir",
    [FIELD_ENV] = "env",           [FIELD_PARAM] = "params", [FIELD_TOOL] = "tools", [FIELD_DEP] = "deps",
    [FIELD_OUT] = "outs",          [FIELD_DEPFILE] = "depfile",
    [FIELD_FOUND] = "found",
};

const char *field_tag_name(enum field_tag tag)
{
    return tag_names[tag];
}

bool field_tag_parse(struct str name, enum field_tag *out)
{
    for (int tag = FIELD_PLATFORM; tag < FIELD_TAG_END; tag++)
        if (str_is(name, tag_names[tag])) {
            *out = (enum field_tag)tag;
            return true;
        }
    return false;
}

/* Fields while they are gathered. */
struct gather {
    struct arena *arena;
    struct field *items; /* malloc'd */
    uint32_t count, cap;
};

static void add(struct gather *g, enum field_tag tag, struct str name, struct str value)
{
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] = (struct field){tag, name, value};
}

static int compare_fields(const struct field *a, const struct field *b)
{
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    if (a->tag == FIELD_COMMAND && a->name.len != b->name.len) /* numbered */
        return a->name.len < b->name.len ? -1 : 1;
    return str_compare(a->name, b->name);
}

static int compare_for_sort(const void *a, const void *b)
{
    return compare_fields(a, b);
}

void fields_sort(struct fields *fields)
{
    if (fields->count > 1)
        qsort(fields->items, fields->count, sizeof *fields->items, compare_for_sort);
}

/* ---- environment ---- */

static void add_env(struct gather *g, const struct manifest_env *env)
{
    if (env->has_value) { /* it stands in the manifest, so it is no secret */
        add(g, FIELD_ENV, env->name, str_format(g->arena, "=" STR_FMT, STR_ARG(env->value)));
        return;
    }
    const char *value = getenv(str_terminated(g->arena, env->name));
    char hex[DIGEST_HEX + 1];
    struct str text = STR("unset");
    if (value != NULL && env->show)
        text = str_format(g->arena, "=%s", value);
    else if (value != NULL)
        text = str_format(g->arena, "xxh3 %s", digest_hex(digest_of(value, strlen(value)), hex));
    add(g, FIELD_ENV, env->name, text);
}

/* ---- parameters ---- */

/* A component of a dotted name; one that would be ambiguous is quoted. */
static void append_component(struct buf *name, struct str key)
{
    if (key.len > 0 && str_find(key, '.') < 0 && str_find(key, '"') < 0) {
        buf_str(name, key);
        return;
    }
    buf_char(name, '"');
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == '"' || key.ptr[i] == '\\')
            buf_char(name, '\\');
        buf_char(name, key.ptr[i]);
    }
    buf_char(name, '"');
}

/* A map is spread into its leaves, so that an explanation can name the one that changed. The first `prefix` bytes of
 * the name are those of the file. */
static void add_leaves(struct gather *g, struct buf *name, size_t prefix, const struct value *value)
{
    if (value->type == VALUE_MAP && value->map.count > 0) {
        for (uint32_t i = 0; i < value->map.count; i++) {
            size_t len = name->len;
            if (len > prefix)
                buf_char(name, '.');
            append_component(name, value->map.pairs[i].key);
            add_leaves(g, name, prefix, value->map.pairs[i].value);
            name->len = len;
        }
        return;
    }
    struct buf text = {0};
    value_canonical(value, &text);
    add(g, FIELD_PARAM, str_dup(g->arena, buf_view(name)), str_dup(g->arena, buf_view(&text)));
    buf_finish(&text);
}

/* All leaves of a value as dotted names, for "did you mean". */
static enum status missing_key(struct gather *g, const struct manifest_stage *stage,
                               const struct manifest_params *params, const struct manifest_key *key,
                               const struct value *root, struct error *err)
{
    struct gather all = {.arena = g->arena};
    struct buf name = {0};
    add_leaves(&all, &name, 0, root);
    for (uint32_t i = 0; root->type == VALUE_MAP && i < root->map.count; i++)
        add(&all, FIELD_PARAM, root->map.pairs[i].key, STR(""));
    struct str *names = arena_array(g->arena, struct str, all.count);
    for (uint32_t i = 0; i < all.count; i++)
        names[i] = all.items[i].name;
    const struct str *nearest = str_nearest(key->key, names, all.count);
    const char *file = str_terminated(g->arena, stage->file);
    enum status status = nearest ? error_at(err, STATUS_MANIFEST, file, key->at.line, key->at.column,
                                            STR_FMT " has no key `" STR_FMT "`; did you mean `" STR_FMT "`?",
                                            STR_ARG(params->path), STR_ARG(key->key), STR_ARG(*nearest))
                                 : error_at(err, STATUS_MANIFEST, file, key->at.line, key->at.column,
                                            STR_FMT " has no key `" STR_FMT "`; add it, or take it out of `params`",
                                            STR_ARG(params->path), STR_ARG(key->key));
    buf_finish(&name);
    free(all.items);
    return status;
}

static enum status add_params(struct fingerprint *fp, struct gather *g, const struct manifest_stage *stage,
                              const struct manifest_params *params, struct error *err)
{
    struct params_file *file;
    enum status status = params_load(fp, stage, params, &file, err);
    if (status != STATUS_OK)
        return status;
    struct str prefix = str_format(g->arena, STR_FMT ":", STR_ARG(params->path));
    char hex[DIGEST_HEX + 1];
    if (file->root == NULL) {
        add(g, FIELD_PARAM, prefix, str_format(g->arena, "file %s", digest_hex(file->digest, hex)));
        return STATUS_OK;
    }
    struct buf name = {0};
    buf_str(&name, prefix);
    if (params->whole)
        add_leaves(g, &name, prefix.len, file->root);
    for (uint32_t i = 0; i < params->key_count && status == STATUS_OK; i++) {
        const struct manifest_key *key = &params->keys[i];
        const struct value *value = value_find(file->root, key->key);
        if (key->resolved.len > 0)
            status = yaml_parse(g->arena, key->resolved, key->key, (struct value **)&value, err);
        name.len = prefix.len;
        buf_str(&name, key->key);
        if (status == STATUS_OK && value == NULL)
            status = missing_key(g, stage, params, key, file->root, err);
        else if (status == STATUS_OK)
            add_leaves(g, &name, prefix.len, value);
    }
    buf_finish(&name);
    return status;
}

/* ---- all ---- */

static struct str out_flags(const struct manifest_out *out)
{
    if (out->persist)
        return out->cache ? STR("cached persist") : STR("persist");
    return out->cache ? STR("cached") : STR("uncached");
}

static void add_declared(struct fingerprint *fp, struct gather *g, const struct manifest_stage *stage)
{
    if (!stage->portable)
        add(g, FIELD_PLATFORM, STR(""), fp->platform);
    for (uint32_t i = 0; i < stage->command_count; i++)
        add(g, FIELD_COMMAND, str_format(g->arena, "%u", i), stage->commands[i]);
    add(g, FIELD_SHELL, STR(""), stage->shell);
    add(g, FIELD_WDIR, STR(""), stage->wdir);
    for (uint32_t i = 0; i < stage->env_count; i++)
        add_env(g, &stage->env[i]);
    for (uint32_t i = 0; i < stage->tool_count; i++) {
        uint32_t index = table_get(&fp->tool_index, stage->tools[i]);
        assert(index != TABLE_NONE);
        add(g, FIELD_TOOL, stage->tools[i], fp->tool_outputs[index]);
    }
    for (uint32_t i = 0; i < stage->out_count; i++)
        add(g, FIELD_OUT, stage->outs[i].path, out_flags(&stage->outs[i]));
    if (stage->depfile.len > 0)
        add(g, FIELD_DEPFILE, STR(""), stage->depfile);
}

/* Sorts, and drops what was declared twice (a group and a key of it). */
static struct fields settle(struct gather *g)
{
    if (g->count > 1)
        qsort(g->items, g->count, sizeof *g->items, compare_for_sort);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->count; i++)
        if (kept == 0 || compare_fields(&g->items[kept - 1], &g->items[i]) != 0)
            g->items[kept++] = g->items[i];
    return (struct fields){arena_copy(g->arena, g->items, kept * sizeof *g->items), kept};
}

enum status fingerprint_fields(struct fingerprint *fp, struct arena *arena, const struct graph *graph,
                               struct stage_id stage, const struct input *inputs, struct fields *out,
                               struct error *err)
{
    const struct graph_stage *node = &graph->stages[stage.index];
    struct gather g = {.arena = arena};
    add_declared(fp, &g, node->declared);
    for (uint32_t i = 0; i < node->dep_count; i++)
        add(&g, FIELD_DEP, graph->files[node->deps[i].index].path, input_text(arena, &inputs[i]));
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < node->declared->params_count && status == STATUS_OK; i++)
        status = add_params(fp, &g, node->declared, &node->declared->params[i], err);
    if (status == STATUS_OK)
        *out = settle(&g);
    free(g.items);
    return status;
}

enum status fingerprint_check_params(struct fingerprint *fp, const struct graph *graph, struct stage_id stage,
                                     struct error *err)
{
    const struct manifest_stage *declared = graph->stages[stage.index].declared;
    if (declared->frozen)
        return STATUS_OK;
    struct arena scratch;
    arena_init(&scratch);
    struct gather g = {.arena = &scratch};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < declared->params_count && status == STATUS_OK; i++)
        if (!graph_is_made(graph, declared->params[i].path))
            status = add_params(fp, &g, declared, &declared->params[i], err);
    free(g.items);
    arena_finish(&scratch);
    return status;
}

struct digest fields_key(const struct fields *fields)
{
    struct buf bytes = {0};
    buf_u32(&bytes, KEY_FORMAT);
    for (uint32_t i = 0; i < fields->count; i++) {
        buf_u8(&bytes, (uint8_t)fields->items[i].tag);
        buf_lstr(&bytes, fields->items[i].name);
        buf_lstr(&bytes, fields->items[i].value);
    }
    struct digest key = digest_of(bytes.ptr, bytes.len);
    buf_finish(&bytes);
    return key;
}

void fields_compare(const struct fields *before, const struct fields *after,
                    void (*change)(void *ctx, const struct field *old, const struct field *now), void *ctx)
{
    uint32_t i = 0, j = 0;
    while (i < before->count || j < after->count) {
        const struct field *old = i < before->count ? &before->items[i] : NULL;
        const struct field *now = j < after->count ? &after->items[j] : NULL;
        int order = old == NULL ? 1 : now == NULL ? -1 : compare_fields(old, now);
        if (order < 0)
            change(ctx, old, NULL);
        else if (order > 0)
            change(ctx, NULL, now);
        else if (!str_equal(old->value, now->value))
            change(ctx, old, now);
        i += order <= 0;
        j += order >= 0;
    }
}
