/* Adding what an export has: fed with bytes that may be hostile. No length is believed before its bytes are there, and
 * nothing is added that has not been verified. */
#include "store/export.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "store/record.h"

#define READ_UNIT (1u << 20)

enum { TRIES_MAX = 3 };

/* Marks of what is counted as new, so that what gc took meanwhile, and comes again, is counted once. */
enum { NEW_CHUNK = 1, NEW_OBJECT = 2, NEW_RECORD = 4 };

static enum status damaged(const struct import *import, const char *what, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "%s is damaged at byte %" PRIu64 ": %s; no record was added", import->name,
                     import->consumed, what);
}

/* What the file had, or the store, is not there any more: the file's fault, unless a gc was at work. */
static enum status missing(const struct import *import, const struct flaw *flaw, struct error *err)
{
    bool diminished;
    char text[FLAW_TEXT_MAX];
    enum status status = store_is_diminished(import->store, &diminished, err);
    if (status != STATUS_OK)
        return status;
    if (diminished && (flaw->kind == FLAW_MISSING || flaw->kind == FLAW_CHUNK_MISSING))
        return error_set(err, STATUS_COLLECTED, "gc took part of what was being imported from %s; import it again",
                         import->name);
    return damaged(import, flaw_text(flaw, text), err);
}

/* A frame's payload without the digest before it. */
static struct str split(struct str payload, struct digest *digest)
{
    memcpy(digest->bytes, payload.ptr, DIGEST_SIZE);
    return str_slice(payload, DIGEST_SIZE, payload.len);
}

static enum status put(struct import *import, enum item_kind kind, struct digest digest, struct str value,
                       struct error *err)
{
    struct item *item = item_create(kind, digest, value.len);
    memcpy(item->value, value.ptr, value.len);
    return queue_push(import->store, item, err);
}

/* ---- chunks and objects ---- */

static enum status take_chunk(struct import *import, struct str payload, struct error *err)
{
    struct digest digest;
    struct str block = split(payload, &digest), bytes;
    bool known;
    import->counts->chunks++;
    if (!block_unpack(import->worker, block, &bytes) || !digest_equal(digest_of(bytes.ptr, bytes.len), digest))
        return damaged(import, "a chunk does not match its digest", err);
    enum status status = fetch_exists(import->store, NULL, ITEM_CHUNK, digest, &known, err);
    if (status != STATUS_OK || known)
        return status;
    if (marks_add(&import->added, digest, NEW_CHUNK)) {
        import->counts->new_chunks++;
        import->counts->new_bytes += block.len;
    }
    return put(import, ITEM_CHUNK, digest, block, err);
}

static enum status take_object(struct import *import, struct str payload, struct error *err)
{
    struct digest digest;
    struct str value = split(payload, &digest);
    struct flaw flaw;
    bool known;
    char text[FLAW_TEXT_MAX];
    import->counts->objects++;
    enum status status = object_exists(import->store, NULL, digest, &known, err);
    if (status == STATUS_CORRUPT) /* the list of it that was there has been taken out */
        status = STATUS_OK;
    else if (status != STATUS_OK || known)
        return status;
    status = inspect_list(import->store, digest, value, NULL, NULL, &flaw, err);
    if (status != STATUS_OK)
        return status;
    /* What came with the file was verified: this chunk was in the store before. */
    if (flaw.kind == FLAW_CHUNK_DAMAGED)
        return error_set(err, STATUS_CORRUPT, "%s in the store in %s; `refit verify --repair` takes it out, then "
                         "import again", flaw_text(&flaw, text), import->store->env.directory);
    if (flaw.kind != FLAW_NONE)
        return missing(import, &flaw, err);
    import->counts->new_objects += marks_add(&import->added, digest, NEW_OBJECT);
    return put(import, ITEM_OBJECT, digest, value, err);
}

/* ---- records, held until the end ---- */

static enum status hold_record(struct import *import, struct str payload, struct error *err)
{
    struct digest digest;
    struct str rest = split(payload, &digest);
    import->counts->records++;
    if (!digest_equal(digest_of(rest.ptr, rest.len), digest))
        return damaged(import, "a record does not match its digest", err);
    if (import->records.len + rest.len + 4 > (size_t)EXPORT_RECORDS_MAX * 2)
        return damaged(import, "it has more records than an export can hold", err);
    buf_lstr(&import->records, rest);
    return STATUS_OK;
}

/* Outs are paths inside of a project, as refit itself writes them. */
static bool outs_are_inside(struct arena *arena, const struct record *record)
{
    for (uint32_t i = 0; i < record->out_count; i++) {
        struct str path;
        struct error ignored;
        if (path_make(arena, STR("/"), STR("."), record->outs[i].path, &path, &ignored) != STATUS_OK ||
            !str_equal(path, record->outs[i].path) || !path_is_inside(path) || str_is(path, "."))
            return false;
    }
    return true;
}

static enum status visit(void *ctx, struct digest digest, struct flaw *flaw, struct error *err)
{
    struct import *import = ctx;
    bool has;
    enum status status = object_exists(import->store, NULL, digest, &has, err);
    if (status == STATUS_OK && !has)
        *flaw = (struct flaw){FLAW_MISSING, digest};
    return status;
}

