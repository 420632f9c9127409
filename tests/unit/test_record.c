/* Records: round trips, damage, and the set of records under one key. */
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
#include "store/record.h"
#include "store/store.h"
#include "scratch.h"

static struct record_out outs[2] = {
    {.path = {"models/digits.json", 18}, .kind = ENTRY_FILE, .executable = true, .stored = true, .size = 12345678901},
    {.path = {"out", 3}, .kind = ENTRY_DIRECTORY, .size = 5},
};
static struct record_input inputs[1] = {{.path = {"src/a.h", 7}, .kind = ENTRY_FILE}};

static struct record sample(void)
{
    return (struct record){.key = digest_of("key", 3),
                           .created_ms = -5,
                           .duration_ms = 77,
                           .origin = STR("host:/home/x"),
                           .log = digest_of("log", 3),
                           .outs = outs,
                           .out_count = 2,
                           .inputs = inputs,
                           .input_count = 1};
}

static void records_round_trip(void **unused)
{
    (void)unused;
    struct arena arena;
    struct buf bytes = {0};
    struct record record = sample(), back = {0};
    arena_init(&arena);
    record_encode(&record, &bytes);
    assert_true(record_decode(buf_view(&bytes), record.key, &arena, &back));
    assert_true(digest_equal(back.key, record.key));
    assert_int_equal(back.created_ms, -5);
    assert_int_equal(back.duration_ms, 77);
    assert_true(str_is(back.origin, "host:/home/x"));
    assert_true(digest_equal(back.log, record.log));
    assert_int_equal(back.out_count, 2);
    assert_true(str_is(back.outs[0].path, "models/digits.json"));
    assert_true(back.outs[0].executable && back.outs[0].stored && back.outs[0].kind == ENTRY_FILE);
    assert_true(back.outs[0].size == 12345678901);
    assert_true(!back.outs[1].stored && back.outs[1].kind == ENTRY_DIRECTORY);
    assert_int_equal(back.input_count, 1);
    assert_true(str_is(back.inputs[0].path, "src/a.h"));
    buf_finish(&bytes);
    arena_finish(&arena);
}

static void every_damaged_byte_shows(void **unused)
{
    (void)unused;
    struct arena arena;
    struct buf bytes = {0};
    struct record record = sample(), back;
    arena_init(&arena);
    record_encode(&record, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.ptr[i] ^= 0x40;
        assert_false(record_decode(buf_view(&bytes), record.key, &arena, &back));
        bytes.ptr[i] ^= 0x40;
        assert_false(record_decode((struct str){bytes.ptr, i}, record.key, &arena, &back));
    }
    buf_char(&bytes, '\0');
    assert_false(record_decode(buf_view(&bytes), record.key, &arena, &back));
    buf_finish(&bytes);
    arena_finish(&arena);
}

static void a_record_holds_under_its_key_only(void **unused)
{
    (void)unused;
    struct arena arena;
    struct buf bytes = {0};
    struct record record = sample(), back;
    arena_init(&arena);
    record_encode(&record, &bytes);
    for (unsigned i = 0; i < DIGEST_SIZE; i++) {
        struct digest other = record.key;
        other.bytes[i] ^= 1;
        assert_false(record_decode(buf_view(&bytes), other, &arena, &back));
    }
    buf_finish(&bytes);
    arena_finish(&arena);
}

static void identity_is_outs_and_inputs(void **unused)
{
    (void)unused;
    struct buf a = {0}, b = {0}, c = {0};
    struct record record = sample();
    struct record_head heads[3];
    record_encode(&record, &a);
    record.created_ms = 99;
    record.origin = STR("elsewhere");
    record_encode(&record, &b);
    record.input_count = 0;
    record_encode(&record, &c);
    assert_true(record_head(buf_view(&a), &heads[0]) && record_head(buf_view(&b), &heads[1]) &&
                record_head(buf_view(&c), &heads[2]));
    assert_true(digest_equal(heads[0].identity, heads[1].identity));
    assert_false(digest_equal(heads[0].identity, heads[2].identity));
    assert_true(heads[0].has_inputs && !heads[2].has_inputs);
    buf_finish(&a);
    buf_finish(&b);
    buf_finish(&c);
}

/* ---- in a store ---- */

struct bench {
    char directory[SCRATCH_SIZE];
    struct store *store;
    struct arena arena;
    struct error err;
};

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    scratch_name(bench->directory, "record");
    assert_non_null(mkdtemp(bench->directory));
    const struct store_options options = {.compression = 3};
    assert_int_equal(store_open(bench->directory, &options, &bench->store, &bench->err), STATUS_OK);
    arena_init(&bench->arena);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    store_close(bench->store);
    arena_finish(&bench->arena);
    assert_int_equal(fs_remove_tree(bench->directory, &bench->err), STATUS_OK);
    free(bench);
    return 0;
}

static void reopen(struct bench *bench)
{
    store_close(bench->store);
    const struct store_options options = {.compression = 3};
    assert_int_equal(store_open(bench->directory, &options, &bench->store, &bench->err), STATUS_OK);
}

