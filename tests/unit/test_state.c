/* The state: what was set is there again, the stat cache believes what it may, and nothing is written for nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "store/state.h"
#include "scratch.h"

#define SECOND 1000000000ll

struct bench {
    char directory[SCRATCH_SIZE];
    struct state *state;
    struct arena arena;
    struct error err;
};

static void ok(struct bench *bench, enum status status)
{
    if (status != STATUS_OK)
        print_error("%s\n", bench->err.message);
    assert_int_equal(status, STATUS_OK);
}

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    scratch_name(bench->directory, "state");
    assert_non_null(mkdtemp(bench->directory));
    ok(bench, state_open(bench->directory, false, &bench->state, &bench->err));
    arena_init(&bench->arena);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    state_close(bench->state);
    arena_finish(&bench->arena);
    ok(bench, fs_remove_tree(bench->directory, &bench->err));
    free(bench);
    return 0;
}

static void commit_and_reopen(struct bench *bench)
{
    ok(bench, state_commit(bench->state, &bench->err));
    assert_false(state_is_dirty(bench->state));
    state_close(bench->state);
    ok(bench, state_open(bench->directory, false, &bench->state, &bench->err));
}

/* ---- stages and values ---- */

static struct stage_memory memory_of(unsigned number)
{
    static struct record_out outs[] = {{.path = {"work/x", 6}, .kind = ENTRY_DIRECTORY, .stored = true, .size = 9}};
    static struct record_input inputs[] = {{.path = {"a.h", 3}, .kind = ENTRY_MISSING}};
    return (struct stage_memory){.key = digest_of(&number, sizeof number), .record_id = number, .duration_ms = 1234,
                                 .pending = number % 2, .failed = number % 3 == 0, .outs = outs, .out_count = 1,
                                 .inputs = inputs, .input_count = 1, .note = STR("a\0note")};
}

static void check_stage(struct bench *bench, const char *name, unsigned number)
{
    struct stage_memory got, wanted = memory_of(number);
    bool found;
    ok(bench, state_get_stage(bench->state, str_from(name), &bench->arena, &got, &found, &bench->err));
    assert_true(found);
    assert_true(digest_equal(got.key, wanted.key));
    assert_true(got.record_id == number && got.duration_ms == 1234);
    assert_true(got.pending == wanted.pending && got.failed == wanted.failed);
    assert_int_equal(got.out_count, 1);
    assert_true(str_is(got.outs[0].path, "work/x") && got.outs[0].kind == ENTRY_DIRECTORY && got.outs[0].size == 9);
    assert_true(got.input_count == 1 && got.inputs[0].kind == ENTRY_MISSING);
    assert_true(str_equal(got.note, wanted.note));
}

static void stages_are_remembered(void **state)
{
    struct bench *bench = *state;
    struct stage_memory memory = memory_of(1);
    bool found = true;
    ok(bench, state_get_stage(bench->state, STR("train"), &bench->arena, &memory, &found, &bench->err));
    assert_false(found);
    for (unsigned i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "stage%u", i);
        memory = memory_of(i);
        state_set_stage(bench->state, str_from(name), &memory);
    }
    for (int pass = 0; pass < 2; pass++) {
        check_stage(bench, "stage0", 0);
        check_stage(bench, "stage7", 7);
        check_stage(bench, "stage199", 199);
        commit_and_reopen(bench);
    }
    memory = memory_of(8);
    state_set_stage(bench->state, STR("stage7"), &memory);
    check_stage(bench, "stage7", 8);
    commit_and_reopen(bench);
    check_stage(bench, "stage7", 8);
}

