/* Writing records and what they need to a file, as a stream. */
#include "store/export.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "store/record.h"

#define WRITE_UNIT (1u << 20)

enum { CHUNK_WRITTEN = 1, OBJECT_WRITTEN = 2, TREE_WRITTEN = 4 };

struct export {
    struct store *store;
    const struct store_export_options *options;
    struct store_transfer *counts;
    int fd;
    bool pipe;
    const char *name;
    struct buf out; /* not written yet */
    struct hasher *hasher;
    struct marks marks;
    struct buf records; /* whole frames */
};

/* ---- frames ---- */

/* A pipe that can be written to takes so much without blocking: a slow reader keeps no interrupt waiting. */
static enum status write_pipe(struct export *e, struct str bytes, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && bytes.len > 0) {
        struct str piece = str_slice(bytes, 0, bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
        bytes = str_slice(bytes, piece.len, bytes.len);
        status = interrupt_wait(e->fd, POLLOUT, err);
        if (status == STATUS_OK)
            status = fs_write_all(e->fd, piece.ptr, piece.len, e->name, err);
    }
    return status;
}

static enum status flush(struct export *e, struct error *err)
{
    hasher_update(e->hasher, e->out.ptr, e->out.len);
    e->counts->bytes += e->out.len;
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK && e->pipe)
        status = write_pipe(e, buf_view(&e->out), err);
    else if (status == STATUS_OK)
        status = fs_write_all(e->fd, e->out.ptr, e->out.len, e->name, err);
    buf_clear(&e->out);
    return status;
}

static void append_frame(struct buf *out, enum frame_kind kind, struct digest digest, struct str payload)
{
    buf_u8(out, (uint8_t)kind);
    buf_u32(out, (uint32_t)(DIGEST_SIZE + payload.len));
    buf_append(out, digest.bytes, DIGEST_SIZE);
    buf_str(out, payload);
}

static enum status write_frame(struct export *e, enum frame_kind kind, struct digest digest, struct str payload,
                               struct error *err)
{
    append_frame(&e->out, kind, digest, payload);
    return e->out.len >= WRITE_UNIT ? flush(e, err) : STATUS_OK;
}

/* ---- objects ---- */

static enum status write_chunk(void *ctx, struct digest digest, struct str block, struct str bytes, struct error *err)
{
    struct export *e = ctx;
    (void)bytes;
    if (!marks_add(&e->marks, digest, CHUNK_WRITTEN))
        return STATUS_OK;
    e->counts->chunks++;
    return write_frame(e, FRAME_CHUNK, digest, block, err);
}

/* What is kept of an object of several chunks. */
static enum status find_list(struct store *store, struct digest digest, struct buf *value, bool *found,
                             struct error *err)
{
    struct fetch fetch;
    enum status status = fetch_exists(store, NULL, ITEM_CHUNK, digest, found, err);
    if (status != STATUS_OK || *found) {
        *found = false;
        return status;
    }
    status = fetch_begin(store, NULL, ITEM_OBJECT, digest, &fetch, found, err);
    if (status != STATUS_OK)
        return status;
    if (*found)
        buf_str(value, fetch.value);
    fetch_end(&fetch);
    return STATUS_OK;
}

static enum status write_object(struct export *e, struct digest digest, unsigned depth, struct flaw *flaw,
                                struct error *err);

/* The object that a list's entries are in goes before the list. */
static enum status write_list(struct export *e, struct digest digest, struct str value, unsigned depth,
                              struct flaw *flaw, struct error *err)
{
    struct list list;
    enum status status = STATUS_OK;
    if (value.len > FRAME_OBJECT_MAX - DIGEST_SIZE || depth >= LIST_DEPTH_MAX || !list_decode(value, digest, &list)) {
        *flaw = (struct flaw){FLAW_LIST, digest};
        return STATUS_OK;
    }
    if (list.kind == LIST_INDIRECT)
        status = write_object(e, list.entries_digest, depth + 1, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE)
        status = inspect_list(e->store, digest, value, write_chunk, e, flaw, err);
    if (status != STATUS_OK || flaw->kind != FLAW_NONE)
        return status;
    e->counts->objects++;
    return write_frame(e, FRAME_OBJECT, digest, value, err);
}

