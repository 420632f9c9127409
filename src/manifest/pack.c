/* A loaded manifest as bytes, so that a large one need not be parsed again while its text is the same.
 *
 * Strings carry their terminator and are used where they lie. What the bytes say is believed only as far as it can be
 * checked: a number that makes no sense ends the reading, and the manifest is loaded from its text. */
#include <string.h>

#include "refit/manifest.h"

/* To be raised whenever loading a manifest gives something else than before. */
enum { PACK_FORMAT = 8 };

static void put_str(struct buf *out, struct str s)
{
    buf_lstr(out, s);
    buf_u8(out, 0);
}

static void put_position(struct buf *out, struct position at)
{
    buf_u32(out, at.line);
    buf_u32(out, at.column);
}

static void put_paths(struct buf *out, const struct manifest_path *paths, uint32_t count)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_str(out, paths[i].path);
        put_position(out, paths[i].at);
    }
}

static void put_strs(struct buf *out, const struct str *items, uint32_t count)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        put_str(out, items[i]);
}

static void put_params(struct buf *out, const struct manifest_stage *stage)
{
    buf_u32(out, stage->params_count);
    for (uint32_t i = 0; i < stage->params_count; i++) {
        const struct manifest_params *params = &stage->params[i];
        put_str(out, params->path);
        put_position(out, params->at);
        buf_u8(out, params->whole);
        buf_u32(out, params->key_count);
        for (uint32_t j = 0; j < params->key_count; j++) {
            put_str(out, params->keys[j].key);
            put_position(out, params->keys[j].at);
            put_str(out, params->keys[j].resolved);
        }
    }
}

static void put_outs(struct buf *out, const struct manifest_stage *stage)
{
    buf_u32(out, stage->out_count);
    for (uint32_t i = 0; i < stage->out_count; i++) {
        put_str(out, stage->outs[i].path);
        put_position(out, stage->outs[i].at);
        buf_u8(out, (uint8_t)stage->outs[i].kind);
        buf_u8(out, (uint8_t)(stage->outs[i].cache | stage->outs[i].persist << 1 | stage->outs[i].executable << 2));
        put_str(out, stage->outs[i].md5);
    }
}

static void put_env(struct buf *out, const struct manifest_stage *stage)
{
    buf_u32(out, stage->env_count);
    for (uint32_t i = 0; i < stage->env_count; i++) {
        put_str(out, stage->env[i].name);
        put_str(out, stage->env[i].value);
        put_position(out, stage->env[i].at);
        buf_u8(out, (uint8_t)(stage->env[i].has_value | stage->env[i].show << 1));
    }
}

static void put_resources(struct buf *out, const struct manifest_stage *stage)
{
    buf_u32(out, stage->resource_count);
    for (uint32_t i = 0; i < stage->resource_count; i++) {
        put_str(out, stage->resources[i].name);
        put_position(out, stage->resources[i].at);
        buf_u64(out, stage->resources[i].amount);
    }
}

static void put_stage(struct buf *out, const struct manifest_stage *stage)
{
    put_str(out, stage->name);
    put_str(out, stage->file);
    put_position(out, stage->at);
    put_position(out, stage->cmd_at);
    put_position(out, stage->depfile_at);
    buf_u8(out, (uint8_t)stage->kind);
    buf_u8(out, (uint8_t)(stage->frozen | stage->always_changed << 1 | stage->portable << 2 | stage->console << 3 |
                          stage->source << 4));
    buf_u64(out, stage->timeout_ms);
    buf_u32(out, stage->retries);
    put_str(out, stage->wdir);
    put_str(out, stage->shell);
    put_str(out, stage->depfile);
    put_str(out, stage->desc);
    put_str(out, stage->environment);
    put_str(out, stage->rule);
    buf_u32(out, stage->check);
    put_strs(out, stage->commands, stage->command_count);
    put_strs(out, stage->tools, stage->tool_count);
    put_paths(out, stage->deps, stage->dep_count);
    put_paths(out, stage->needs, stage->needs_count);
    put_params(out, stage);
    put_outs(out, stage);
    put_env(out, stage);
    put_resources(out, stage);
}

static void put_files(struct buf *out, const struct manifest *manifest)
{
    buf_u32(out, manifest->file_count);
    for (uint32_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        put_str(out, file->path);
        put_str(out, file->by);
        put_position(out, file->at);
        buf_u8(out, file->found);
        buf_append(out, file->digest.bytes, DIGEST_SIZE);
    }
}

static void put_data(struct buf *out, const struct manifest *manifest)
{
    buf_u32(out, manifest->data_count);
    for (uint32_t i = 0; i < manifest->data_count; i++) {
        const struct manifest_data *data = &manifest->data[i];
        put_str(out, data->name);
        put_str(out, data->path);
        put_position(out, data->at);
        put_str(out, data->url);
        put_str(out, data->sha256);
        buf_u8(out, data->snapshot);
    }
}