static void values_are_remembered(void **state)
{
    struct bench *bench = *state;
    struct str value;
    bool found = true;
    ok(bench, state_get_value(bench->state, STR("lock"), &bench->arena, &value, &found, &bench->err));
    assert_false(found);
    state_set_value(bench->state, STR("lock"), STR("one"));
    state_set_value(bench->state, STR("empty"), STR(""));
    state_set_value(bench->state, STR("lock"), STR("two"));
    for (int pass = 0; pass < 2; pass++) {
        ok(bench, state_get_value(bench->state, STR("lock"), &bench->arena, &value, &found, &bench->err));
        assert_true(found && str_is(value, "two"));
        ok(bench, state_get_value(bench->state, STR("empty"), &bench->arena, &value, &found, &bench->err));
        assert_true(found && value.len == 0);
        commit_and_reopen(bench);
    }
}

static size_t last_transaction(struct bench *bench)
{
    MDB_envinfo info;
    mdb_env_info(bench->state->env.lmdb, &info);
    return info.me_last_txnid;
}

static void what_is_the_same_is_not_written(void **state)
{
    struct bench *bench = *state;
    struct stage_memory memory = memory_of(3);
    struct file_stat stat = {1, 2, 3 * SECOND, 4 * SECOND};
    state_set_stage(bench->state, STR("a"), &memory);
    state_set_value(bench->state, STR("v"), STR("x"));
    stat_cache_put(bench->state, STR("d/f"), &stat, 100 * SECOND, digest_of("f", 1));
    assert_true(state_is_dirty(bench->state));
    commit_and_reopen(bench);
    size_t before = last_transaction(bench);
    state_set_stage(bench->state, STR("a"), &memory);
    state_set_value(bench->state, STR("v"), STR("x"));
    stat_cache_put(bench->state, STR("d/f"), &stat, 200 * SECOND, digest_of("f", 1));
    assert_false(state_is_dirty(bench->state));
    ok(bench, state_commit(bench->state, &bench->err));
    assert_int_equal(last_transaction(bench), before);
}

static bool is_passing(struct bench *bench, const char *wanted)
{
    struct str got;
    bool found;
    ok(bench, state_get_passing(bench->state, STR("standing"), &got, &found, &bench->err));
    return found ? wanted != NULL && str_is(got, wanted) : wanted == NULL;
}

static void passing_values_go_with_the_next_commit(void **state)
{
    struct bench *bench = *state;
    state_set_passing(bench->state, STR("standing"), STR("one"));
    commit_and_reopen(bench);
    assert_true(is_passing(bench, "one"));
    state_set_passing(bench->state, STR("standing"), STR("one"));
    assert_false(state_is_dirty(bench->state)); /* it is there: nothing to be written */
    state_set_value(bench->state, STR("a"), STR("1"));
    commit_and_reopen(bench);
    assert_true(is_passing(bench, "one"));
    commit_and_reopen(bench); /* nothing changed */
    assert_true(is_passing(bench, "one"));
    state_set_value(bench->state, STR("a"), STR("2"));
    commit_and_reopen(bench);
    assert_true(is_passing(bench, NULL));
}

/* ---- the stat cache ---- */

static void unchanged_files_are_believed(void **state)
{
    struct bench *bench = *state;
    struct file_stat stat = {10, 20, 30 * SECOND, 40 * SECOND}, other;
    struct digest digest = digest_of("x", 1), got;
    assert_false(stat_cache_get(bench->state, STR("data/x"), &stat, &got));
    stat_cache_put(bench->state, STR("data/x"), &stat, 42 * SECOND, digest);
    for (int pass = 0; pass < 2; pass++) {
        assert_true(stat_cache_get(bench->state, STR("data/x"), &stat, &got));
        assert_true(digest_equal(got, digest));
        assert_false(stat_cache_is_racy(bench->state, STR("data/x"), &stat));
        for (int field = 0; field < 4; field++) {
            other = stat;
            other.inode += field == 0;
            other.size += field == 1;
            other.mtime_ns += field == 2;
            other.ctime_ns += field == 3;
            assert_false(stat_cache_get(bench->state, STR("data/x"), &other, &got));
        }
        assert_false(stat_cache_get(bench->state, STR("x"), &stat, &got));
        assert_false(stat_cache_get(bench->state, STR("data/y"), &stat, &got));
        commit_and_reopen(bench);
    }
}

