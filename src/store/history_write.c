/* Writing the history: adding a run, forgetting one, pinning one; each is one transaction. */
#include <stdlib.h>
#include <string.h>

#include "store/history.h"
#include "store/record.h"

/* A stage whose build is another one than before. */
struct change {
    struct digest stage, build; /* build zero: the stage is gone */
    struct buf bytes, metrics;  /* packed; empty if there is nothing to put */
};

struct adding {
    struct history *history;
    struct history_run *run;
    struct change *changes; /* malloc'd */
    uint32_t count, cap;
    struct buf stages; /* packed */
};

static void add_change(struct adding *a, struct change change)
{
    MEM_GROW(a->changes, a->count, a->cap);
    a->changes[a->count++] = change;
}

static void pack_metrics(const struct history_build *build, struct buf *out)
{
    struct buf plain = {0};
    if (build->metric_count > 0) {
        history_metrics_encode(build->metrics, build->metric_count, &plain);
        history_pack(buf_view(&plain), out);
    }
    buf_finish(&plain);
}

/* ---- what differs ---- */

static int compare_stages(const void *a, const void *b)
{
    return digest_compare(a, b);
}

static const struct history_tip *find_tip(const struct history_tip *tips, uint32_t count, struct digest stage)
{
    return count == 0 ? NULL : bsearch(&stage, tips, count, sizeof *tips, compare_stages); /* `stage` comes first */
}

static void compare_build(struct adding *a, const struct history_addition *addition, uint32_t i,
                          const struct history_tip *tip)
{
    struct history_build *build = &addition->builds[i];
    struct buf plain = {0};
    history_build_encode(build, &plain);
    struct change change = {.stage = digest_of(build->stage.ptr, build->stage.len),
                            .build = digest_of(plain.ptr, plain.len)};
    if (tip == NULL || !digest_equal(tip->build, change.build)) {
        if (addition->complete != NULL)
            addition->complete(addition->ctx, i);
        history_pack(buf_view(&plain), &change.bytes);
        pack_metrics(build, &change.metrics);
        add_change(a, change);
    }
    buf_finish(&plain);
}

static void compare_all(struct adding *a, const struct history_addition *addition, const struct history_tip *tips,
                        uint32_t count)
{
    struct digest *present = mem_alloc(mem_product((size_t)addition->build_count + 1, sizeof *present));
    for (uint32_t i = 0; i < addition->build_count; i++) {
        struct str name = addition->builds[i].stage;
        present[i] = digest_of(name.ptr, name.len);
        compare_build(a, addition, i, find_tip(tips, count, present[i]));
    }
    if (addition->build_count > 1)
        qsort(present, addition->build_count, sizeof *present, compare_stages);
    for (uint32_t i = 0; i < count; i++)
        if (addition->build_count == 0 ||
            bsearch(&tips[i].stage, present, addition->build_count, sizeof *present, compare_stages) == NULL)
            add_change(a, (struct change){.stage = tips[i].stage});
    free(present);
}

/* ---- adding ---- */

static int put_change(struct history *h, MDB_txn *txn, struct digest stage, uint64_t number, struct digest build,
                      bool has_metrics)
{
    uint8_t key[HISTORY_CHANGE_SIZE];
    struct buf value = {0};
    history_change_key(stage, number, key);
    buf_append(&value, build.bytes, DIGEST_SIZE);
    buf_u8(&value, has_metrics);
    int rc = history_put(h, txn, HISTORY_CHANGES, (MDB_val){sizeof key, key}, buf_view(&value));
    buf_finish(&value);
    return rc;
}

/* A build that there was before may be there, with its metrics. */
static int put_build(struct history *h, MDB_txn *txn, struct change *change, uint64_t number)
{
    MDB_val key = {DIGEST_SIZE, change->build.bytes}, value = {change->bytes.len, change->bytes.ptr};
    int rc = change->bytes.len > 0 ? env_put(txn, h->dbis[HISTORY_BUILDS], &key, &value) : 0;
    if (rc == 0 && change->metrics.len > 0)
        rc = history_put(h, txn, HISTORY_METRICS, key, buf_view(&change->metrics));
    struct str metrics;
    if (rc == 0)
        rc = history_value(h, txn, HISTORY_METRICS, key, &metrics);
    bool has_metrics = rc == 0;
    return has_metrics || rc == MDB_NOTFOUND ? put_change(h, txn, change->stage, number, change->build, has_metrics)
                                             : rc;
}