static void put_checks(struct buf *out, const struct manifest *manifest)
{
    buf_u32(out, manifest->check_count);
    for (uint32_t i = 0; i < manifest->check_count; i++) {
        const struct manifest_check *check = &manifest->checks[i];
        buf_u8(out, (uint8_t)check->kind);
        buf_u32(out, check->stage);
        put_str(out, check->subject);
        put_str(out, check->verdict);
    }
}

void manifest_pack(const struct manifest *manifest, struct buf *out)
{
    buf_u32(out, PACK_FORMAT);
    put_str(out, manifest->desc);
    put_files(out, manifest);
    put_paths(out, manifest->metrics, manifest->metric_count);
    put_data(out, manifest);
    buf_u32(out, manifest->stage_count);
    for (uint32_t i = 0; i < manifest->stage_count; i++)
        put_stage(out, &manifest->stages[i]);
    put_checks(out, manifest);
}

/* ---- reading ---- */

static struct str get_str(struct reader *r)
{
    struct str s = reader_lstr(r);
    if (reader_u8(r) != 0)
        r->bad = true;
    return s;
}

static struct position get_position(struct reader *r)
{
    struct position at = {reader_u32(r), 0};
    at.column = reader_u32(r);
    return at;
}

/* A count of things that take at least `least` bytes each. */
static uint32_t get_count(struct reader *r, size_t least)
{
    uint32_t count = reader_u32(r);
    if (r->bad || count > (size_t)(r->end - r->ptr) / least)
        r->bad = true;
    return r->bad ? 0 : count;
}

enum { STR_LEAST = 5, POSITION_LEAST = 8 };

static struct manifest_path *get_paths(struct reader *r, struct arena *arena, uint32_t *count)
{
    *count = get_count(r, STR_LEAST + POSITION_LEAST);
    struct manifest_path *paths = arena_array(arena, struct manifest_path, *count);
    for (uint32_t i = 0; i < *count; i++) {
        paths[i].path = get_str(r);
        paths[i].at = get_position(r);
    }
    return paths;
}

static struct str *get_strs(struct reader *r, struct arena *arena, uint32_t *count)
{
    *count = get_count(r, STR_LEAST);
    struct str *items = arena_array(arena, struct str, *count);
    for (uint32_t i = 0; i < *count; i++)
        items[i] = get_str(r);
    return items;
}

static void get_params(struct reader *r, struct arena *arena, struct manifest_stage *stage)
{
    stage->params_count = get_count(r, STR_LEAST + POSITION_LEAST);
    stage->params = arena_array(arena, struct manifest_params, stage->params_count);
    for (uint32_t i = 0; i < stage->params_count; i++) {
        struct manifest_params *params = &stage->params[i];
        params->path = get_str(r);
        params->at = get_position(r);
        params->whole = reader_u8(r) != 0;
        params->key_count = get_count(r, 2 * STR_LEAST + POSITION_LEAST);
        params->keys = arena_array(arena, struct manifest_key, params->key_count);
        for (uint32_t j = 0; j < params->key_count; j++) {
            params->keys[j].key = get_str(r);
            params->keys[j].at = get_position(r);
            params->keys[j].resolved = get_str(r);
        }
    }
}

static void get_outs(struct reader *r, struct arena *arena, struct manifest_stage *stage)
{
    stage->out_count = get_count(r, 2 * STR_LEAST + POSITION_LEAST);
    stage->outs = arena_array(arena, struct manifest_out, stage->out_count);
    for (uint32_t i = 0; i < stage->out_count; i++) {
        struct manifest_out *out = &stage->outs[i];
        out->path = get_str(r);
        out->at = get_position(r);
        uint8_t kind = reader_u8(r), flags = reader_u8(r);
        if (kind > OUT_PLOT)
            r->bad = true;
        out->kind = r->bad ? OUT_PLAIN : (enum out_kind)kind;
        out->cache = flags & 1;
        out->persist = flags & 2;
        out->executable = flags & 4;
        out->md5 = get_str(r);
    }
}

static void get_env(struct reader *r, struct arena *arena, struct manifest_stage *stage)
{
    stage->env_count = get_count(r, 2 * STR_LEAST + POSITION_LEAST);
    stage->env = arena_array(arena, struct manifest_env, stage->env_count);
    for (uint32_t i = 0; i < stage->env_count; i++) {
        stage->env[i].name = get_str(r);
        stage->env[i].value = get_str(r);
        stage->env[i].at = get_position(r);
        uint8_t flags = reader_u8(r);
        stage->env[i].has_value = flags & 1;
        stage->env[i].show = flags & 2;
    }
}

