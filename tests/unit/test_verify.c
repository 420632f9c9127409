/* Verifying the store: sound things are found sound, each kind of damage is found and named, and repairing takes out
 * what is damaged and nothing else. */
#include <unistd.h>

#include "bench.h"
#include "store/inspect.h"
#include "store/record.h"

struct bench {
    char directory[SCRATCH_SIZE];
    struct store *store;
    struct error err;
    struct store_verify_counts counts;
    char faults[4096]; /* "kind path text", a line each */
};

static const struct store_options reading = {.read_only = true};

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    OK(bench, open_new(bench->directory, &bench->store, &bench->err));
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    OK(bench, close_and_remove(bench->directory, bench->store, &bench->err));
    free(bench);
    return 0;
}

static void note(void *ctx, const struct store_fault *fault)
{
    struct bench *bench = ctx;
    static const char *const kinds[] = {"chunk", "object", "record"};
    size_t len = strlen(bench->faults);
    snprintf(bench->faults + len, sizeof bench->faults - len, "%s%s " STR_FMT " " STR_FMT "\n",
             fault->repaired ? "repaired " : "", kinds[fault->kind], STR_ARG(fault->path), STR_ARG(fault->text));
}

static void verify(struct bench *bench, bool repair, uint64_t faults)
{
    struct store_verify_options options = {.repair = repair, .fault = note, .ctx = bench};
    bench->faults[0] = '\0';
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_verify(bench->store, &options, &bench->counts, &bench->err));
    if (bench->counts.faults != faults)
        fail_msg("%llu faults:\n%s", (unsigned long long)bench->counts.faults, bench->faults);
    assert_int_equal(bench->counts.repaired, repair ? faults : 0);
}

static uint32_t count_records(struct bench *bench, struct digest key, struct digest *log)
{
    struct arena arena;
    struct record *records;
    uint32_t count;
    arena_init(&arena);
    OK(bench, store_get_records(bench->store, key, &arena, &records, &count, &bench->err));
    if (log != NULL && count > 0)
        *log = records[0].log;
    arena_finish(&arena);
    return count;
}

struct edit {
    struct bench *bench;
    enum database database;
    struct str key;
    bool remove;
};

/* Removes what is there, or turns its last byte. */
static int edit_body(MDB_txn *txn, void *ctx)
{
    struct edit *edit = ctx;
    MDB_dbi dbi = edit->bench->store->dbis[edit->database];
    MDB_val key = {edit->key.len, (void *)(uintptr_t)edit->key.ptr}, value;
    int rc = mdb_get(txn, dbi, &key, &value);
    if (rc != 0)
        return rc;
    if (edit->remove)
        return mdb_del(txn, dbi, &key, NULL);
    char *copy = mem_alloc(value.mv_size);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[value.mv_size - 1] ^= 1;
    value.mv_data = copy;
    rc = mdb_put(txn, dbi, &key, &value, 0);
    free(copy);
    return rc;
}

static void edit(struct bench *bench, enum database database, const void *key, size_t len, bool remove)
{
    struct edit change = {bench, database, {key, len}, remove};
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, env_write(&bench->store->env, edit_body, &change, &bench->err));
}

/* The first chunk of an object of several. */
static struct digest first_chunk(struct bench *bench, struct digest digest)
{
    struct fetch fetch;
    struct list list;
    bool found;
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, fetch_begin(bench->store, NULL, ITEM_OBJECT, digest, &fetch, &found, &bench->err));
    assert_true(found && list_decode(fetch.value, digest, &list));
    struct digest first = list_at(list.entries, 0).digest;
    fetch_end(&fetch);
    return first;
}