static void put(struct bench *bench, struct digest key, unsigned variant, bool with_inputs, int64_t created_ms)
{
    struct record_out out = {.path = STR("o"), .kind = ENTRY_FILE, .size = variant};
    struct record_input input = {.path = STR("i"), .kind = ENTRY_FILE, .digest = digest_of(&variant, sizeof variant)};
    struct record record = {.key = key, .created_ms = created_ms, .outs = &out, .out_count = 1,
                            .inputs = &input, .input_count = with_inputs};
    assert_int_equal(store_put_record(bench->store, &record, &bench->err), STATUS_OK);
}

static struct record *get(struct bench *bench, struct digest key, uint32_t *count)
{
    struct record *records;
    assert_int_equal(store_get_records(bench->store, key, &bench->arena, &records, count, &bench->err), STATUS_OK);
    return records;
}

/* The same seen while they wait, after the flush, and by the next process. */
static void a_key_keeps_its_records_in_order(void **state)
{
    struct bench *bench = *state;
    struct digest key = digest_of("key", 3), other = digest_of("other", 5);
    uint32_t count;
    get(bench, key, &count);
    assert_int_equal(count, 0);
    put(bench, key, 1, false, 10);
    put(bench, key, 2, false, 20);
    put(bench, other, 7, false, 20);
    put(bench, key, 1, false, 30); /* says the same as the first: replaces it */
    for (int pass = 0; pass < 3; pass++) {
        struct record *records = get(bench, key, &count);
        assert_int_equal(count, 2);
        assert_true(records[0].id == 1 && records[0].outs[0].size == 1 && records[0].created_ms == 30);
        assert_true(records[1].id == 2 && records[1].outs[0].size == 2 && records[1].created_ms == 20);
        assert_true(digest_equal(records[1].key, key));
        if (pass == 0)
            assert_int_equal(store_flush(bench->store, &bench->err), STATUS_OK);
        else
            reopen(bench);
    }
    put(bench, key, 2, false, 40);
    put(bench, key, 3, false, 50);
    struct record *records = get(bench, key, &count);
    assert_true(count == 3 && records[1].created_ms == 40 && records[2].id == 3);
}

/* A wrong page may give the record of another key. */
struct copying {
    struct store *store;
    struct digest from, to;
};

static int copy_body(MDB_txn *txn, void *ctx)
{
    struct copying *c = ctx;
    uint8_t from[RECORD_KEY_SIZE], to[RECORD_KEY_SIZE];
    record_key(c->from, 1, from);
    record_key(c->to, 1, to);
    MDB_val key = {sizeof from, from}, value;
    int rc = mdb_get(txn, c->store->dbis[DB_RECORDS], &key, &value);
    if (rc != 0)
        return rc;
    char *copy = mem_alloc(value.mv_size);
    memcpy(copy, value.mv_data, value.mv_size);
    key.mv_data = to;
    value.mv_data = copy;
    rc = mdb_put(txn, c->store->dbis[DB_RECORDS], &key, &value, 0);
    free(copy);
    return rc;
}

static void the_record_of_another_key_is_not_served(void **state)
{
    struct bench *bench = *state;
    struct copying copying = {bench->store, digest_of("a", 1), digest_of("b", 1)};
    struct record *records;
    uint32_t count = 77;
    put(bench, copying.from, 1, false, 1);
    assert_int_equal(store_flush(bench->store, &bench->err), STATUS_OK);
    assert_int_equal(env_write(&bench->store->env, copy_body, &copying, &bench->err), STATUS_OK);
    assert_int_equal(store_get_records(bench->store, copying.to, &bench->arena, &records, &count, &bench->err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "record 1 of key "));
    assert_int_equal(count, 0);
    assert_int_equal(store_get_records(bench->store, copying.to, &bench->arena, &records, &count, &bench->err),
                     STATUS_OK);
    assert_int_equal(count, 0); /* it was dropped */
    assert_int_equal(store_get_records(bench->store, copying.from, &bench->arena, &records, &count, &bench->err),
                     STATUS_OK);
    assert_int_equal(count, 1);
}

static void input_sets_are_limited(void **state)
{
    struct bench *bench = *state;
    struct digest key = digest_of("key", 3);
    uint32_t count;
    put(bench, key, 1000, false, 0);
    for (unsigned i = 0; i < RECORD_INPUT_SETS_MAX + 4; i++)
        put(bench, key, i, true, i);
    for (int pass = 0; pass < 2; pass++) {
        struct record *records = get(bench, key, &count);
        assert_int_equal(count, RECORD_INPUT_SETS_MAX + 1);
        assert_int_equal(records[0].outs[0].size, 1000); /* the one without inputs does not count */
        assert_int_equal(records[1].outs[0].size, 4);
        assert_int_equal(records[RECORD_INPUT_SETS_MAX].outs[0].size, RECORD_INPUT_SETS_MAX + 3);
        reopen(bench);
    }
}

int main(void)
{
    outs[0].digest = digest_of("o", 1);
    inputs[0].digest = digest_of("i", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_round_trip),
        cmocka_unit_test(every_damaged_byte_shows),
        cmocka_unit_test(a_record_holds_under_its_key_only),
        cmocka_unit_test(identity_is_outs_and_inputs),
        cmocka_unit_test_setup_teardown(the_record_of_another_key_is_not_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_keeps_its_records_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(input_sets_are_limited, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