static void check_racy(struct bench *bench, const char *name, struct file_stat stat, bool racy)
{
    struct digest digest = digest_of(name, strlen(name)), got;
    struct str path = str_from(name);
    stat_cache_put(bench->state, path, &stat, 100 * SECOND, digest);
    assert_int_equal(stat_cache_is_racy(bench->state, path, &stat), racy);
    assert_true(stat_cache_get(bench->state, path, &stat, &got)); /* in this process */
    ok(bench, state_commit(bench->state, &bench->err));
    assert_true(stat_cache_get(bench->state, path, &stat, &got)); /* also after a commit */
    commit_and_reopen(bench);
    assert_int_equal(stat_cache_get(bench->state, path, &stat, &got), !racy);
    assert_int_equal(stat_cache_is_racy(bench->state, path, &stat), racy);
    assert_false(stat_cache_is_racy(bench->state, path, &(struct file_stat){9, 9, 9, 9}));
    if (!racy)
        return;
    /* Hashed again within the window: believed here, and nothing new to write. */
    stat_cache_put(bench->state, path, &stat, 100 * SECOND, digest);
    assert_true(stat_cache_get(bench->state, path, &stat, &got));
    assert_false(state_is_dirty(bench->state));
    /* Hashed again later: believed from now on. */
    stat_cache_put(bench->state, path, &stat, 600 * SECOND, digest);
    commit_and_reopen(bench);
    assert_true(stat_cache_get(bench->state, path, &stat, &got));
}

static void what_is_racy_is_not_believed_later(void **state)
{
    struct bench *bench = *state;
    check_racy(bench, "old", (struct file_stat){1, 1, 98 * SECOND, 98 * SECOND}, false);
    check_racy(bench, "mtime", (struct file_stat){1, 1, 98 * SECOND + 1, 50 * SECOND}, true);
    check_racy(bench, "ctime", (struct file_stat){1, 1, 50 * SECOND, 98 * SECOND + 1}, true);
    check_racy(bench, "now", (struct file_stat){1, 1, 100 * SECOND, 100 * SECOND}, true);
    check_racy(bench, "future", (struct file_stat){1, 1, 500 * SECOND, 50 * SECOND}, true);
}

static void put_many(struct bench *bench, unsigned from, unsigned to, unsigned generation)
{
    for (unsigned i = from; i < to; i++) {
        char path[32];
        struct file_stat stat = {i, generation, SECOND, SECOND};
        snprintf(path, sizeof path, "dir%u/file%u", i % 3, i);
        stat_cache_put(bench->state, str_from(path), &stat, 100 * SECOND, digest_of(&i, sizeof i));
    }
}

static void check_many(struct bench *bench, unsigned from, unsigned to, unsigned generation)
{
    for (unsigned i = from; i < to; i++) {
        char path[32];
        struct file_stat stat = {i, generation, SECOND, SECOND};
        struct digest got;
        snprintf(path, sizeof path, "dir%u/file%u", i % 3, i);
        assert_true(stat_cache_get(bench->state, str_from(path), &stat, &got));
        assert_true(digest_equal(got, digest_of(&i, sizeof i)));
    }
}

static void packs_are_merged(void **state)
{
    struct bench *bench = *state;
    put_many(bench, 0, 3000, 1);
    commit_and_reopen(bench);
    check_many(bench, 0, 3000, 1);
    put_many(bench, 1000, 1500, 2);
    put_many(bench, 3000, 3300, 2);
    ok(bench, state_commit(bench->state, &bench->err));
    put_many(bench, 3300, 3400, 2); /* again, in the same process */
    commit_and_reopen(bench);
    check_many(bench, 0, 1000, 1);
    check_many(bench, 1000, 1500, 2);
    check_many(bench, 1500, 3000, 1);
    check_many(bench, 3000, 3400, 2);
}