/* Record and head from the bytes of one; strings are in `arena` or point into it. */
static bool decode(struct arena *arena, struct str bytes, struct record *record, struct record_head *head)
{
    struct buf again = {0};
    *record = (struct record){0};
    struct str value = split(bytes, &record->key);
    if (!record_head(value, head) || !record_decode(value, record->key, arena, record))
        return false;
    record_encode(record, &again);
    bool same = str_equal(buf_view(&again), value); /* its identity, too, is what it must be */
    buf_finish(&again);
    return same && outs_are_inside(arena, record);
}

static enum status check_record(struct import *import, struct marks *marks, struct arena *arena, struct str bytes,
                                struct error *err)
{
    struct record record;
    struct record_head head;
    struct flaw flaw;
    const struct record_out *at;
    if (!decode(arena, bytes, &record, &head))
        return damaged(import, "a record is malformed", err);
    struct inspection in = {import->store, marks, 1, visit, import};
    enum status status = inspect_record(&in, &record, &flaw, &at, err);
    if (status == STATUS_OK && flaw.kind == FLAW_NONE && !digest_is_zero(record.log))
        status = visit(import, record.log, &flaw, err);
    if (status == STATUS_OK && flaw.kind != FLAW_NONE)
        return missing(import, &flaw, err);
    return status;
}

static enum status add_record(struct import *import, struct str bytes, struct error *err)
{
    struct digest key;
    struct record_head head;
    bool known;
    struct str value = split(bytes, &key);
    record_head(value, &head); /* it was checked */
    enum status status = record_known(import->store, key, head.identity, &known, err);
    if (status != STATUS_OK || known)
        return status;
    import->counts->new_records += marks_add(&import->added, digest_of(bytes.ptr, bytes.len), NEW_RECORD);
    return put(import, ITEM_RECORD, key, value, err);
}

/* All are checked before the first is added. */
static enum status add_records(struct import *import, struct error *err)
{
    struct arena arena;
    struct marks marks = {0};
    struct reader r = reader_from(import->records.ptr, import->records.len), again = r;
    enum status status = STATUS_OK;
    arena_init(&arena);
    while (status == STATUS_OK && !reader_done(&r)) {
        struct arena_mark mark = arena_get_mark(&arena);
        status = interrupt_check(false, err);
        if (status == STATUS_OK)
            status = check_record(import, &marks, &arena, reader_lstr(&r), err);
        arena_rewind(&arena, mark);
    }
    while (status == STATUS_OK && !reader_done(&again))
        status = add_record(import, reader_lstr(&again), err);
    arena_finish(&arena);
    marks_finish(&marks);
    return status;
}

/* ---- the file ---- */

static enum status take_end(struct import *import, struct str payload, struct error *err)
{
    struct reader r = reader_from(payload.ptr, payload.len);
    uint64_t chunks = reader_u64(&r), objects = reader_u64(&r), records = reader_u64(&r);
    struct digest digest = reader_digest(&r);
    if (!digest_equal(digest, hasher_digest(import->hasher)))
        return damaged(import, "it does not match the digest at its end", err);
    if (chunks != import->counts->chunks || objects != import->counts->objects || records != import->counts->records)
        return damaged(import, "it does not have as much as its end says", err);
    import->ended = true;
    return STATUS_OK;
}

static enum status take_frame(struct import *import, enum frame_kind kind, struct str payload, struct error *err)
{
    switch (kind) {
    case FRAME_CHUNK:
        return take_chunk(import, payload, err);
    case FRAME_OBJECT:
        return take_object(import, payload, err);
    case FRAME_RECORD:
        return hold_record(import, payload, err);
    case FRAME_END:
        return take_end(import, payload, err);
    }
    return damaged(import, "an unknown kind of entry", err);
}

/* Can a payload of this kind have this length? */
static bool length_is_possible(uint8_t kind, uint32_t len)
{
    static const uint32_t least[] = {[FRAME_CHUNK] = DIGEST_SIZE + BLOCK_HEADER, [FRAME_OBJECT] = DIGEST_SIZE,
                                     [FRAME_RECORD] = 2 * DIGEST_SIZE, [FRAME_END] = END_PAYLOAD};
    static const uint32_t most[] = {[FRAME_CHUNK] = FRAME_CHUNK_MAX, [FRAME_OBJECT] = FRAME_OBJECT_MAX,
                                    [FRAME_RECORD] = FRAME_RECORD_MAX, [FRAME_END] = END_PAYLOAD};
    return kind >= FRAME_CHUNK && kind <= FRAME_END && len >= least[kind] && len <= most[kind];
}

