/* The state of a workspace: opening, stages, values, and the one transaction that commits. */
#include "store/state.h"

#include <stdlib.h>
#include <string.h>

#include "store/record.h"

#define SET_KEY_SIZE (1 + DIGEST_SIZE)

static const char *const names[STATE_COUNT] = {"meta", "stages", "values", "stat", "passing"};

static const struct env_kind kind = {"workspace state", "keep it on a local disk", (size_t)1 << 30, true, NULL};

static MDB_val format_key(void)
{
    return (MDB_val){sizeof "state-format" - 1, "state-format"};
}

static bool is_our_format(MDB_txn *txn, MDB_dbi meta)
{
    MDB_val key = format_key(), value;
    if (env_get(txn, meta, &key, &value) != 0)
        return false;
    struct reader r = reader_from(value.mv_data, value.mv_size);
    uint32_t format = reader_u32(&r);
    return reader_done(&r) && format == STATE_FORMAT;
}

/* ---- opening ---- */

static enum status open_databases(struct state *state, struct error *err)
{
    bool complete, empty;
    enum status status = env_databases(&state->env, names, STATE_COUNT, state->dbis, &complete, &empty, err);
    if (status == STATUS_OK && complete) {
        status = env_read_begin(&state->env, &state->snapshot, err);
        state->known = status == STATUS_OK && is_our_format(state->snapshot, state->dbis[STATE_META]);
    }
    if (status == STATUS_OK && !state->known && state->snapshot != NULL) {
        env_read_end(&state->env, state->snapshot);
        state->snapshot = NULL;
    }
    return status;
}

static enum status open_whole(struct state *state, const char *directory, struct error *err)
{
    enum status status = env_open(&state->env, directory, &kind, state->read_only, err);
    if (status == STATUS_OK)
        status = open_databases(state, err);
    if (status != STATUS_OK)
        env_close(&state->env);
    return status;
}

bool state_was_replaced(const struct state *state)
{
    return state->replaced;
}

enum status state_open(const char *directory, bool read_only, struct state **out, struct error *err)
{
    struct state *state = mem_alloc(sizeof *state);
    struct error why;
    state->read_only = read_only;
    arena_init(&state->arena);
    pthread_mutex_init(&state->lock, NULL);
    enum status status = open_whole(state, directory, &why);
    if (status != STATUS_OK && state->env.damaged) { /* a reader takes it for an empty one */
        state->replaced = true;
        status = read_only ? STATUS_NOT_FOUND : open_whole(state, directory, &why);
    }
    if (status == STATUS_NOT_FOUND && read_only)
        status = STATUS_OK; /* an empty one */
    if (status != STATUS_OK) {
        *err = why;
        state_close(state);
        return status;
    }
    *out = state;
    return STATUS_OK;
}

void state_close(struct state *state)
{
    if (state == NULL)
        return;
    if (state->snapshot != NULL)
        env_read_end(&state->env, state->snapshot);
    env_close(&state->env);
    stat_cache_finish(state);
    table_finish(&state->set_table);
    free(state->sets);
    arena_finish(&state->arena);
    pthread_mutex_destroy(&state->lock);
    free(state);
}

static struct digest check_of(enum state_database database, struct digest name, const void *bytes, size_t len)
{
    name.bytes[0] ^= (uint8_t)database;
    return digest_bound(digest_of(bytes, len), name);
}

bool state_unwrap(enum state_database database, struct digest name, MDB_val kept, struct str *out)
{
    struct reader r = reader_from(kept.mv_data, kept.mv_size);
    struct digest check = reader_digest(&r);
    *out = (struct str){(const char *)r.ptr, (size_t)(r.end - r.ptr)};
    return !r.bad && digest_equal(check, check_of(database, name, out->ptr, out->len));
}

int state_put(struct state *state, MDB_txn *txn, enum state_database database, struct digest name, struct str bytes)
{
    struct buf kept = {0};
    struct digest check = check_of(database, name, bytes.ptr, bytes.len);
    buf_append(&kept, check.bytes, DIGEST_SIZE);
    buf_str(&kept, bytes);
    MDB_val key = {DIGEST_SIZE, name.bytes}, value = {kept.len, kept.ptr};
    int rc = env_put(txn, state->dbis[database], &key, &value);
    buf_finish(&kept);
    return rc;
}

