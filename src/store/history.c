/* The history of a workspace: opening it, its keys and values, and the picture at a run. */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "store/record.h"

#define CHANGE_METRICS 1u

static const char *const names[HISTORY_DATABASES] = {"meta", "runs", "stages", "changes", "builds", "metrics"};

static const struct env_kind kind = {
    "history", "keep it on a local disk", (size_t)32 << 20, false,
    "take it from a backup, or move the folder away to begin a new history: what this one had is in no other place"};

static MDB_val format_key(void)
{
    return (MDB_val){sizeof "history-format" - 1, "history-format"};
}

enum status history_error(struct history *h, int rc, const char *verb, struct error *err)
{
    return env_error(&h->env, rc, verb, err);
}

/* ---- opening ---- */

/* 0 if there is none. */
static int read_format(struct history *h, MDB_txn *txn, uint32_t *format)
{
    MDB_val key = format_key(), value;
    *format = 0;
    int rc = env_get(txn, h->dbis[HISTORY_META], &key, &value);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    struct reader r = reader_from(value.mv_data, value.mv_size);
    *format = reader_u32(&r);
    return reader_done(&r) && *format != 0 ? 0 : MDB_CORRUPTED;
}

static enum status check_format(struct history *h, uint32_t format, struct error *err)
{
    if (format == HISTORY_FORMAT)
        return STATUS_OK;
    return error_set(err, STATUS_STORE, "the history in %s has format %u, and this refit (format %d) cannot read it; "
                     "use the refit that wrote it, or move the folder away to begin a new history",
                     h->env.directory, format, HISTORY_FORMAT);
}

static int create_body(MDB_txn *txn, void *ctx)
{
    struct history *h = ctx;
    uint32_t there;
    for (unsigned i = 0; i < HISTORY_DATABASES; i++) {
        int rc = mdb_dbi_open(txn, names[i], MDB_CREATE, &h->dbis[i]);
        if (rc != 0)
            return rc;
    }
    int rc = read_format(h, txn, &there);
    if (rc != 0 || there != 0) /* somebody else made it meanwhile */
        return rc;
    uint8_t format[4] = {HISTORY_FORMAT};
    MDB_val key = format_key(), value = {sizeof format, format};
    return env_put(txn, h->dbis[HISTORY_META], &key, &value);
}

static enum status open_databases(struct history *h, struct error *err)
{
    bool complete, empty;
    uint32_t format = 0;
    MDB_txn *txn;
    enum status status = env_databases(&h->env, names, HISTORY_DATABASES, h->dbis, &complete, &empty, err);
    if (status == STATUS_OK && empty && h->read_only)
        return STATUS_OK; /* it was just being made */
    if (status == STATUS_OK && empty) {
        status = env_write(&h->env, create_body, h, err);
        complete = true;
    }
    if (status == STATUS_OK && !complete)
        return error_set(err, STATUS_STORE, "%s has no history that this refit can read; move the folder away to "
                         "begin a new history", h->env.directory);
    if (status == STATUS_OK)
        status = env_read_begin(&h->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = read_format(h, txn, &format);
    env_read_end(&h->env, txn);
    status = rc == 0 ? check_format(h, format, err) : history_error(h, rc, "read", err);
    h->known = status == STATUS_OK;
    return status;
}

enum status history_open(const char *directory, bool read_only, struct history **out, struct error *err)
{
    struct history *h = mem_alloc(sizeof *h);
    struct error why;
    h->read_only = read_only;
    h->unpacker = ZSTD_createDCtx();
    enum status status = env_open(&h->env, directory, &kind, read_only, &why);
    if (status == STATUS_OK)
        status = open_databases(h, &why);
    if (status == STATUS_NOT_FOUND && read_only)
        status = STATUS_OK; /* an empty one */
    if (status != STATUS_OK) {
        *err = why;
        history_close(h);
        return status;
    }
    *out = h;
    return STATUS_OK;
}

void history_close(struct history *h)
{
    if (h == NULL)
        return;
    env_close(&h->env);
    ZSTD_freeDCtx(h->unpacker);
    free(h);
}

/* ---- keys ---- */

void history_number_key(uint64_t number, uint8_t out[HISTORY_NUMBER_SIZE])
{
    for (int i = HISTORY_NUMBER_SIZE; i-- > 0; number >>= 8)
        out[i] = (uint8_t)number;
}

void history_change_key(struct digest stage, uint64_t number, uint8_t out[HISTORY_CHANGE_SIZE])
{
    memcpy(out, stage.bytes, DIGEST_SIZE);
    history_number_key(~number, out + DIGEST_SIZE);
}

static uint64_t read_number(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < HISTORY_NUMBER_SIZE; i++)
        number = number << 8 | bytes[i];
    return number;
}