static int put_run(struct history *h, MDB_txn *txn, const struct history_run *run)
{
    uint8_t key[HISTORY_NUMBER_SIZE];
    struct buf bytes = {0};
    history_number_key(run->number, key);
    history_run_encode(run, &bytes);
    int rc = history_put(h, txn, HISTORY_RUNS, (MDB_val){sizeof key, key}, buf_view(&bytes));
    buf_finish(&bytes);
    return rc;
}

static int add_body(MDB_txn *txn, void *ctx)
{
    struct adding *a = ctx;
    struct history *h = a->history;
    uint64_t newest;
    uint8_t key[HISTORY_NUMBER_SIZE];
    int rc = history_newest(h, txn, &newest);
    if (rc != 0)
        return rc;
    a->run->number = newest + 1;
    for (uint32_t i = 0; rc == 0 && i < a->count; i++)
        rc = put_build(h, txn, &a->changes[i], a->run->number);
    history_number_key(a->run->number, key);
    if (rc == 0)
        rc = history_put(h, txn, HISTORY_STAGES, (MDB_val){sizeof key, key}, buf_view(&a->stages));
    return rc == 0 ? put_run(h, txn, a->run) : rc;
}

static enum status newest_picture(struct history *h, struct history_tip **tips, uint32_t *count, struct error *err)
{
    MDB_txn *txn;
    uint64_t newest;
    enum status status = env_read_begin(&h->env, &txn, err);
    if (status != STATUS_OK)
        return status;
    int rc = history_newest(h, txn, &newest);
    if (rc == 0)
        rc = history_picture(h, txn, newest, tips, count);
    env_read_end(&h->env, txn);
    return rc == 0 ? STATUS_OK : history_error(h, rc, "read", err);
}

enum status history_add(struct history *h, const struct history_addition *addition, struct error *err)
{
    struct adding a = {.history = h, .run = addition->run};
    struct history_tip *tips = NULL;
    struct buf plain = {0};
    uint32_t count = 0;
    enum status status = newest_picture(h, &tips, &count, err);
    if (status == STATUS_OK) {
        compare_all(&a, addition, tips, count);
        addition->run->builds = a.count;
        history_stages_encode(addition->stages, addition->stage_count, &plain);
        history_pack(buf_view(&plain), &a.stages);
        status = env_write(&h->env, add_body, &a, err);
    }
    for (uint32_t i = 0; i < a.count; i++) {
        buf_finish(&a.changes[i].bytes);
        buf_finish(&a.changes[i].metrics);
    }
    buf_finish(&plain);
    buf_finish(&a.stages);
    free(a.changes);
    free(tips);
    return status;
}

/* ---- forgetting ---- */

struct forgetting {
    struct history *history;
    uint64_t number;
};

