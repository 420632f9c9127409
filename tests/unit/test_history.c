/* The history: what was added is there again, only what differs is kept, forgetting a run changes no other, and damage
 * is told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "store/history.h"
#include "scratch.h"

enum { STAGES_MAX = 1000 };

struct bench {
    char directory[SCRATCH_SIZE];
    struct history *history;
    struct arena arena;
    struct error err;
    uint32_t filled; /* builds whose metrics were asked for */
    struct history_build builds[STAGES_MAX];
};

static void ok(struct bench *bench, enum status status)
{
    if (status != STATUS_OK)
        print_error("%s\n", bench->err.message);
    assert_int_equal(status, STATUS_OK);
}

static void reopen(struct bench *bench, bool read_only)
{
    history_close(bench->history);
    bench->history = NULL;
    ok(bench, history_open(bench->directory, read_only, &bench->history, &bench->err));
}

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    scratch_name(bench->directory, "history");
    assert_non_null(mkdtemp(bench->directory));
    arena_init(&bench->arena);
    reopen(bench, false);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    history_close(bench->history);
    arena_finish(&bench->arena);
    ok(bench, fs_remove_tree(bench->directory, &bench->err));
    free(bench);
    return 0;
}

/* A stage with an out, as of a version of its input. */
static struct history_build build_of(struct bench *bench, struct str name, unsigned version)
{
    struct record_out *out = arena_new(&bench->arena, struct record_out);
    struct str text = str_format(&bench->arena, STR_FMT " %u", STR_ARG(name), version);
    *out = (struct record_out){.path = str_format(&bench->arena, "out/" STR_FMT, STR_ARG(name)),
                               .kind = ENTRY_FILE,
                               .stored = true,
                               .digest = digest_of(text.ptr, text.len),
                               .size = version};
    return (struct history_build){.stage = name,
                                  .key = digest_of(text.ptr, text.len),
                                  .fields = str_format(&bench->arena, "fields of " STR_FMT, STR_ARG(text)),
                                  .outs = out,
                                  .out_count = 1};
}

static void fill(void *ctx, uint32_t at)
{
    struct bench *bench = ctx;
    struct history_build *build = &bench->builds[at];
    build->metrics = arena_array(&bench->arena, struct history_metric, 1);
    build->metrics[0] = (struct history_metric){STR("m.json"), build->stage,
                                                str_format(&bench->arena, "%u", (unsigned)build->outs[0].size)};
    build->metric_count = 1;
    bench->filled++;
}

static uint64_t add(struct bench *bench, const char *id, uint32_t count)
{
    struct history_run run = {.id = str_from(id),
                              .started_ms = 1700000000123,
                              .duration_ms = 45,
                              .user = STR("ann"),
                              .host = STR("host"),
                              .command = STR("run 'a b'"),
                              .folder = STR("."),
                              .version = STR("1"),
                              .commit = STR("0123456789abcdef0123456789abcdef01234567"),
                              .branch = STR("main"),
                              .fault = STR(""),
                              .dirty = true,
                              .diff = digest_of("x", 1),
                              .exit_status = 130,
                              .counts = {1, 2, 3, 4, 5, 6}};
    struct history_stage did[] = {{STR("a"), STATE_RAN, digest_of("k", 1), 7, STR("dep x changed")},
                                  {STR("\xff odd\n"), STATE_SKIPPED, {{0}}, 0, STR("")},
                                  {STR("c"), STATE_FAILED, digest_of("c", 1), 9, STR("exit status 1")}};
    struct history_addition addition = {.run = &run,
                                        .stages = did,
                                        .stage_count = 3,
                                        .builds = bench->builds,
                                        .build_count = count,
                                        .complete = fill,
                                        .ctx = bench};
    bench->filled = 0;
    ok(bench, history_add(bench->history, &addition, &bench->err));
    assert_true(run.builds >= bench->filled); /* and those that are gone */
    return run.number;
}

/* Three stages, at these versions; 0 = it is not there. */
static uint64_t add_versions(struct bench *bench, unsigned a, unsigned b, unsigned c)
{
    static const char *const names[] = {"a", "\xff odd\n", "c"};
    const unsigned versions[] = {a, b, c};
    uint32_t count = 0;
    for (int i = 0; i < 3; i++)
        if (versions[i] > 0)
            bench->builds[count++] = build_of(bench, str_from(names[i]), versions[i]);
    return add(bench, str_format(&bench->arena, "%u-%u-%u", a, b, c).ptr, count);
}