static void what_is_sound_is_found_sound(void **state)
{
    struct bench *bench = *state;
    verify(bench, false, 0);
    struct digest large = put_noise(bench->store, 3u << 20, 1), small = put_noise(bench->store, 1000, 2);
    put_record(bench->store, "large", ENTRY_FILE, large, put_noise(bench->store, 500, 3));
    put_record(bench->store, "tree", ENTRY_DIRECTORY, put_tree(bench->store, small), no_log);
    put_record(bench->store, "again", ENTRY_DIRECTORY, put_tree(bench->store, small), no_log);
    verify(bench, false, 0);
    assert_int_equal(bench->counts.records, 3);
    assert_int_equal(bench->counts.objects, 1);
    assert_int_equal(bench->counts.loose_chunks, 0);
    assert_true(bench->counts.read_bytes > (3u << 20) + 1500);
    put_noise(bench->store, 700, 4);
    verify(bench, true, 0);
    assert_int_equal(bench->counts.loose_chunks, 1);
    assert_true(bench->counts.loose_bytes >= 700);
}

static void lists_of_lists_are_followed(void **state)
{
    struct bench *bench = *state;
    bench->store->list_entries_max = 2;
    struct digest large = put_noise(bench->store, 5u << 20, 1);
    put_record(bench->store, "large", ENTRY_FILE, large, no_log);
    verify(bench, false, 0);
    assert_int_equal(bench->counts.loose_chunks, 0);
    assert_true(bench->counts.objects >= 1);
}

static void a_damaged_chunk_is_found_and_taken_out(void **state)
{
    struct bench *bench = *state;
    char hex[DIGEST_HEX + 1];
    bool has;
    struct digest large = put_noise(bench->store, 3u << 20, 1), other = put_noise(bench->store, 2u << 20, 2);
    struct digest key = put_record(bench->store, "large", ENTRY_FILE, large, no_log);
    struct digest kept = put_record(bench->store, "other", ENTRY_FILE, other, no_log);
    struct digest chunk = first_chunk(bench, large);
    edit(bench, DB_CHUNKS, chunk.bytes, DIGEST_SIZE, false);
    for (int round = 0; round < 2; round++) {
        verify(bench, round == 1, 3);
        assert_non_null(strstr(bench->faults, "chunk  chunk "));
        assert_non_null(strstr(bench->faults, digest_hex(chunk, hex)));
        assert_non_null(strstr(bench->faults, "object  chunk "));
        assert_non_null(strstr(bench->faults, "record large object "));
    }
    verify(bench, false, 0);
    assert_int_equal(count_records(bench, key, NULL), 0);
    assert_int_equal(count_records(bench, kept, NULL), 1);
    OK(bench, store_has(bench->store, large, &has, &bench->err));
    assert_false(has);
    OK(bench, store_has(bench->store, other, &has, &bench->err));
    assert_true(has);
    assert_true(bench->counts.loose_chunks > 0); /* the others of `large` */
    put_record(bench->store, "large", ENTRY_FILE, put_noise(bench->store, 3u << 20, 1), no_log);
    verify(bench, false, 0);
    assert_int_equal(bench->counts.loose_chunks, 0);
}

static void a_missing_chunk_concerns_object_and_record(void **state)
{
    struct bench *bench = *state;
    struct digest large = put_noise(bench->store, 3u << 20, 1);
    put_record(bench->store, "large", ENTRY_FILE, large, no_log);
    struct digest chunk = first_chunk(bench, large);
    edit(bench, DB_CHUNKS, chunk.bytes, DIGEST_SIZE, true);
    verify(bench, false, 2);
    verify(bench, true, 2);
    verify(bench, false, 0);
}

static void a_damaged_list_is_found(void **state)
{
    struct bench *bench = *state;
    struct digest large = put_noise(bench->store, 3u << 20, 1);
    put_record(bench->store, "large", ENTRY_FILE, large, no_log);
    edit(bench, DB_OBJECTS, large.bytes, DIGEST_SIZE, false);
    verify(bench, false, 2);
    assert_non_null(strstr(bench->faults, "list of the chunks"));
    verify(bench, true, 2);
    verify(bench, false, 0);
}