/* ---- opening ---- */

static void a_reader_needs_nothing_and_writes_nothing(void **state)
{
    struct bench *bench = *state;
    struct state *reader;
    struct str value;
    char path[SCRATCH_SIZE + 64];
    bool found = true;
    snprintf(path, sizeof path, "%s/none", bench->directory);
    ok(bench, state_open(path, true, &reader, &bench->err));
    ok(bench, state_get_value(reader, STR("v"), &bench->arena, &value, &found, &bench->err));
    assert_false(found);
    state_set_value(reader, STR("v"), STR("x"));
    assert_int_equal(state_commit(reader, &bench->err), STATUS_STORE);
    state_close(reader);
    assert_int_equal(access(path, F_OK), -1);
    state_set_value(bench->state, STR("v"), STR("kept"));
    ok(bench, state_commit(bench->state, &bench->err));
    state_close(bench->state);
    ok(bench, state_open(bench->directory, true, &bench->state, &bench->err));
    ok(bench, state_get_value(bench->state, STR("v"), &bench->arena, &value, &found, &bench->err));
    assert_true(found && str_is(value, "kept"));
}

static int set_format(MDB_txn *txn, void *ctx)
{
    struct state *state = ctx;
    MDB_val key = {12, "state-format"}, value = {4, "\x63\0\0\0"};
    return mdb_put(txn, state->dbis[STATE_META], &key, &value, 0);
}

static void another_format_is_empty_and_replaced(void **state)
{
    struct bench *bench = *state;
    struct str value;
    bool found;
    state_set_value(bench->state, STR("old"), STR("x"));
    commit_and_reopen(bench);
    env_read_end(&bench->state->env, bench->state->snapshot);
    bench->state->snapshot = NULL;
    ok(bench, env_write(&bench->state->env, set_format, bench->state, &bench->err));
    state_close(bench->state);
    ok(bench, state_open(bench->directory, false, &bench->state, &bench->err));
    ok(bench, state_get_value(bench->state, STR("old"), &bench->arena, &value, &found, &bench->err));
    assert_false(found);
    state_set_value(bench->state, STR("new"), STR("y"));
    commit_and_reopen(bench);
    ok(bench, state_get_value(bench->state, STR("old"), &bench->arena, &value, &found, &bench->err));
    assert_false(found);
    ok(bench, state_get_value(bench->state, STR("new"), &bench->arena, &value, &found, &bench->err));
    assert_true(found && str_is(value, "y"));
}

/* What a damaged page may lead to: values with any byte turned, and those of another name or database. */
struct spoiling {
    struct state *state;
    enum state_database database, from;
    struct digest name, from_name;
    size_t turned;
    bool more;
};

static int spoil_body(MDB_txn *txn, void *ctx)
{
    struct spoiling *s = ctx;
    MDB_val key = {DIGEST_SIZE, s->name.bytes}, from = {DIGEST_SIZE, s->from_name.bytes}, value;
    int rc = mdb_get(txn, s->state->dbis[s->from], &from, &value);
    if (rc != 0)
        return rc;
    char *copy = mem_alloc(value.mv_size);
    memcpy(copy, value.mv_data, value.mv_size);
    s->more = s->turned < value.mv_size;
    if (s->more)
        copy[s->turned] ^= 1;
    value.mv_data = copy;
    rc = mdb_put(txn, s->state->dbis[s->database], &key, &value, 0);
    free(copy);
    return rc;
}

static void spoil(struct bench *bench, struct spoiling *s)
{
    s->state = bench->state;
    env_read_end(&bench->state->env, bench->state->snapshot);
    bench->state->snapshot = NULL;
    ok(bench, env_write(&bench->state->env, spoil_body, s, &bench->err));
    state_close(bench->state);
    ok(bench, state_open(bench->directory, false, &bench->state, &bench->err));
}