/* The versions after a run, as three digits. */
static unsigned picture(struct bench *bench, uint64_t number)
{
    struct history_tip *tips;
    uint32_t count;
    unsigned sum = 0;
    ok(bench, history_get_picture(bench->history, number, &bench->arena, &tips, &count, &bench->err));
    for (uint32_t i = 0; i < count; i++) {
        struct history_build build;
        ok(bench, history_get_build(bench->history, &tips[i], &bench->arena, &build, &bench->err));
        unsigned version = (unsigned)build.outs[0].size;
        struct history_build wanted = build_of(bench, build.stage, version);
        assert_true(digest_equal(build.key, wanted.key) && str_equal(build.fields, wanted.fields));
        assert_true(str_equal(build.outs[0].path, wanted.outs[0].path) && build.outs[0].stored);
        assert_int_equal(build.metric_count, 1);
        assert_true(str_equal(build.metrics[0].name, build.stage) && atoi(build.metrics[0].value.ptr) == (int)version);
        sum += version * (str_is(build.stage, "a") ? 100 : str_is(build.stage, "c") ? 1 : 10);
    }
    return sum;
}

static uint32_t count_values(struct bench *bench, enum history_database database)
{
    MDB_txn *txn;
    MDB_stat stat;
    ok(bench, env_read_begin(&bench->history->env, &txn, &bench->err));
    assert_int_equal(mdb_stat(txn, bench->history->dbis[database], &stat), 0);
    env_read_end(&bench->history->env, txn);
    return (uint32_t)stat.ms_entries;
}

static void test_what_was_added(void **state)
{
    struct bench *bench = *state;
    struct history_run *runs;
    struct history_stage *stages;
    uint32_t count;
    uint64_t number = add_versions(bench, 1, 1, 1);
    reopen(bench, true);
    ok(bench, history_list(bench->history, &bench->arena, &runs, &count, &bench->err));
    assert_int_equal(count, 1);
    const struct history_run *run = &runs[0];
    assert_true(run->number == number && str_is(run->id, "1-1-1") && run->started_ms == 1700000000123);
    assert_true(run->duration_ms == 45 && str_is(run->user, "ann") && str_is(run->host, "host"));
    assert_true(str_is(run->command, "run 'a b'") && str_is(run->folder, ".") && str_is(run->version, "1"));
    assert_true(run->commit.len == 40 && str_is(run->branch, "main") && run->fault.len == 0 && run->dirty);
    assert_true(digest_equal(run->diff, digest_of("x", 1)) && run->exit_status == 130 && !run->pinned);
    assert_int_equal(run->builds, 3);
    for (unsigned i = 0; i < HISTORY_COUNTERS; i++)
        assert_int_equal(run->counts[i], i + 1);
    ok(bench, history_get_stages(bench->history, number, &bench->arena, &stages, &count, &bench->err));
    assert_int_equal(count, 3);
    assert_true(str_is(stages[1].name, "\xff odd\n") && stages[1].state == STATE_SKIPPED &&
                digest_is_zero(stages[1].key));
    assert_true(stages[0].state == STATE_RAN && stages[0].duration_ms == 7);
    assert_true(str_is(stages[0].reason, "dep x changed"));
    assert_int_equal(picture(bench, number), 111);
    assert_int_equal(history_get_stages(bench->history, 77, &bench->arena, &stages, &count, &bench->err),
                     STATUS_NOT_FOUND);
}

static void test_only_what_differs(void **state)
{
    struct bench *bench = *state;
    add_versions(bench, 1, 1, 1);
    assert_int_equal(bench->filled, 3);
    add_versions(bench, 1, 1, 1);
    assert_int_equal(bench->filled, 0);
    add_versions(bench, 2, 1, 1);
    assert_int_equal(bench->filled, 1);
    add_versions(bench, 1, 1, 1); /* again as it was: the same build */
    assert_int_equal(count_values(bench, HISTORY_CHANGES), 5);
    assert_int_equal(count_values(bench, HISTORY_BUILDS), 4);
    assert_int_equal(count_values(bench, HISTORY_METRICS), 4);
    add_versions(bench, 1, 0, 1); /* a stage is gone, and comes back */
    add_versions(bench, 1, 0, 1);
    add_versions(bench, 1, 3, 1);
    assert_int_equal(count_values(bench, HISTORY_CHANGES), 7);
    static const unsigned wanted[] = {0, 111, 111, 211, 111, 101, 101, 131};
    for (uint64_t number = 0; number < 8; number++)
        assert_int_equal(picture(bench, number), wanted[number]);
    assert_int_equal(picture(bench, 1000), 131);
}