static enum status write_object(struct export *e, struct digest digest, unsigned depth, struct flaw *flaw,
                                struct error *err)
{
    struct buf value = {0};
    bool found;
    if (marks_get(&e->marks, digest) & OBJECT_WRITTEN)
        return STATUS_OK;
    enum status status = find_list(e->store, digest, &value, &found, err);
    if (status == STATUS_OK && found)
        status = write_list(e, digest, buf_view(&value), depth, flaw, err);
    else if (status == STATUS_OK)
        status = inspect_object(e->store, digest, write_chunk, e, flaw, err);
    if (status == STATUS_OK && flaw->kind == FLAW_NONE)
        marks_add(&e->marks, digest, OBJECT_WRITTEN);
    buf_finish(&value);
    return status;
}

static enum status visit(void *ctx, struct digest digest, struct flaw *flaw, struct error *err)
{
    return write_object(ctx, digest, 0, flaw, err);
}

/* ---- records ---- */

static void leave_out(struct export *e, const struct record *record, struct str path, const char *text)
{
    struct store_fault fault = {.kind = FAULT_RECORD, .digest = record->key, .id = record->id, .path = path,
                                .text = str_from(text)};
    e->counts->left_out++;
    if (e->options->left_out != NULL)
        e->options->left_out(e->options->ctx, &fault);
}

/* Keeps the frame of a record for the end of the file. */
static enum status keep_record(struct export *e, const struct record *record, struct error *err)
{
    struct buf payload = {0};
    enum status status = STATUS_OK;
    buf_append(&payload, record->key.bytes, DIGEST_SIZE);
    record_encode(record, &payload);
    if (payload.len > FRAME_RECORD_MAX - DIGEST_SIZE || e->records.len + payload.len > EXPORT_RECORDS_MAX)
        status = error_set(err, STATUS_STORE, "the records alone take more than an export can hold (%u MiB); export "
                           "some stages at a time", EXPORT_RECORDS_MAX >> 20);
    else
        append_frame(&e->records, FRAME_RECORD, digest_of(payload.ptr, payload.len), buf_view(&payload));
    buf_finish(&payload);
    e->counts->records += status == STATUS_OK;
    return status;
}

static enum status export_record(struct export *e, struct record *record, struct error *err)
{
    struct inspection in = {e->store, &e->marks, TREE_WRITTEN, visit, e};
    const struct record_out *at;
    struct flaw flaw;
    enum status status = inspect_record(&in, record, &flaw, &at, err);
    if (status != STATUS_OK)
        return status;
    if (flaw.kind != FLAW_NONE) {
        char text[FLAW_TEXT_MAX];
        leave_out(e, record, at->path, flaw_text(&flaw, text));
        return STATUS_OK;
    }
    if (!digest_is_zero(record->log))
        status = visit(e, record->log, &flaw, err);
    if (flaw.kind != FLAW_NONE)
        record->log = (struct digest){{0}}; /* it can do without */
    return status == STATUS_OK ? keep_record(e, record, err) : status;
}

static enum status export_value(struct export *e, struct digest key, uint64_t id, struct str value, struct error *err)
{
    struct arena arena;
    struct record record = {.key = key, .id = id};
    enum status status = STATUS_OK;
    arena_init(&arena);
    if (record_decode(value, key, &arena, &record))
        status = export_record(e, &record, err);
    else
        leave_out(e, &record, STR(""), "it is damaged");
    arena_finish(&arena);
    return status;
}

