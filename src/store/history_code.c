/* What the history keeps, to bytes and back. */
#include "store/history.h"
#include "store/record.h"

enum { PACK_LEVEL = 6, STAGE_MIN = 4 + 1 + DIGEST_SIZE + 8 + 4, METRIC_MIN = 12 };
#define UNPACKED_MAX ((uint32_t)1 << 30)

void history_pack(struct str bytes, struct buf *out)
{
    size_t bound = ZSTD_compressBound(bytes.len);
    buf_u32(out, (uint32_t)bytes.len);
    buf_reserve(out, bound);
    size_t packed = ZSTD_compress(out->ptr + out->len, bound, bytes.ptr, bytes.len, PACK_LEVEL);
    if (ZSTD_isError(packed) || packed >= bytes.len)
        buf_str(out, bytes);
    else {
        out->len += packed;
        out->ptr[out->len] = '\0';
    }
}

bool history_unpack(ZSTD_DCtx *context, struct arena *arena, struct str packed, struct str *out)
{
    struct reader r = reader_from(packed.ptr, packed.len);
    uint32_t len = reader_u32(&r);
    size_t kept = (size_t)(r.end - r.ptr);
    if (r.bad || len > UNPACKED_MAX || kept > len)
        return false;
    *out = (struct str){(const char *)r.ptr, len};
    if (kept == len)
        return true;
    /* Nothing is allocated that the frame does not promise: a damaged length costs nothing. */
    if (ZSTD_getFrameContentSize(r.ptr, kept) != len)
        return false;
    char *plain = arena_alloc(arena, len, 1);
    out->ptr = plain;
    return ZSTD_decompressDCtx(context, plain, len, r.ptr, kept) == len;
}

/* ---- runs ---- */

#define RUN_DIRTY 1u
#define RUN_PINNED 2u

void history_run_encode(const struct history_run *run, struct buf *out)
{
    buf_u8(out, (uint8_t)((run->dirty ? RUN_DIRTY : 0) | (run->pinned ? RUN_PINNED : 0)));
    buf_u8(out, (uint8_t)run->exit_status);
    buf_u64(out, (uint64_t)run->started_ms);
    buf_u64(out, run->duration_ms);
    for (int i = 0; i < HISTORY_COUNTERS; i++)
        buf_u32(out, run->counts[i]);
    buf_u32(out, run->builds);
    buf_append(out, run->diff.bytes, DIGEST_SIZE);
    const struct str texts[] = {run->id,      run->user,   run->host,   run->command, run->folder,
                                run->version, run->commit, run->branch, run->fault};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        buf_lstr(out, texts[i]);
}

bool history_run_decode(struct str bytes, struct arena *arena, struct history_run *out)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    uint8_t flags = reader_u8(&r);
    *out = (struct history_run){.dirty = flags & RUN_DIRTY, .pinned = flags & RUN_PINNED};
    out->exit_status = reader_u8(&r);
    out->started_ms = (int64_t)reader_u64(&r);
    out->duration_ms = reader_u64(&r);
    for (int i = 0; i < HISTORY_COUNTERS; i++)
        out->counts[i] = reader_u32(&r);
    out->builds = reader_u32(&r);
    out->diff = reader_digest(&r);
    struct str *const texts[] = {&out->id,      &out->user,   &out->host,   &out->command, &out->folder,
                                 &out->version, &out->commit, &out->branch, &out->fault};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = str_dup(arena, reader_lstr(&r));
    return reader_done(&r) && flags <= (RUN_DIRTY | RUN_PINNED) && out->id.len > 0;
}

/* ---- what it did with stages ---- */

void history_stages_encode(const struct history_stage *stages, uint32_t count, struct buf *out)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_u8(out, (uint8_t)(stages[i].state - STATE_FRESH));
        buf_append(out, stages[i].key.bytes, DIGEST_SIZE);
        buf_u64(out, stages[i].duration_ms);
        buf_lstr(out, stages[i].name);
        buf_lstr(out, stages[i].reason);
    }
}

bool history_stages_decode(struct str bytes, struct arena *arena, struct history_stage **stages, uint32_t *count)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    *count = reader_u32(&r);
    if (r.bad || *count > (size_t)(r.end - r.ptr) / STAGE_MIN)
        return false;
    *stages = arena_array(arena, struct history_stage, *count);
    for (uint32_t i = 0; i < *count; i++) {
        struct history_stage *s = &(*stages)[i];
        uint8_t state = reader_u8(&r);
        s->state = (enum stage_state)(STATE_FRESH + state);
        s->key = reader_digest(&r);
        s->duration_ms = reader_u64(&r);
        s->name = reader_lstr(&r);
        s->reason = reader_lstr(&r);
        if (r.bad || state >= HISTORY_COUNTERS)
            return false;
    }
    return reader_done(&r);
}

/* ---- builds ---- */

void history_build_encode(const struct history_build *build, struct buf *out)
{
    buf_lstr(out, build->stage);
    buf_append(out, build->key.bytes, DIGEST_SIZE);
    buf_lstr(out, build->fields);
    outs_encode(build->outs, build->out_count, out);
}

bool history_build_decode(struct str bytes, struct arena *arena, struct history_build *out)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    *out = (struct history_build){0};
    out->stage = str_dup(arena, reader_lstr(&r));
    out->key = reader_digest(&r);
    out->fields = reader_lstr(&r);
    return outs_decode(&r, arena, &out->outs, &out->out_count) && reader_done(&r);
}

void history_metrics_encode(const struct history_metric *metrics, uint32_t count, struct buf *out)
{
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_lstr(out, metrics[i].path);
        buf_lstr(out, metrics[i].name);
        buf_lstr(out, metrics[i].value);
    }
}

bool history_metrics_decode(struct str bytes, struct arena *arena, struct history_metric **metrics, uint32_t *count)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    *count = reader_u32(&r);
    if (r.bad || *count > (size_t)(r.end - r.ptr) / METRIC_MIN)
        return false;
    *metrics = arena_array(arena, struct history_metric, *count);
    for (uint32_t i = 0; i < *count; i++) {
        (*metrics)[i].path = reader_lstr(&r);
        (*metrics)[i].name = reader_lstr(&r);
        (*metrics)[i].value = reader_lstr(&r);
    }
    return reader_done(&r);
}