bool history_change_parse(MDB_val key, struct history_tip *out)
{
    if (key.mv_size != HISTORY_CHANGE_SIZE)
        return false;
    memcpy(out->stage.bytes, key.mv_data, DIGEST_SIZE);
    out->number = ~read_number((const uint8_t *)key.mv_data + DIGEST_SIZE);
    return out->number > 0;
}

/* ---- values ---- */

static struct digest check_of(enum history_database database, MDB_val key, struct str bytes)
{
    struct digest name = digest_of(key.mv_data, key.mv_size);
    name.bytes[0] ^= (uint8_t)database;
    return digest_bound(digest_of(bytes.ptr, bytes.len), name);
}

int history_put(struct history *h, MDB_txn *txn, enum history_database database, MDB_val key, struct str bytes)
{
    struct buf kept = {0};
    struct digest check = check_of(database, key, bytes);
    buf_append(&kept, check.bytes, DIGEST_SIZE);
    buf_str(&kept, bytes);
    MDB_val value = {kept.len, kept.ptr};
    int rc = env_put(txn, h->dbis[database], &key, &value);
    buf_finish(&kept);
    return rc;
}

bool history_unwrap(enum history_database database, MDB_val key, MDB_val kept, struct str *out)
{
    struct reader r = reader_from(kept.mv_data, kept.mv_size);
    struct digest check = reader_digest(&r);
    *out = (struct str){(const char *)r.ptr, (size_t)(r.end - r.ptr)};
    return !r.bad && digest_equal(check, check_of(database, key, *out));
}

int history_value(struct history *h, MDB_txn *txn, enum history_database database, MDB_val key, struct str *out)
{
    MDB_val value;
    int rc = env_get(txn, h->dbis[database], &key, &value);
    if (rc != 0)
        return rc;
    return history_unwrap(database, key, value, out) ? 0 : MDB_CORRUPTED;
}

int history_read_tip(MDB_val key, MDB_val value, struct history_tip *out)
{
    struct str bytes;
    if (!history_change_parse(key, out) || !history_unwrap(HISTORY_CHANGES, key, value, &bytes))
        return MDB_CORRUPTED;
    struct reader r = reader_from(bytes.ptr, bytes.len);
    out->build = reader_digest(&r);
    uint8_t flags = reader_u8(&r);
    out->has_metrics = flags & CHANGE_METRICS;
    return reader_done(&r) && flags <= CHANGE_METRICS ? 0 : MDB_CORRUPTED;
}

int history_newest(struct history *h, MDB_txn *txn, uint64_t *number)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    *number = 0;
    int rc = mdb_cursor_open(txn, h->dbis[HISTORY_RUNS], &cursor);
    if (rc != 0)
        return rc;
    rc = env_step(cursor, &key, &value, MDB_LAST);
    if (rc == 0 && key.mv_size != HISTORY_NUMBER_SIZE)
        rc = MDB_CORRUPTED;
    if (rc == 0)
        *number = read_number(key.mv_data);
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- the picture ---- */