static void a_tree_needs_its_files(void **state)
{
    struct bench *bench = *state;
    struct digest file = put_noise(bench->store, 100, 1), text = put_noise(bench->store, 200, 2);
    put_record(bench->store, "gone", ENTRY_DIRECTORY, put_tree(bench->store, file), no_log);
    put_record(bench->store, "no-tree", ENTRY_DIRECTORY, text, no_log);
    edit(bench, DB_CHUNKS, file.bytes, DIGEST_SIZE, true);
    verify(bench, false, 2);
    assert_non_null(strstr(bench->faults, "record gone object"));
    assert_non_null(strstr(bench->faults, "not the tree of a directory"));
    verify(bench, true, 2);
    verify(bench, false, 0);
    assert_int_equal(bench->counts.records, 0);
}

static void a_damaged_record_is_found(void **state)
{
    struct bench *bench = *state;
    uint8_t key[RECORD_KEY_SIZE] = {0};
    struct digest digest = put_record(bench->store, "r", ENTRY_FILE, put_noise(bench->store, 100, 1), no_log);
    memcpy(key, digest.bytes, DIGEST_SIZE);
    key[RECORD_KEY_SIZE - 1] = 1;
    edit(bench, DB_RECORDS, key, sizeof key, false);
    verify(bench, false, 1);
    assert_string_equal(bench->faults, "record  it is damaged\n");
    verify(bench, true, 1);
    verify(bench, false, 0);
    assert_int_equal(bench->counts.loose_chunks, 1);
}

static void a_record_without_its_log_keeps_its_outs(void **state)
{
    struct bench *bench = *state;
    struct digest log = put_noise(bench->store, 100, 1), left;
    struct digest key = put_record(bench->store, "r", ENTRY_FILE, put_noise(bench->store, 200, 2), log);
    edit(bench, DB_CHUNKS, log.bytes, DIGEST_SIZE, true);
    verify(bench, true, 1);
    assert_int_equal(count_records(bench, key, &left), 1);
    assert_true(digest_is_zero(left));
    verify(bench, false, 0);
}

static void a_reader_takes_nothing_out(void **state)
{
    struct bench *bench = *state;
    struct digest file = put_noise(bench->store, 1000, 1);
    put_record(bench->store, "r", ENTRY_FILE, file, no_log);
    edit(bench, DB_CHUNKS, file.bytes, DIGEST_SIZE, false);
    store_close(bench->store);
    OK(bench, store_open(bench->directory, &reading, &bench->store, &bench->err));
    verify(bench, false, 2);
    verify(bench, false, 2);
}

static void statistics_tell_of_records(void **state)
{
    struct bench *bench = *state;
    struct store_stats stats;
    struct digest file = put_noise(bench->store, 1000, 1);
    struct record_out out = {.path = STR("o"), .kind = ENTRY_FILE, .stored = true, .digest = file, .size = 1000};
    struct record record = {.key = file, .created_ms = 5000, .outs = &out, .out_count = 1};
    OK(bench, store_put_record(bench->store, &record, &bench->err));
    out.path = STR("p");
    record.created_ms = 7000;
    OK(bench, store_put_record(bench->store, &record, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &stats, &bench->err));
    assert_int_equal(stats.records, 2);
    assert_int_equal(stats.keys, 1);
    assert_int_equal(stats.out_bytes, 2000);
    assert_int_equal(stats.chunk_bytes, 1000);
    assert_int_equal(stats.oldest_ms, 5000);
    assert_int_equal(stats.newest_ms, 7000);
    assert_true(stats.free_bytes <= stats.file_bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_sound_is_found_sound),
        TEST(lists_of_lists_are_followed),
        TEST(a_damaged_chunk_is_found_and_taken_out),
        TEST(a_missing_chunk_concerns_object_and_record),
        TEST(a_damaged_list_is_found),
        TEST(a_tree_needs_its_files),
        TEST(a_damaged_record_is_found),
        TEST(a_record_without_its_log_keeps_its_outs),
        TEST(a_reader_takes_nothing_out),
        TEST(statistics_tell_of_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