enum status state_lookup(struct state *state, enum state_database database, struct digest name, struct str *out,
                         bool *found, struct error *err)
{
    *found = false;
    if (state->snapshot == NULL)
        return STATUS_OK;
    MDB_val key = {DIGEST_SIZE, name.bytes}, value;
    int rc = env_get(state->snapshot, state->dbis[database], &key, &value);
    if (rc == MDB_NOTFOUND)
        return STATUS_OK;
    if (rc != 0)
        return env_error(&state->env, rc, "read", err);
    *found = state_unwrap(database, name, value, out); /* as good as none: what is remembered can be found again */
    return STATUS_OK;
}

/* ---- what was set ---- */

static void set_key(enum state_database database, struct digest name, char out[SET_KEY_SIZE])
{
    out[0] = (char)database;
    memcpy(out + 1, name.bytes, DIGEST_SIZE);
}

/* A copy, in `arena`, of what was set or is kept. */
static enum status get_bytes(struct state *state, enum state_database database, struct str name, struct arena *arena,
                             struct str *out, bool *found, struct error *err)
{
    char key[SET_KEY_SIZE];
    struct digest digest = digest_of(name.ptr, name.len);
    enum status status = STATUS_OK;
    struct str bytes;
    set_key(database, digest, key);
    pthread_mutex_lock(&state->lock);
    uint32_t at = table_get(&state->set_table, (struct str){key, sizeof key});
    *found = at != TABLE_NONE;
    if (*found)
        bytes = state->sets[at].bytes;
    else
        status = state_lookup(state, database, digest, &bytes, found, err);
    if (*found)
        *out = str_dup(arena, bytes);
    pthread_mutex_unlock(&state->lock);
    return status;
}

static void set_bytes(struct state *state, enum state_database database, struct str name, struct str bytes)
{
    char key[SET_KEY_SIZE];
    struct digest digest = digest_of(name.ptr, name.len);
    struct str old;
    struct error ignored; /* what cannot be read is written anew */
    bool found;
    set_key(database, digest, key);
    pthread_mutex_lock(&state->lock);
    uint32_t at = table_get(&state->set_table, (struct str){key, sizeof key});
    if (at != TABLE_NONE) {
        old = state->sets[at].bytes;
        found = true;
    } else if (state_lookup(state, database, digest, &old, &found, &ignored) != STATUS_OK) {
        found = false;
    }
    bool differs = !found || !str_equal(old, bytes);
    if (differs || database == STATE_PASSING) {
        if (at == TABLE_NONE) {
            at = state->set_count;
            MEM_GROW(state->sets, state->set_count, state->set_cap);
            state->sets[state->set_count++] = (struct set_value){.database = database, .name = digest};
            table_add(&state->set_table, str_dup(&state->arena, (struct str){key, sizeof key}), at);
        }
        state->sets[at].bytes = str_dup(&state->arena, bytes);
        state->sets[at].dirty = true;
        state->dirty |= differs;
    }
    pthread_mutex_unlock(&state->lock);
}

/* ---- stages and values ---- */

#define STAGE_PENDING 1u
#define STAGE_FAILED 2u

static bool stage_decode(struct str bytes, struct arena *arena, struct stage_memory *out)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    *out = (struct stage_memory){0};
    uint8_t flags = reader_u8(&r);
    out->pending = flags & STAGE_PENDING;
    out->failed = flags & STAGE_FAILED;
    out->key = reader_digest(&r);
    out->record_id = reader_u64(&r);
    out->duration_ms = reader_u64(&r);
    out->note = reader_lstr(&r);
    return outs_decode(&r, arena, &out->outs, &out->out_count) &&
           inputs_decode(&r, arena, &out->inputs, &out->input_count) && reader_done(&r);
}

enum status state_get_stage(struct state *state, struct str name, struct arena *arena, struct stage_memory *out,
                            bool *found, struct error *err)
{
    struct str bytes;
    enum status status = get_bytes(state, STATE_STAGES, name, arena, &bytes, found, err);
    /* Bytes that make no sense are as good as none: the state only remembers what can be found again. */
    if (status == STATUS_OK && *found)
        *found = stage_decode(bytes, arena, out);
    return status;
}