static void get_resources(struct reader *r, struct arena *arena, struct manifest_stage *stage)
{
    stage->resource_count = get_count(r, STR_LEAST + POSITION_LEAST);
    stage->resources = arena_array(arena, struct manifest_resource, stage->resource_count);
    for (uint32_t i = 0; i < stage->resource_count; i++) {
        stage->resources[i].name = get_str(r);
        stage->resources[i].at = get_position(r);
        stage->resources[i].amount = reader_u64(r);
    }
}

static void get_stage(struct reader *r, struct arena *arena, struct manifest_stage *stage)
{
    stage->name = get_str(r);
    stage->file = get_str(r);
    stage->at = get_position(r);
    stage->cmd_at = get_position(r);
    stage->depfile_at = get_position(r);
    uint8_t kind = reader_u8(r), flags = reader_u8(r);
    if (kind > STAGE_DEPLOY)
        r->bad = true;
    stage->kind = r->bad ? STAGE_PLAIN : (enum stage_kind)kind;
    stage->frozen = flags & 1;
    stage->always_changed = flags & 2;
    stage->portable = flags & 4;
    stage->console = flags & 8;
    stage->source = flags & 16;
    stage->timeout_ms = reader_u64(r);
    stage->retries = reader_u32(r);
    stage->wdir = get_str(r);
    stage->shell = get_str(r);
    stage->depfile = get_str(r);
    stage->desc = get_str(r);
    stage->environment = get_str(r);
    stage->rule = get_str(r);
    stage->check = reader_u32(r);
    stage->commands = get_strs(r, arena, &stage->command_count);
    stage->tools = get_strs(r, arena, &stage->tool_count);
    stage->deps = get_paths(r, arena, &stage->dep_count);
    stage->needs = get_paths(r, arena, &stage->needs_count);
    get_params(r, arena, stage);
    get_outs(r, arena, stage);
    get_env(r, arena, stage);
    get_resources(r, arena, stage);
}

static void get_files(struct reader *r, struct arena *arena, struct manifest *manifest)
{
    manifest->file_count = get_count(r, 2 * STR_LEAST + POSITION_LEAST + DIGEST_SIZE);
    manifest->files = arena_array(arena, struct manifest_file, manifest->file_count);
    for (uint32_t i = 0; i < manifest->file_count; i++) {
        struct manifest_file *file = &manifest->files[i];
        file->path = get_str(r);
        file->by = get_str(r);
        file->at = get_position(r);
        file->found = reader_u8(r) != 0;
        file->digest = reader_digest(r);
    }
}

static void get_data(struct reader *r, struct arena *arena, struct manifest *manifest)
{
    manifest->data_count = get_count(r, 4 * STR_LEAST + POSITION_LEAST);
    manifest->data = arena_array(arena, struct manifest_data, manifest->data_count);
    for (uint32_t i = 0; i < manifest->data_count; i++) {
        struct manifest_data *data = &manifest->data[i];
        data->name = get_str(r);
        data->path = get_str(r);
        data->at = get_position(r);
        data->url = get_str(r);
        data->sha256 = get_str(r);
        data->snapshot = reader_u8(r) != 0;
    }
}

static void get_checks(struct reader *r, struct arena *arena, struct manifest *manifest)
{
    manifest->check_count = get_count(r, 1 + 4 + 2 * STR_LEAST);
    manifest->checks = arena_array(arena, struct manifest_check, manifest->check_count);
    for (uint32_t i = 0; i < manifest->check_count; i++) {
        struct manifest_check *check = &manifest->checks[i];
        uint8_t kind = reader_u8(r);
        check->kind = kind == CHECK_MODEL ? CHECK_MODEL : CHECK_DATA;
        check->stage = reader_u32(r);
        check->subject = get_str(r);
        check->verdict = get_str(r);
        r->bad |= kind > CHECK_MODEL || check->stage >= manifest->stage_count;
    }
    for (uint32_t i = 0; !r->bad && i < manifest->stage_count; i++)
        r->bad = manifest->stages[i].check > manifest->check_count;
}

bool manifest_unpack(struct arena *arena, struct str bytes, struct manifest *out)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    *out = (struct manifest){0};
    if (reader_u32(&r) != PACK_FORMAT)
        return false;
    out->desc = get_str(&r);
    get_files(&r, arena, out);
    out->metrics = get_paths(&r, arena, &out->metric_count);
    get_data(&r, arena, out);
    out->stage_count = get_count(&r, 16 * STR_LEAST);
    out->stages = arena_array(arena, struct manifest_stage, out->stage_count);
    for (uint32_t i = 0; i < out->stage_count && !r.bad; i++)
        get_stage(&r, arena, &out->stages[i]);
    if (!r.bad)
        get_checks(&r, arena, out);
    return reader_done(&r);
}