/* Records whose keys begin with `prefix`: 16 bytes for those of one key, none for all. */
static enum status export_range(struct export *e, struct str prefix, struct error *err)
{
    struct scan scan = {.store = e->store, .database = DB_RECORDS};
    struct buf value = {0};
    bool found = true;
    enum status status = STATUS_OK;
    if (prefix.len > 0) {
        buf_str(&scan.key, prefix); /* no record has a key as short, so the next one is the first of these */
        scan.started = true;
    }
    while (status == STATUS_OK && (status = scan_next(&scan, &value, &found, err)) == STATUS_OK && found) {
        if (!str_starts(buf_view(&scan.key), prefix))
            break;
        if (scan.key.len != RECORD_KEY_SIZE)
            continue;
        struct digest key;
        uint64_t id = 0;
        memcpy(key.bytes, scan.key.ptr, DIGEST_SIZE);
        for (unsigned i = DIGEST_SIZE; i < RECORD_KEY_SIZE; i++)
            id = id << 8 | (uint8_t)scan.key.ptr[i];
        status = export_value(e, key, id, buf_view(&value), err);
    }
    buf_finish(&value);
    scan_finish(&scan);
    return status;
}

static enum status export_source(struct export *e, const struct record_out *source, struct error *err)
{
    struct inspection in = {e->store, &e->marks, TREE_WRITTEN, visit, e};
    struct record alone = {.outs = (struct record_out *)(uintptr_t)source, .out_count = 1};
    const struct record_out *at;
    struct flaw flaw;
    char text[FLAW_TEXT_MAX];
    enum status status = inspect_record(&in, &alone, &flaw, &at, err);
    if (status != STATUS_OK)
        return status;
    if (flaw.kind == FLAW_NONE) {
        e->counts->sources++;
        return STATUS_OK;
    }
    struct store_fault fault = {.kind = FAULT_OBJECT, .digest = source->digest, .path = source->path,
                                .text = str_from(flaw_text(&flaw, text))};
    e->counts->left_out++;
    if (e->options->left_out != NULL)
        e->options->left_out(e->options->ctx, &fault);
    return STATUS_OK;
}

static enum status export_wanted(struct export *e, struct error *err)
{
    for (uint32_t i = 0; i < e->options->source_count; i++) {
        enum status status = export_source(e, &e->options->sources[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (e->options->keys == NULL)
        return export_range(e, STR(""), err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < e->options->key_count; i++)
        status = export_range(e, (struct str){(const char *)e->options->keys[i].bytes, DIGEST_SIZE}, err);
    return status;
}

static enum status write_end(struct export *e, struct error *err)
{
    /* In pieces: an export has room for them once, not twice. */
    enum status status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < e->records.len; at += WRITE_UNIT) {
        size_t end = e->records.len - at < WRITE_UNIT ? e->records.len : at + WRITE_UNIT;
        buf_str(&e->out, str_slice(buf_view(&e->records), at, end));
        status = flush(e, err);
    }
    buf_u8(&e->out, FRAME_END);
    buf_u32(&e->out, END_PAYLOAD);
    buf_u64(&e->out, e->counts->chunks);
    buf_u64(&e->out, e->counts->objects);
    buf_u64(&e->out, e->counts->records);
    if (status == STATUS_OK)
        status = flush(e, err);
    struct digest digest = hasher_digest(e->hasher);
    buf_append(&e->out, digest.bytes, DIGEST_SIZE);
    return status == STATUS_OK ? flush(e, err) : status;
}

enum status store_export(struct store *store, const struct store_export_options *options, int fd, const char *name,
                         struct store_transfer *out, struct error *err)
{
    struct export e = {.store = store, .options = options, .counts = out, .fd = fd, .name = name};
    struct stat st;
    e.pipe = fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
    *out = (struct store_transfer){0};
    e.hasher = hasher_create();
    buf_append(&e.out, EXPORT_MAGIC, 8);
    buf_u32(&e.out, EXPORT_VERSION);
    enum status status = export_wanted(&e, err);
    if (status == STATUS_OK)
        status = write_end(&e, err);
    hasher_destroy(e.hasher);
    marks_finish(&e.marks);
    buf_finish(&e.out);
    buf_finish(&e.records);
    return status;
}