/* The first change at or behind a place; MDB_NOTFOUND at the end. */
static int seek(MDB_cursor *cursor, struct digest stage, uint64_t number, struct history_tip *out)
{
    uint8_t bytes[HISTORY_CHANGE_SIZE];
    history_change_key(stage, number, bytes);
    MDB_val key = {sizeof bytes, bytes}, value;
    int rc = env_step(cursor, &key, &value, MDB_SET_RANGE);
    if (rc == 0 && (key.mv_size != sizeof bytes || memcmp(key.mv_data, bytes, sizeof bytes) < 0))
        rc = MDB_CORRUPTED;
    return rc == 0 ? history_read_tip(key, value, out) : rc;
}

int history_picture(struct history *h, MDB_txn *txn, uint64_t number, struct history_tip **tips, uint32_t *count)
{
    MDB_cursor *cursor;
    uint32_t cap = 0;
    struct history_tip at = {0}, tip;
    *tips = NULL;
    *count = 0;
    int rc = number == 0 ? MDB_NOTFOUND : mdb_cursor_open(txn, h->dbis[HISTORY_CHANGES], &cursor);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    rc = seek(cursor, at.stage, UINT64_MAX, &at);
    while (rc == 0) {
        rc = seek(cursor, at.stage, number, &tip);
        if (rc == 0 && digest_equal(tip.stage, at.stage)) {
            if (!digest_is_zero(tip.build)) {
                MEM_GROW(*tips, *count, cap);
                (*tips)[(*count)++] = tip;
            }
            rc = seek(cursor, at.stage, 0, &tip); /* no run has that number: the next stage */
        }
        at = tip;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int history_changes(struct history *h, MDB_txn *txn, struct history_tip **tips, uint32_t *count)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    uint32_t cap = 0;
    *tips = NULL;
    *count = 0;
    int rc = mdb_cursor_open(txn, h->dbis[HISTORY_CHANGES], &cursor);
    if (rc != 0)
        return rc;
    while (rc == 0 && (rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0) {
        MEM_GROW(*tips, *count, cap);
        rc = history_read_tip(key, value, &(*tips)[*count]);
        *count += rc == 0;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* ---- reading ---- */

/* Begin to read; *txn is NULL where there is nothing. */
static enum status begin(struct history *h, MDB_txn **txn, struct error *err)
{
    *txn = NULL;
    return h->known ? env_read_begin(&h->env, txn, err) : STATUS_OK;
}

/* End it, in words. */
static enum status end(struct history *h, MDB_txn *txn, int rc, struct error *err)
{
    if (txn != NULL)
        env_read_end(&h->env, txn);
    if (rc == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "the history does not have that any more: the run was forgotten");
    return rc == 0 ? STATUS_OK : history_error(h, rc, "read", err);
}

static int read_runs(struct history *h, MDB_txn *txn, struct arena *arena, struct history_run **runs, uint32_t *count)
{
    MDB_cursor *cursor;
    MDB_val key = {0}, value;
    struct str bytes;
    uint32_t cap = 0;
    struct history_run *all = NULL;
    int rc = mdb_cursor_open(txn, h->dbis[HISTORY_RUNS], &cursor);
    if (rc != 0)
        return rc;
    while (rc == 0 && (rc = env_step(cursor, &key, &value, MDB_NEXT)) == 0) {
        MEM_GROW(all, *count, cap);
        struct history_run *run = &all[*count];
        if (key.mv_size == HISTORY_NUMBER_SIZE && history_unwrap(HISTORY_RUNS, key, value, &bytes) &&
            history_run_decode(bytes, arena, run)) {
            run->number = read_number(key.mv_data);
            ++*count;
        } else {
            rc = MDB_CORRUPTED;
        }
    }
    mdb_cursor_close(cursor);
    *runs = arena_copy(arena, all, *count * sizeof *all);
    free(all);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum status history_list(struct history *h, struct arena *arena, struct history_run **runs, uint32_t *count,
                         struct error *err)
{
    MDB_txn *txn;
    *runs = NULL;
    *count = 0;
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK || txn == NULL)
        return status;
    return end(h, txn, read_runs(h, txn, arena, runs, count), err);
}

enum status history_get_stages(struct history *h, uint64_t number, struct arena *arena,
                               struct history_stage **stages, uint32_t *count, struct error *err)
{
    MDB_txn *txn;
    uint8_t bytes[HISTORY_NUMBER_SIZE];
    struct str kept, plain;
    *stages = NULL;
    *count = 0;
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK)
        return status;
    history_number_key(number, bytes);
    MDB_val key = {sizeof bytes, bytes};
    int rc = txn != NULL ? history_value(h, txn, HISTORY_STAGES, key, &kept) : MDB_NOTFOUND;
    if (rc == 0 && !(history_unpack(h->unpacker, arena, str_dup(arena, kept), &plain) &&
                     history_stages_decode(plain, arena, stages, count)))
        rc = MDB_CORRUPTED;
    return end(h, txn, rc, err);
}

enum status history_get_picture(struct history *h, uint64_t number, struct arena *arena, struct history_tip **tips,
                                uint32_t *count, struct error *err)
{
    MDB_txn *txn;
    struct history_tip *found = NULL;
    *tips = NULL;
    *count = 0;
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK || txn == NULL)
        return status;
    int rc = history_picture(h, txn, number, &found, count);
    *tips = arena_copy(arena, found, *count * sizeof *found);
    free(found);
    return end(h, txn, rc, err);
}

enum status history_get_changes(struct history *h, struct arena *arena, struct history_tip **tips, uint32_t *count,
                                struct error *err)
{
    MDB_txn *txn;
    struct history_tip *all = NULL;
    *tips = NULL;
    *count = 0;
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK || txn == NULL)
        return status;
    int rc = history_changes(h, txn, &all, count);
    *tips = arena_copy(arena, all, *count * sizeof *all);
    free(all);
    return end(h, txn, rc, err);
}

/* ---- builds ---- */

static int read_metrics(struct history *h, MDB_txn *txn, struct digest build, struct arena *arena,
                        struct history_metric **metrics, uint32_t *count)
{
    struct str kept, plain;
    MDB_val key = {DIGEST_SIZE, build.bytes};
    int rc = history_value(h, txn, HISTORY_METRICS, key, &kept);
    if (rc != 0)
        return rc;
    bool good = history_unpack(h->unpacker, arena, str_dup(arena, kept), &plain) &&
                history_metrics_decode(plain, arena, metrics, count);
    return good ? 0 : MDB_CORRUPTED;
}

static int read_build(struct history *h, MDB_txn *txn, const struct history_tip *tip, struct arena *arena,
                      struct history_build *out)
{
    struct digest name = tip->build;
    MDB_val key = {DIGEST_SIZE, name.bytes}, value;
    struct str plain;
    int rc = env_get(txn, h->dbis[HISTORY_BUILDS], &key, &value);
    if (rc != 0)
        return rc;
    struct str kept = str_dup(arena, (struct str){value.mv_data, value.mv_size});
    if (!history_unpack(h->unpacker, arena, kept, &plain) || !digest_equal(digest_of(plain.ptr, plain.len), name) ||
        !history_build_decode(plain, arena, out))
        return MDB_CORRUPTED;
    return tip->has_metrics ? read_metrics(h, txn, name, arena, &out->metrics, &out->metric_count) : 0;
}

enum status history_get_build(struct history *h, const struct history_tip *tip, struct arena *arena,
                              struct history_build *out, struct error *err)
{
    MDB_txn *txn;
    *out = (struct history_build){0};
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK)
        return status;
    return end(h, txn, txn != NULL ? read_build(h, txn, tip, arena, out) : MDB_NOTFOUND, err);
}

enum status history_get_metrics(struct history *h, struct digest build, struct arena *arena,
                                struct history_metric **metrics, uint32_t *count, struct error *err)
{
    MDB_txn *txn;
    *metrics = NULL;
    *count = 0;
    enum status status = begin(h, &txn, err);
    if (status != STATUS_OK)
        return status;
    return end(h, txn, txn != NULL ? read_metrics(h, txn, build, arena, metrics, count) : MDB_NOTFOUND, err);
}