static bool remembers(struct bench *bench, enum state_database database)
{
    struct stage_memory memory;
    struct file_stat stat = {1, 1, SECOND, SECOND};
    struct digest digest;
    struct str value;
    bool found;
    if (database == STATE_STAGES)
        ok(bench, state_get_stage(bench->state, STR("n"), &bench->arena, &memory, &found, &bench->err));
    else if (database == STATE_VALUES)
        ok(bench, state_get_value(bench->state, STR("n"), &bench->arena, &value, &found, &bench->err));
    else if (database == STATE_PASSING)
        ok(bench, state_get_passing(bench->state, STR("n"), &value, &found, &bench->err));
    else
        found = stat_cache_get(bench->state, STR("n/f"), &stat, &digest);
    return found;
}

static void set_all(struct bench *bench, const char *name)
{
    struct file_stat stat = {1, 1, SECOND, SECOND};
    struct stage_memory memory = memory_of(1);
    char path[8];
    snprintf(path, sizeof path, "%s/f", name);
    state_set_stage(bench->state, str_from(name), &memory);
    state_set_value(bench->state, str_from(name), STR("v"));
    state_set_passing(bench->state, str_from(name), STR("v"));
    stat_cache_put(bench->state, str_from(path), &stat, 100 * SECOND, digest_of("f", 1));
}

static void no_damaged_byte_is_believed(void **state)
{
    struct bench *bench = *state;
    for (enum state_database database = STATE_STAGES; database < STATE_COUNT; database++) {
        struct digest name = digest_of("n", 1);
        struct spoiling s = {.database = database, .from = database, .name = name, .from_name = name};
        set_all(bench, "n");
        commit_and_reopen(bench);
        assert_true(remembers(bench, database));
        for (s.turned = 0; spoil(bench, &s), s.more; s.turned++) {
            assert_false(remembers(bench, database));
            spoil(bench, &s); /* back */
            assert_true(remembers(bench, database));
        }
    }
}

static void what_is_kept_under_another_name_is_not_believed(void **state)
{
    struct bench *bench = *state;
    struct digest name = digest_of("n", 1), other = digest_of("o", 1);
    for (enum state_database database = STATE_STAGES; database < STATE_COUNT; database++) {
        struct spoiling s = {.database = database, .from = database, .name = name, .from_name = other,
                             .turned = SIZE_MAX};
        set_all(bench, "n");
        set_all(bench, "o");
        commit_and_reopen(bench);
        spoil(bench, &s);
        assert_false(remembers(bench, database));
    }
    /* The same name elsewhere: it is the bytes of a value. */
    struct spoiling s = {.database = STATE_VALUES, .from = STATE_PASSING, .name = name, .from_name = name,
                         .turned = SIZE_MAX};
    set_all(bench, "n");
    commit_and_reopen(bench);
    spoil(bench, &s);
    assert_false(remembers(bench, STATE_VALUES));
    /* It is remembered again once it is set. */
    state_set_value(bench->state, STR("n"), STR("v"));
    commit_and_reopen(bench);
    assert_true(remembers(bench, STATE_VALUES));
}

/* ---- threads ---- */

static void *work(void *ctx)
{
    struct bench *bench = ctx;
    for (unsigned i = 0; i < 300; i++) {
        char name[32];
        struct file_stat stat = {i, 1, SECOND, SECOND};
        struct digest got;
        struct error err;
        snprintf(name, sizeof name, "d%u/f%u", i % 5, i);
        stat_cache_put(bench->state, str_from(name), &stat, 100 * SECOND, digest_of(&i, sizeof i));
        if (!stat_cache_get(bench->state, str_from(name), &stat, &got))
            return "lost";
        state_set_value(bench->state, str_from(name), STR("v"));
        if (i % 100 == 0 && state_commit(bench->state, &err) != STATUS_OK)
            return "not committed";
    }
    return NULL;
}

