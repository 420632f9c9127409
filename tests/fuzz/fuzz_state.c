/* A workspace's state from hostile bytes, and used in any order: what it remembers of a stage is refused or sound and
 * comes back as it was set, now and after a commit; a stat cache believes exactly what it may. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "scratch.h"
#include "store/record.h"
#include "store/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[PATH_MAX];

static void check(bool good)
{
    if (!good)
        abort();
}

static void end(void)
{
    struct error err;
    fs_remove_tree(directory, &err);
}

static struct state *open_state(void)
{
    struct state *state;
    struct error err;
    if (directory[0] == '\0') {
        make_scratch(directory);
        atexit(end);
    }
    check(state_open(directory, false, &state, &err) == STATUS_OK);
    mdb_env_set_flags(state->env.lmdb, MDB_NOSYNC, 1);
    return state;
}

static struct state *reopen(struct state *state)
{
    struct error err;
    check(state_commit(state, &err) == STATUS_OK && !state_is_dirty(state));
    state_close(state);
    return open_state();
}

/* ---- bytes that another program wrote ---- */

struct planted {
    struct state *state;
    enum state_database database;
    struct str name, bytes;
};

static int plant_body(MDB_txn *txn, void *ctx)
{
    struct planted *p = ctx;
    struct digest name = digest_of(p->name.ptr, p->name.len);
    for (unsigned i = STATE_STAGES; i < STATE_COUNT; i++) {
        int rc = mdb_drop(txn, p->state->dbis[i], 0);
        if (rc != 0)
            return rc;
    }
    return state_put(p->state, txn, p->database, name, p->bytes);
}

/* A state that holds nothing but these bytes. */
static struct state *plant(enum state_database database, struct str name, struct str bytes)
{
    struct state *state = open_state();
    struct planted planted = {state, database, name, bytes};
    struct error err;
    state_set_value(state, STR("there"), STR("made"));
    check(state_commit(state, &err) == STATUS_OK);
    env_read_end(&state->env, state->snapshot);
    state->snapshot = NULL;
    check(env_write(&state->env, plant_body, &planted, &err) == STATUS_OK);
    check(env_read_begin(&state->env, &state->snapshot, &err) == STATUS_OK);
    return state;
}

/* ---- stages ---- */

static void check_same_memory(const struct stage_memory *a, const struct stage_memory *b)
{
    struct buf x = {0}, y = {0};
    check(digest_equal(a->key, b->key) && a->record_id == b->record_id && a->duration_ms == b->duration_ms);
    check(a->pending == b->pending && a->failed == b->failed && str_equal(a->note, b->note));
    outs_encode(a->outs, a->out_count, &x);
    inputs_encode(a->inputs, a->input_count, &x);
    outs_encode(b->outs, b->out_count, &y);
    inputs_encode(b->inputs, b->input_count, &y);
    check(str_equal(buf_view(&x), buf_view(&y)));
    buf_finish(&x);
    buf_finish(&y);
}

static void check_get(struct state *state, struct arena *arena, struct str name, const struct stage_memory *wanted)
{
    struct stage_memory got;
    struct error err;
    bool found;
    check(state_get_stage(state, name, arena, &got, &found, &err) == STATUS_OK && found);
    check_same_memory(&got, wanted);
}

static void try_stage(struct arena *arena, struct str bytes)
{
    const struct str planted = STR("planted"), copied = STR("copied");
    struct state *state = plant(STATE_STAGES, planted, bytes);
    struct stage_memory memory;
    struct error err;
    bool found;
    check(state_get_stage(state, planted, arena, &memory, &found, &err) == STATUS_OK);
    if (found) {
        state_set_stage(state, copied, &memory);
        check_get(state, arena, copied, &memory);
        state = reopen(state);
        check_get(state, arena, copied, &memory);
        check_get(state, arena, planted, &memory);
        state_set_stage(state, copied, &memory);
        check(!state_is_dirty(state));
    }
    state_close(state);
}

/* ---- the stat cache ---- */

enum { FILES = 8 };

struct known {
    bool put, racy;
    struct file_stat stat;
    struct digest digest;
};

static struct str file_name(struct arena *arena, unsigned number)
{
    return str_format(arena, "d/f%u", number);
}

/* Times around the limit of what is believed, and any others. */
static int64_t read_time(struct reader *r)
{
    int64_t near = reader_u8(r);
    return near < 200 ? near * STAT_CACHE_RACY_NS / 10 : (int64_t)(reader_u64(r) >> 2);
}

static void put(struct state *state, struct arena *arena, struct reader *r, struct known *known, unsigned number)
{
    *known = (struct known){.put = true, .stat = {.inode = reader_u8(r), .size = reader_u8(r)}};
    known->stat.mtime_ns = read_time(r);
    known->stat.ctime_ns = read_time(r);
    int64_t hashed_ns = read_time(r);
    known->digest = digest_of(r->ptr, (size_t)(r->end - r->ptr) % 4);
    known->racy = known->stat.mtime_ns > hashed_ns - STAT_CACHE_RACY_NS ||
                  known->stat.ctime_ns > hashed_ns - STAT_CACHE_RACY_NS;
    stat_cache_put(state, file_name(arena, number), &known->stat, hashed_ns, known->digest);
}

/* `here`: what was put, was put by this process. */
static void check_known(struct state *state, struct arena *arena, const struct known *known, unsigned number, bool here)
{
    struct str path = file_name(arena, number);
    struct file_stat other = known->stat;
    struct digest digest;
    bool found = stat_cache_get(state, path, &known->stat, &digest);
    check(found == (here || !known->racy) && (!found || digest_equal(digest, known->digest)));
    check(stat_cache_is_racy(state, path, &known->stat) == known->racy);
    other.ctime_ns++;
    check(!stat_cache_get(state, path, &other, &digest));
    other = known->stat;
    other.mtime_ns--;
    check(!stat_cache_get(state, path, &other, &digest));
    other = known->stat;
    other.inode ^= 1;
    check(!stat_cache_get(state, path, &other, &digest));
    other = known->stat;
    other.size ^= 1;
    check(!stat_cache_get(state, path, &other, &digest));
}

static void try_pack(struct arena *arena, struct reader *r)
{
    size_t len = reader_u8(r) * 3 % ((size_t)(r->end - r->ptr) + 1);
    const char *bytes = reader_bytes(r, len);
    struct state *state = plant(STATE_STAT, STR("d"), (struct str){bytes ? bytes : "", bytes ? len : 0});
    struct known known[FILES] = {0};
    bool here[FILES] = {0};
    while (!r->bad && r->ptr < r->end) {
        unsigned what = reader_u8(r), number = what % FILES;
        if (what >= 240) {
            state = reopen(state);
            memset(here, 0, sizeof here);
        } else {
            put(state, arena, r, &known[number], number);
            here[number] = true;
        }
        for (number = 0; number < FILES; number++)
            if (known[number].put)
                check_known(state, arena, &known[number], number, here[number]);
    }
    state_close(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct arena arena;
    arena_init(&arena);
    if (reader_u8(&r) % 2 == 0)
        try_stage(&arena, (struct str){(const char *)r.ptr, (size_t)(r.end - r.ptr)});
    else
        try_pack(&arena, &r);
    arena_finish(&arena);
    return 0;
}