/* Whichever run is forgotten, the pictures of the others stay, and nothing that only it needed is left. */
static void test_forgetting(void **state)
{
    struct bench *bench = *state;
    static const unsigned versions[][3] = {{1, 1, 1}, {2, 1, 0}, {2, 2, 3}, {3, 2, 3}, {1, 0, 3}, {1, 4, 3}};
    enum { RUNS = sizeof versions / sizeof *versions };
    for (unsigned order = 0; order < 64; order++) {
        unsigned pictures[RUNS], seed = order;
        bool gone[RUNS] = {false};
        for (int i = 0; i < RUNS; i++) {
            assert_int_equal(add_versions(bench, versions[i][0], versions[i][1], versions[i][2]), (uint64_t)i + 1);
            pictures[i] = picture(bench, (uint64_t)i + 1);
        }
        for (int left = RUNS; left > 0; left--) {
            unsigned pick = (seed = seed * 1103515245u + 12345u) / 65536u % (unsigned)left;
            int at = 0;
            while (gone[at] || pick-- > 0)
                at++;
            gone[at] = true;
            ok(bench, history_forget(bench->history, (uint64_t)at + 1, &bench->err));
            for (int i = 0; i < RUNS; i++)
                if (!gone[i])
                    assert_int_equal(picture(bench, (uint64_t)i + 1), pictures[i]);
        }
        for (int database = HISTORY_RUNS; database < HISTORY_DATABASES; database++)
            assert_int_equal(count_values(bench, (enum history_database)database), 0);
    }
}

static void test_pinning(void **state)
{
    struct bench *bench = *state;
    struct history_run *runs;
    uint32_t count;
    uint64_t number = add_versions(bench, 1, 1, 1);
    ok(bench, history_pin(bench->history, number, true, &bench->err));
    reopen(bench, false);
    ok(bench, history_list(bench->history, &bench->arena, &runs, &count, &bench->err));
    assert_true(runs[0].pinned && runs[0].dirty && str_is(runs[0].id, "1-1-1"));
    ok(bench, history_pin(bench->history, number, false, &bench->err));
    ok(bench, history_list(bench->history, &bench->arena, &runs, &count, &bench->err));
    assert_false(runs[0].pinned);
}

static void test_none(void **state)
{
    struct bench *bench = *state;
    struct history *none;
    struct history_run *runs;
    uint32_t count = 7;
    ok(bench, history_open("there/is/no/such/folder", true, &none, &bench->err));
    ok(bench, history_list(none, &bench->arena, &runs, &count, &bench->err));
    assert_int_equal(count, 0);
    history_close(none);
}

/* ---- damage ---- */

struct change {
    struct history *history;
    enum history_database database;
    size_t at;
    bool swap; /* two values change places instead */
};

static int change_body(MDB_txn *txn, void *ctx)
{
    const struct change *c = ctx;
    MDB_dbi dbi = c->history->dbis[c->database];
    MDB_cursor *cursor;
    MDB_val key, value, other, kept;
    int rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    MDB_val name = {key.mv_size, malloc(key.mv_size)}, bytes = {value.mv_size, malloc(value.mv_size)};
    memcpy(name.mv_data, key.mv_data, key.mv_size);
    memcpy(bytes.mv_data, value.mv_data, value.mv_size);
    if (rc == 0 && c->swap) {
        rc = mdb_cursor_get(cursor, &other, &kept, MDB_NEXT);
        free(bytes.mv_data);
        bytes = (MDB_val){kept.mv_size, malloc(kept.mv_size)};
        memcpy(bytes.mv_data, kept.mv_data, kept.mv_size);
    } else {
        ((char *)bytes.mv_data)[c->at % bytes.mv_size] ^= 0x10;
    }
    mdb_cursor_close(cursor);
    if (rc == 0)
        rc = mdb_put(txn, dbi, &name, &bytes, 0);
    free(name.mv_data);
    free(bytes.mv_data);
    return rc;
}

