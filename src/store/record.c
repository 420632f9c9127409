/* Records to bytes and back. */
#include "store/record.h"

#include <assert.h>
#include <string.h>

#define RECORD_VERSION 2
#define CHECK_AT 2
#define IDENTITY_AT (CHECK_AT + DIGEST_SIZE)
#define BODY_AT (IDENTITY_AT + DIGEST_SIZE)
#define OUT_MIN (3 + DIGEST_SIZE + 8 + 4)
#define INPUT_MIN (2 + DIGEST_SIZE + 4)

/* ---- outs and inputs ---- */

void outs_encode(const struct record_out *outs, uint32_t count, struct buf *out)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_u8(out, (uint8_t)outs[i].kind);
        buf_u8(out, outs[i].executable);
        buf_u8(out, outs[i].stored);
        buf_append(out, outs[i].digest.bytes, DIGEST_SIZE);
        buf_u64(out, outs[i].size);
        buf_lstr(out, outs[i].path);
    }
}

void inputs_encode(const struct record_input *inputs, uint32_t count, struct buf *out)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_u8(out, (uint8_t)inputs[i].kind);
        buf_u8(out, inputs[i].executable);
        buf_append(out, inputs[i].digest.bytes, DIGEST_SIZE);
        buf_lstr(out, inputs[i].path);
    }
}

static bool read_kind(struct reader *r, enum entry_kind *kind)
{
    uint8_t value = reader_u8(r);
    *kind = value;
    return value >= ENTRY_FILE && value <= ENTRY_MISSING;
}

static bool read_bool(struct reader *r, bool *out)
{
    uint8_t value = reader_u8(r);
    *out = value == 1;
    return value <= 1;
}

/* Paths are handed to the system, so they are terminated. */
static bool read_path(struct reader *r, struct arena *arena, struct str *path)
{
    *path = str_dup(arena, reader_lstr(r));
    return !r->bad && path->len > 0 && memchr(path->ptr, '\0', path->len) == NULL;
}

bool outs_decode(struct reader *r, struct arena *arena, struct record_out **outs, uint32_t *count)
{
    *count = reader_u32(r);
    if (r->bad || *count > (size_t)(r->end - r->ptr) / OUT_MIN)
        return false;
    *outs = arena_array(arena, struct record_out, *count);
    for (uint32_t i = 0; i < *count; i++) {
        struct record_out *o = &(*outs)[i];
        if (!read_kind(r, &o->kind) || !read_bool(r, &o->executable) || !read_bool(r, &o->stored))
            return false;
        o->digest = reader_digest(r);
        o->size = reader_u64(r);
        if (!read_path(r, arena, &o->path))
            return false;
    }
    return true;
}

bool inputs_decode(struct reader *r, struct arena *arena, struct record_input **inputs, uint32_t *count)
{
    *count = reader_u32(r);
    if (r->bad || *count > (size_t)(r->end - r->ptr) / INPUT_MIN)
        return false;
    *inputs = arena_array(arena, struct record_input, *count);
    for (uint32_t i = 0; i < *count; i++) {
        struct record_input *input = &(*inputs)[i];
        if (!read_kind(r, &input->kind) || !read_bool(r, &input->executable))
            return false;
        input->digest = reader_digest(r);
        if (!read_path(r, arena, &input->path))
            return false;
    }
    return true;
}

/* ---- records ---- */

void record_encode(const struct record *record, struct buf *out)
{
    size_t start = out->len;
    uint8_t head[BODY_AT] = {RECORD_VERSION, record->input_count > 0 ? RECORD_FLAG_INPUTS : 0};
    buf_append(out, head, sizeof head);
    buf_u64(out, (uint64_t)record->created_ms);
    buf_u64(out, record->duration_ms);
    buf_lstr(out, record->origin);
    buf_append(out, record->log.bytes, DIGEST_SIZE);
    size_t tail = out->len;
    outs_encode(record->outs, record->out_count, out);
    inputs_encode(record->inputs, record->input_count, out);
    struct digest digest = digest_of(out->ptr + tail, out->len - tail);
    memcpy(out->ptr + start + IDENTITY_AT, digest.bytes, DIGEST_SIZE);
    digest = digest_bound(digest_of(out->ptr + start + IDENTITY_AT, out->len - start - IDENTITY_AT), record->key);
    memcpy(out->ptr + start + CHECK_AT, digest.bytes, DIGEST_SIZE);
}

bool record_head(struct str value, struct record_head *out)
{
    struct reader r = reader_from(value.ptr, value.len);
    uint8_t version = reader_u8(&r), flags = reader_u8(&r);
    reader_digest(&r);
    out->identity = reader_digest(&r);
    out->has_inputs = flags & RECORD_FLAG_INPUTS;
    return !r.bad && version == RECORD_VERSION && flags <= RECORD_FLAG_INPUTS;
}

bool record_decode(struct str value, struct digest key, struct arena *arena, struct record *out)
{
    struct record_head head;
    if (!record_head(value, &head))
        return false;
    struct reader r = reader_from(value.ptr + CHECK_AT, value.len - CHECK_AT);
    struct digest check = reader_digest(&r);
    if (!digest_equal(check, digest_bound(digest_of(r.ptr, (size_t)(r.end - r.ptr)), key)))
        return false;
    out->key = key;
    reader_digest(&r);
    out->created_ms = (int64_t)reader_u64(&r);
    out->duration_ms = reader_u64(&r);
    out->origin = reader_lstr(&r);
    out->log = reader_digest(&r);
    return outs_decode(&r, arena, &out->outs, &out->out_count) &&
           inputs_decode(&r, arena, &out->inputs, &out->input_count) && reader_done(&r) &&
           head.has_inputs == (out->input_count > 0);
}