static enum status take_header(struct import *import, struct str bytes, struct error *err)
{
    struct reader r = reader_from(bytes.ptr + 8, EXPORT_HEADER - 8);
    uint32_t version = reader_u32(&r);
    if (memcmp(bytes.ptr, EXPORT_MAGIC, 8) != 0)
        return error_set(err, STATUS_CORRUPT, "%s is no file that `refit store export` wrote", import->name);
    if (version != EXPORT_VERSION)
        return error_set(err, STATUS_CORRUPT, "%s has format %u and this refit reads format %u; export it again with "
                         "this one", import->name, version, EXPORT_VERSION);
    import->begun = true;
    return STATUS_OK;
}

/* Takes what is whole at the front of `bytes`; *used is its length, 0 if more is needed. */
static enum status take_front(struct import *import, struct str bytes, size_t *used, struct error *err)
{
    *used = 0;
    if (import->ended)
        return damaged(import, "more follows its end", err);
    if (!import->begun) {
        if (bytes.len < EXPORT_HEADER)
            return STATUS_OK;
        hasher_update(import->hasher, bytes.ptr, EXPORT_HEADER);
        *used = EXPORT_HEADER;
        return take_header(import, bytes, err);
    }
    if (bytes.len < FRAME_HEADER)
        return STATUS_OK;
    struct reader r = reader_from(bytes.ptr, FRAME_HEADER);
    uint8_t kind = reader_u8(&r);
    uint32_t len = reader_u32(&r);
    if (!length_is_possible(kind, len))
        return damaged(import, "an entry that cannot be", err);
    if (bytes.len - FRAME_HEADER < len)
        return STATUS_OK;
    *used = FRAME_HEADER + len;
    hasher_update(import->hasher, bytes.ptr, *used - (kind == FRAME_END ? DIGEST_SIZE : 0));
    return take_frame(import, kind, str_slice(bytes, FRAME_HEADER, *used), err);
}

void import_init(struct import *import, struct store *store, const char *name, struct store_transfer *counts)
{
    *import = (struct import){.store = store, .name = name, .counts = counts};
    *counts = (struct store_transfer){0};
    import->worker = worker_take(store);
    import->hasher = hasher_create();
}

void import_restart(struct import *import)
{
    struct store_transfer *counts = import->counts;
    hasher_reset(import->hasher);
    buf_clear(&import->pending);
    buf_clear(&import->records);
    import->consumed = 0;
    import->begun = import->ended = false;
    counts->records = counts->objects = counts->chunks = counts->bytes = 0;
}

enum status import_feed(struct import *import, struct str bytes, struct error *err)
{
    size_t at = 0, used = 1;
    enum status status = STATUS_OK;
    buf_str(&import->pending, bytes);
    import->counts->bytes += bytes.len;
    while (status == STATUS_OK && used > 0 && at < import->pending.len) {
        status = take_front(import, str_slice(buf_view(&import->pending), at, import->pending.len), &used, err);
        at += used;
        import->consumed += used;
    }
    if (at > 0) {
        memmove(import->pending.ptr, import->pending.ptr + at, import->pending.len - at);
        import->pending.len -= at;
    }
    return status;
}

enum status import_complete(struct import *import, struct error *err)
{
    if (!import->begun && import->consumed == 0)
        return error_set(err, STATUS_CORRUPT, "%s is no file that `refit store export` wrote: it is too short",
                         import->name);
    if (!import->ended)
        return error_set(err, STATUS_CORRUPT, "%s is cut short after byte %" PRIu64 "; no record was added",
                         import->name, import->consumed + import->pending.len);
    enum status status = add_records(import, err);
    return status == STATUS_OK ? store_flush(import->store, err) : status;
}

void import_finish(struct import *import)
{
    if (import->worker != NULL)
        worker_give(import->store, import->worker);
    hasher_destroy(import->hasher);
    buf_finish(&import->pending);
    buf_finish(&import->records);
    marks_finish(&import->added);
}

static enum status import_file(struct import *import, int fd, struct error *err)
{
    enum status status = STATUS_OK;
    char *bytes = mem_resize(NULL, READ_UNIT);
    for (;;) {
        status = interrupt_wait(fd, POLLIN, err);
        if (status != STATUS_OK)
            break;
        ssize_t n = read(fd, bytes, READ_UNIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            status = error_errno(err, STATUS_IO, errno, "cannot read %s", import->name);
        if (n > 0)
            status = import_feed(import, (struct str){bytes, (size_t)n}, err);
        if (status != STATUS_OK || n == 0)
            break;
    }
    if (status == STATUS_OK)
        status = import_complete(import, err);
    free(bytes);
    return status;
}

enum status store_import(struct store *store, int fd, const char *name, struct store_transfer *out, struct error *err)
{
    if (store->env.read_only)
        return error_set(err, STATUS_STORE, "the store in %s is open for reading only", store->env.directory);
    struct import import;
    off_t start = lseek(fd, 0, SEEK_CUR); /* -1: a pipe, which comes once */
    import_init(&import, store, name, out);
    enum status status = import_file(&import, fd, err);
    for (int tries = 0; status == STATUS_COLLECTED && tries < TRIES_MAX; tries++) {
        if (start < 0 || lseek(fd, start, SEEK_SET) != start)
            break;
        import_restart(&import);
        status = import_file(&import, fd, err);
    }
    import_finish(&import);
    return status;
}