static int delete(struct history *h, MDB_txn *txn, enum history_database database, void *key, size_t size)
{
    MDB_val name = {size, key};
    int rc = env_del(txn, h->dbis[database], &name);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The number of the run that follows one; 0 = there is none. */
static int following(struct history *h, MDB_txn *txn, uint64_t number, uint64_t *out)
{
    uint8_t bytes[HISTORY_NUMBER_SIZE];
    MDB_cursor *cursor;
    MDB_val value;
    *out = 0;
    history_number_key(number + 1, bytes);
    MDB_val key = {sizeof bytes, bytes};
    int rc = mdb_cursor_open(txn, h->dbis[HISTORY_RUNS], &cursor);
    if (rc != 0)
        return rc;
    rc = env_step(cursor, &key, &value, MDB_SET_RANGE);
    if (rc == 0 && key.mv_size != sizeof bytes)
        rc = MDB_CORRUPTED;
    for (size_t i = 0; rc == 0 && i < sizeof bytes; i++)
        *out = *out << 8 | ((const uint8_t *)key.mv_data)[i];
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The run's change of a stage goes to the run that follows, unless that says something of the stage itself. */
static int hand_on(struct history *h, MDB_txn *txn, struct history_tip *tip, uint64_t next)
{
    uint8_t key[HISTORY_CHANGE_SIZE];
    struct str ignored;
    history_change_key(tip->stage, tip->number, key);
    int rc = delete(h, txn, HISTORY_CHANGES, key, sizeof key);
    if (rc != 0 || next == 0)
        return rc;
    history_change_key(tip->stage, next, key);
    rc = history_value(h, txn, HISTORY_CHANGES, (MDB_val){sizeof key, key}, &ignored);
    if (rc == MDB_NOTFOUND) {
        tip->number = next;
        rc = put_change(h, txn, tip->stage, next, tip->build, tip->has_metrics);
    }
    return rc;
}

static bool is_used(const struct history_tip *tips, uint32_t count, uint64_t forgotten, struct digest build)
{
    for (uint32_t i = 0; i < count; i++)
        if (tips[i].number != forgotten && digest_equal(tips[i].build, build))
            return true;
    return false;
}

static int drop_changes(struct history *h, MDB_txn *txn, uint64_t number, struct history_tip *tips, uint32_t count)
{
    uint64_t next;
    int rc = following(h, txn, number, &next);
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        if (tips[i].number == number)
            rc = hand_on(h, txn, &tips[i], next);
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        struct history_tip *tip = &tips[i];
        if (tip->number != number || digest_is_zero(tip->build) || is_used(tips, count, number, tip->build))
            continue;
        rc = delete(h, txn, HISTORY_BUILDS, tip->build.bytes, DIGEST_SIZE);
        if (rc == 0)
            rc = delete(h, txn, HISTORY_METRICS, tip->build.bytes, DIGEST_SIZE);
    }
    return rc;
}

static int forget_body(MDB_txn *txn, void *ctx)
{
    const struct forgetting *f = ctx;
    struct history *h = f->history;
    struct history_tip *tips = NULL;
    uint32_t count = 0;
    uint8_t key[HISTORY_NUMBER_SIZE];
    history_number_key(f->number, key);
    int rc = history_changes(h, txn, &tips, &count);
    if (rc == 0)
        rc = drop_changes(h, txn, f->number, tips, count);
    if (rc == 0)
        rc = delete(h, txn, HISTORY_STAGES, key, sizeof key);
    if (rc == 0)
        rc = delete(h, txn, HISTORY_RUNS, key, sizeof key);
    free(tips);
    return rc;
}

enum status history_forget(struct history *h, uint64_t number, struct error *err)
{
    struct forgetting f = {h, number};
    return env_write(&h->env, forget_body, &f, err);
}

/* ---- pinning ---- */

struct pinning {
    struct history *history;
    uint64_t number;
    bool pinned;
};

static int pin_body(MDB_txn *txn, void *ctx)
{
    const struct pinning *p = ctx;
    uint8_t key[HISTORY_NUMBER_SIZE];
    struct history_run run;
    struct str bytes;
    struct arena arena;
    history_number_key(p->number, key);
    int rc = history_value(p->history, txn, HISTORY_RUNS, (MDB_val){sizeof key, key}, &bytes);
    if (rc != 0)
        return rc;
    arena_init(&arena);
    rc = history_run_decode(bytes, &arena, &run) ? 0 : MDB_CORRUPTED;
    run.number = p->number;
    run.pinned = p->pinned;
    if (rc == 0)
        rc = put_run(p->history, txn, &run);
    arena_finish(&arena);
    return rc;
}

enum status history_pin(struct history *h, uint64_t number, bool pinned, struct error *err)
{
    struct pinning p = {h, number, pinned};
    return env_write(&h->env, pin_body, &p, err);
}