void state_set_stage(struct state *state, struct str name, const struct stage_memory *memory)
{
    struct buf bytes = {0};
    buf_u8(&bytes, (uint8_t)((memory->pending ? STAGE_PENDING : 0) | (memory->failed ? STAGE_FAILED : 0)));
    buf_append(&bytes, memory->key.bytes, DIGEST_SIZE);
    buf_u64(&bytes, memory->record_id);
    buf_u64(&bytes, memory->duration_ms);
    buf_lstr(&bytes, memory->note);
    outs_encode(memory->outs, memory->out_count, &bytes);
    inputs_encode(memory->inputs, memory->input_count, &bytes);
    set_bytes(state, STATE_STAGES, name, buf_view(&bytes));
    buf_finish(&bytes);
}

enum status state_get_value(struct state *state, struct str name, struct arena *arena, struct str *out, bool *found,
                            struct error *err)
{
    return get_bytes(state, STATE_VALUES, name, arena, out, found, err);
}

void state_set_value(struct state *state, struct str name, struct str value)
{
    set_bytes(state, STATE_VALUES, name, value);
}

enum status state_get_passing(struct state *state, struct str name, struct str *out, bool *found, struct error *err)
{
    pthread_mutex_lock(&state->lock);
    enum status status = state_lookup(state, STATE_PASSING, digest_of(name.ptr, name.len), out, found, err);
    pthread_mutex_unlock(&state->lock);
    return status;
}

void state_set_passing(struct state *state, struct str name, struct str value)
{
    set_bytes(state, STATE_PASSING, name, value);
}

/* ---- committing ---- */

/* The databases, emptied if they are not in our format. */
static int prepare(struct state *state, MDB_txn *txn)
{
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        int rc = mdb_dbi_open(txn, names[i], MDB_CREATE, &state->dbis[i]);
        if (rc != 0)
            return rc;
    }
    if (is_our_format(txn, state->dbis[STATE_META]))
        return 0;
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        int rc = env_empty(txn, state->dbis[i]);
        if (rc != 0)
            return rc;
    }
    uint8_t format[4] = {STATE_FORMAT};
    MDB_val key = format_key(), value = {sizeof format, format};
    return env_put(txn, state->dbis[STATE_META], &key, &value);
}

static int commit_body(MDB_txn *txn, void *ctx)
{
    struct state *state = ctx;
    int rc = prepare(state, txn);
    if (rc == 0)
        rc = env_empty(txn, state->dbis[STATE_PASSING]);
    for (uint32_t i = 0; rc == 0 && i < state->set_count; i++) {
        struct set_value *set = &state->sets[i];
        if (set->dirty)
            rc = state_put(state, txn, set->database, set->name, set->bytes);
    }
    return rc == 0 ? stat_cache_write(state, txn) : rc;
}

static void mark_clean(struct state *state)
{
    for (uint32_t i = 0; i < state->set_count; i++)
        state->sets[i].dirty = false;
    stat_cache_clean(state);
    state->dirty = false;
    state->known = true;
}

enum status state_commit(struct state *state, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&state->lock);
    if (state->read_only) {
        status = error_set(err, STATUS_STORE, "the workspace state is open for reading only");
        goto out;
    }
    if (!state->dirty)
        goto out;
    if (state->snapshot != NULL) {
        env_read_end(&state->env, state->snapshot);
        state->snapshot = NULL;
    }
    status = env_write(&state->env, commit_body, state, err);
    if (status == STATUS_OK)
        mark_clean(state);
    if (state->known) {
        struct error again;
        enum status reading = env_read_begin(&state->env, &state->snapshot, &again);
        if (status == STATUS_OK && reading != STATUS_OK) {
            *err = again;
            status = reading;
        }
    }
out:
    pthread_mutex_unlock(&state->lock);
    return status;
}

bool state_is_dirty(struct state *state)
{
    pthread_mutex_lock(&state->lock);
    bool dirty = state->dirty;
    pthread_mutex_unlock(&state->lock);
    return dirty;
}