static void threads_share_a_state(void **state)
{
    struct bench *bench = *state;
    pthread_t threads[4];
    void *complaint;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, bench), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        assert_null(complaint);
    }
    commit_and_reopen(bench);
    struct file_stat stat = {299, 1, SECOND, SECOND};
    struct digest got;
    assert_true(stat_cache_get(bench->state, STR("d4/f299"), &stat, &got));
}

/* Files that are gone are forgotten, in folders of all sizes; what is outside, or cannot be listed, stays. */
enum { FOLDERS = 40 };

static bool knows(struct bench *bench, const char *path)
{
    struct file_stat stat = {1, 1, SECOND, SECOND};
    struct digest got;
    return stat_cache_get(bench->state, str_from(path), &stat, &got);
}

static void what_is_gone_is_forgotten(void **state)
{
    struct bench *bench = *state;
    struct file_stat stat = {1, 1, SECOND, SECOND};
    struct state_folder folders[FOLDERS + 1] = {0};
    struct digest names[FOLDERS + 1][2];
    char text[64];
    uint64_t forgotten, kept = 0;
    /* Folder n has n * n files, of which the first two are still there; every third folder is not there at all. */
    size_t count = 0;
    for (unsigned folder = 0; folder < FOLDERS; folder++) {
        for (unsigned i = 0; i < folder * folder; i++) {
            snprintf(text, sizeof text, "d%u/f%u", folder, i);
            stat_cache_put(bench->state, str_from(text), &stat, 100 * SECOND, digest_of(text, strlen(text)));
        }
        if (folder % 3 == 0)
            continue;
        names[folder][0] = digest_of("f1", 2);
        names[folder][1] = digest_of("f0", 2);
        snprintf(text, sizeof text, "d%u", folder);
        folders[count++] = (struct state_folder){.path = str_dup(&bench->arena, str_from(text)),
                                                 .names = names[folder], .count = 2};
        kept += folder == 1 ? 1 : 2;
    }
    stat_cache_put(bench->state, STR("../o/f"), &stat, 100 * SECOND, digest_of("o", 1));
    stat_cache_put(bench->state, STR("/o/f"), &stat, 100 * SECOND, digest_of("o", 1));
    stat_cache_put(bench->state, STR("shut/f"), &stat, 100 * SECOND, digest_of("o", 1));
    folders[count++] = (struct state_folder){.path = STR("shut"), .unreadable = true};
    commit_and_reopen(bench);
    uint64_t all = (FOLDERS - 1) * FOLDERS * (2 * FOLDERS - 1) / 6;
    ok(bench, state_prune(bench->state, folders, count, &forgotten, &bench->err));
    assert_int_equal(forgotten, all - kept);
    for (int i = 0; i < 2; i++) {
        assert_true(knows(bench, "../o/f") && knows(bench, "/o/f") && knows(bench, "shut/f"));
        assert_true(knows(bench, "d1/f0") && knows(bench, "d38/f0") && knows(bench, "d38/f1"));
        assert_false(knows(bench, "d38/f2") || knows(bench, "d39/f0") || knows(bench, "d37/f1000"));
        commit_and_reopen(bench);
    }
    ok(bench, state_prune(bench->state, folders, count, &forgotten, &bench->err));
    assert_int_equal(forgotten, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_damaged_byte_is_believed),
        TEST(what_is_kept_under_another_name_is_not_believed),
        TEST(stages_are_remembered),
        TEST(values_are_remembered),
        TEST(what_is_the_same_is_not_written),
        TEST(unchanged_files_are_believed),
        TEST(what_is_racy_is_not_believed_later),
        TEST(packs_are_merged),
        TEST(a_reader_needs_nothing_and_writes_nothing),
        TEST(another_format_is_empty_and_replaced),
        TEST(threads_share_a_state),
        TEST(passing_values_go_with_the_next_commit),
        TEST(what_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