static enum status read_all(struct bench *bench)
{
    struct history_run *runs;
    struct history_stage *stages;
    struct history_tip *tips;
    struct history_build build;
    uint32_t count, stage_count, tip_count;
    enum status status = history_list(bench->history, &bench->arena, &runs, &count, &bench->err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = history_get_stages(bench->history, runs[i].number, &bench->arena, &stages, &stage_count, &bench->err);
    if (status == STATUS_OK)
        status = history_get_changes(bench->history, &bench->arena, &tips, &tip_count, &bench->err);
    for (uint32_t i = 0; status == STATUS_OK && i < tip_count; i++)
        status = history_get_build(bench->history, &tips[i], &bench->arena, &build, &bench->err);
    return status;
}

static void test_damage(void **state)
{
    struct bench *bench = *state;
    for (int database = HISTORY_RUNS; database < HISTORY_DATABASES; database++)
        for (size_t at = 0; at < 12; at++) {
            add_versions(bench, 1, 1, 1);
            add_versions(bench, 2, 1, 1);
            assert_int_equal(read_all(bench), STATUS_OK);
            struct change change = {bench->history, (enum history_database)database, at * 23, at == 11};
            ok(bench, env_write(&bench->history->env, change_body, &change, &bench->err));
            assert_int_equal(read_all(bench), STATUS_STORE);
            assert_non_null(strstr(bench->err.message, "history"));
            assert_non_null(strstr(bench->err.message, "damaged"));
            history_close(bench->history);
            bench->history = NULL;
            ok(bench, fs_remove_tree(bench->directory, &bench->err));
            reopen(bench, false);
        }
}

static int format_body(MDB_txn *txn, void *ctx)
{
    const struct history *h = ctx;
    uint8_t format[4] = {HISTORY_FORMAT + 1};
    MDB_val key = {sizeof "history-format" - 1, "history-format"}, value = {sizeof format, format};
    return mdb_put(txn, h->dbis[HISTORY_META], &key, &value, 0);
}

static void test_another_format(void **state)
{
    struct bench *bench = *state;
    add_versions(bench, 1, 1, 1);
    ok(bench, env_write(&bench->history->env, format_body, bench->history, &bench->err));
    history_close(bench->history);
    for (int read_only = 0; read_only < 2; read_only++) {
        assert_int_equal(history_open(bench->directory, read_only, &bench->history, &bench->err), STATUS_STORE);
        assert_non_null(strstr(bench->err.message, "has format 2, and this refit (format 1) cannot read it"));
    }
    bench->history = NULL;
}

/* ---- size ---- */

/* Of a run that changed 3 of 1,000 stages, each with a command, ten deps and an out. */
static void test_small(void **state)
{
    struct bench *bench = *state;
    struct stat before, after;
    enum { RUNS = 300, WARM = 100, BYTES_MAX = 3500 };
    char path[SCRATCH_SIZE + 64];
    snprintf(path, sizeof path, "%s/data.mdb", bench->directory);
    mdb_env_set_flags(bench->history->env.lmdb, MDB_NOSYNC, 1);
    for (unsigned run = 0; run < WARM + RUNS; run++) {
        for (unsigned i = 0; i < STAGES_MAX; i++) {
            if (run > 0 && (i + run) % (STAGES_MAX / 3) != 0)
                continue;
            bench->builds[i] = build_of(bench, str_format(&bench->arena, "train@%u", i), run + 1);
            struct buf fields = {0};
            buf_print(&fields, "cmd python3 train.py --model %u", i);
            for (unsigned dep = 0; dep < 10; dep++) {
                char hex[DIGEST_HEX + 1];
                unsigned version = dep == 0 ? run : dep; /* one changed */
                buf_print(&fields, "dep data/part-%u.csv file %s", dep,
                          digest_hex(digest_of(&version, sizeof version), hex));
            }
            bench->builds[i].fields = str_dup(&bench->arena, buf_view(&fields));
            buf_finish(&fields);
        }
        add(bench, str_format(&bench->arena, "20261105T143000Z-%04x", run).ptr, STAGES_MAX);
        if (run == WARM)
            assert_int_equal(stat(path, &before), 0);
    }
    assert_int_equal(stat(path, &after), 0);
    long bytes = (long)(after.st_size - before.st_size) / (RUNS - 1);
    print_message("%ld bytes a run\n", bytes);
    assert_true(bytes > 0 && bytes < BYTES_MAX);
    assert_int_equal(count_values(bench, HISTORY_RUNS), WARM + RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_what_differs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgetting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pinning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_format, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
