/* Export and import: what goes out comes in, whole or not at all. */
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"
#include "store/export.h"
#include "store/record.h"

struct bench {
    char from_directory[SCRATCH_SIZE], to_directory[SCRATCH_SIZE];
    struct store *from, *to;
    int file;
    struct error err;
    struct store_transfer counts;
    unsigned told;
};

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    char path[SCRATCH_SIZE];
    bench->file = mkstemp(scratch_name(path, "export"));
    assert_true(bench->file >= 0);
    unlink(path);
    OK(bench, open_new(bench->from_directory, &bench->from, &bench->err));
    OK(bench, open_new(bench->to_directory, &bench->to, &bench->err));
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    close(bench->file);
    OK(bench, close_and_remove(bench->from_directory, bench->from, &bench->err));
    OK(bench, close_and_remove(bench->to_directory, bench->to, &bench->err));
    free(bench);
    return 0;
}

/* A store with an object of several chunks, one whose list is an object, a tree and a log. */
static void fill(struct bench *bench)
{
    put_record(bench->from, "large", ENTRY_FILE, put_noise(bench->from, 2u << 20, 1), put_noise(bench->from, 300, 2));
    bench->from->list_entries_max = 2;
    put_record(bench->from, "larger", ENTRY_FILE, put_noise(bench->from, 3u << 20, 3), no_log);
    put_record(bench->from, "tree", ENTRY_DIRECTORY, put_tree(bench->from, put_noise(bench->from, 1000, 4)), no_log);
    put_record(bench->from, "empty", ENTRY_FILE, put_noise(bench->from, 0, 5), no_log);
    OK(bench, store_flush(bench->from, &bench->err));
}

static void tell(void *ctx, const struct store_fault *fault)
{
    ((struct bench *)ctx)->told++;
    assert_int_equal(fault->kind, FAULT_RECORD);
}

static void export(struct bench *bench, const struct digest *keys, uint32_t count)
{
    struct store_export_options options = {.keys = keys, .key_count = count, .left_out = tell, .ctx = bench};
    bench->told = 0;
    assert_int_equal(ftruncate(bench->file, 0), 0);
    lseek(bench->file, 0, SEEK_SET);
    OK(bench, store_export(bench->from, &options, bench->file, "file", &bench->counts, &bench->err));
    assert_int_equal(lseek(bench->file, 0, SEEK_CUR), bench->counts.bytes);
}

static enum status import(struct bench *bench)
{
    lseek(bench->file, 0, SEEK_SET);
    return store_import(bench->to, bench->file, "file", &bench->counts, &bench->err);
}

static uint64_t check_sound(struct bench *bench)
{
    struct store_verify_options options = {0};
    struct store_verify_counts counts;
    OK(bench, store_flush(bench->to, &bench->err));
    OK(bench, store_verify(bench->to, &options, &counts, &bench->err));
    assert_int_equal(counts.faults, 0);
    return counts.records;
}

static struct str contents(struct bench *bench)
{
    size_t len = (size_t)lseek(bench->file, 0, SEEK_END);
    char *bytes = mem_alloc(len);
    assert_int_equal(pread(bench->file, bytes, len, 0), len);
    return (struct str){bytes, len};
}

static void drop(struct str s)
{
    free((void *)(uintptr_t)s.ptr);
}

static void replace(struct bench *bench, struct str bytes)
{
    assert_int_equal(ftruncate(bench->file, 0), 0);
    assert_int_equal(pwrite(bench->file, bytes.ptr, bytes.len, 0), bytes.len);
}

/* ---- */

static void everything_comes_through(void **state)
{
    struct bench *bench = *state;
    fill(bench);
    export(bench, NULL, 0);
    struct store_transfer out = bench->counts;
    assert_int_equal(out.records, 4);
    assert_true(out.objects >= 2);
    OK(bench, import(bench));
    assert_int_equal(bench->counts.new_records, 4);
    assert_int_equal(bench->counts.new_chunks, out.chunks);
    assert_int_equal(bench->counts.new_objects, out.objects);
    assert_int_equal(bench->counts.bytes, out.bytes);
    assert_int_equal(check_sound(bench), 4);
    /* Durable, and the same again changes nothing. */
    store_close(bench->to);
    OK(bench, store_open(bench->to_directory, &writable, &bench->to, &bench->err));
    OK(bench, import(bench));
    assert_int_equal(bench->counts.records, 4);
    assert_int_equal(bench->counts.new_records + bench->counts.new_chunks + bench->counts.new_objects, 0);
    assert_int_equal(check_sound(bench), 4);
}

/* As where gc took something while the file was read: what was added before is not forgotten, nor counted twice. */
static void what_is_read_again_is_counted_once(void **state)
{
    struct bench *bench = *state;
    struct import import;
    struct store_transfer counts;
    fill(bench);
    export(bench, NULL, 0);
    struct str bytes = contents(bench);
    import_init(&import, bench->to, "file", &counts);
    for (int tries = 0; tries < 3; tries++) {
        if (tries > 0)
            import_restart(&import);
        OK(bench, import_feed(&import, str_slice(bytes, 0, tries == 2 ? bytes.len : bytes.len - 1), &bench->err));
        OK(bench, store_flush(bench->to, &bench->err));
    }
    OK(bench, import_complete(&import, &bench->err));
    import_finish(&import);
    assert_int_equal(counts.chunks, bench->counts.chunks);
    assert_int_equal(counts.objects, bench->counts.objects);
    assert_int_equal(counts.records, 4);
    assert_int_equal(counts.new_chunks, counts.chunks);
    assert_int_equal(counts.new_objects, counts.objects);
    assert_int_equal(counts.new_records, 4);
    assert_int_equal(counts.bytes, bench->counts.bytes);
    assert_int_equal(check_sound(bench), 4);
    drop(bytes);
}

static void an_empty_store_gives_a_file_without_records(void **state)
{
    struct bench *bench = *state;
    export(bench, NULL, 0);
    OK(bench, import(bench));
    assert_int_equal(bench->counts.records, 0);
}

static void only_what_is_wanted(void **state)
{
    struct bench *bench = *state;
    struct digest key = put_record(bench->from, "a", ENTRY_FILE, put_noise(bench->from, 100, 1), no_log);
    put_record(bench->from, "b", ENTRY_FILE, put_noise(bench->from, 200, 2), no_log);
    OK(bench, store_flush(bench->from, &bench->err));
    export(bench, &key, 1);
    assert_int_equal(bench->counts.records, 1);
    assert_int_equal(bench->counts.chunks, 1);
    OK(bench, import(bench));
    assert_int_equal(check_sound(bench), 1);
}

static int remove_chunk(MDB_txn *txn, void *ctx)
{
    void **pair = ctx;
    struct store *store = pair[0];
    MDB_val key = {DIGEST_SIZE, pair[1]};
    return mdb_del(txn, store->dbis[DB_CHUNKS], &key, NULL);
}

static void what_is_not_whole_is_left_out(void **state)
{
    struct bench *bench = *state;
    struct digest gone = put_noise(bench->from, 100, 1), log = put_noise(bench->from, 200, 2);
    put_record(bench->from, "gone", ENTRY_FILE, gone, no_log);
    put_record(bench->from, "no log", ENTRY_FILE, put_noise(bench->from, 300, 3), log);
    OK(bench, store_flush(bench->from, &bench->err));
    OK(bench, env_write(&bench->from->env, remove_chunk, (void *[]){bench->from, gone.bytes}, &bench->err));
    OK(bench, env_write(&bench->from->env, remove_chunk, (void *[]){bench->from, log.bytes}, &bench->err));
    export(bench, NULL, 0);
    assert_int_equal(bench->counts.records, 1);
    assert_int_equal(bench->counts.left_out, 1);
    assert_int_equal(bench->told, 1);
    OK(bench, import(bench));
    assert_int_equal(check_sound(bench), 1);
}

static void a_file_cut_short_adds_no_record(void **state)
{
    struct bench *bench = *state;
    put_record(bench->from, "tree", ENTRY_DIRECTORY, put_tree(bench->from, put_noise(bench->from, 100, 4)), no_log);
    OK(bench, store_flush(bench->from, &bench->err));
    export(bench, NULL, 0);
    struct str all = contents(bench);
    for (size_t len = 0; len < all.len; len++) {
        struct store_transfer counts;
        struct import import;
        import_init(&import, bench->to, "file", &counts);
        OK(bench, import_feed(&import, str_slice(all, 0, len), &bench->err));
        assert_int_equal(import_complete(&import, &bench->err), STATUS_CORRUPT);
        import_finish(&import);
    }
    assert_int_equal(check_sound(bench), 0);
    replace(bench, str_slice(all, 0, all.len - 1));
    assert_int_equal(import(bench), STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "cut short"));
    drop(all);
}

static void every_damaged_byte_is_seen(void **state)
{
    struct bench *bench = *state;
    put_record(bench->from, "tree", ENTRY_DIRECTORY, put_tree(bench->from, put_noise(bench->from, 100, 4)), no_log);
    OK(bench, store_flush(bench->from, &bench->err));
    export(bench, NULL, 0);
    struct str all = contents(bench);
    char *bytes = mem_alloc(all.len);
    for (size_t at = 0; at < all.len; at++) {
        struct store_transfer counts;
        struct import import;
        memcpy(bytes, all.ptr, all.len);
        bytes[at] ^= 0x10;
        import_init(&import, bench->to, "file", &counts);
        enum status status = import_feed(&import, (struct str){bytes, all.len}, &bench->err);
        if (status == STATUS_OK)
            status = import_complete(&import, &bench->err);
        assert_int_equal(status, STATUS_CORRUPT);
        import_finish(&import);
    }
    assert_int_equal(check_sound(bench), 0);
    free(bytes);
    drop(all);
}

static void more_after_the_end_is_refused(void **state)
{
    struct bench *bench = *state;
    fill(bench);
    export(bench, NULL, 0);
    assert_int_equal(pwrite(bench->file, "x", 1, (off_t)bench->counts.bytes), 1);
    assert_int_equal(import(bench), STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "more follows"));
    assert_int_equal(check_sound(bench), 0);
}

static void another_version_is_refused(void **state)
{
    struct bench *bench = *state;
    export(bench, NULL, 0);
    assert_int_equal(pwrite(bench->file, "\x09", 1, 8), 1);
    assert_int_equal(import(bench), STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "format 9"));
}

/* A record that names bytes which are in neither the file nor the store, and one whose out leaves the project. */
static void a_record_is_not_believed(void **state)
{
    struct bench *bench = *state;
    struct digest file = put_noise(bench->from, 100, 1);
    put_record(bench->from, "../../o", ENTRY_FILE, file, no_log);
    OK(bench, store_flush(bench->from, &bench->err));
    export(bench, NULL, 0);
    assert_int_equal(import(bench), STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "record is malformed"));
    assert_int_equal(check_sound(bench), 0);
    struct record_out out = {.path = STR("o"), .kind = ENTRY_FILE, .stored = true, .digest = digest_of("none", 4)};
    struct record record = {.key = file, .outs = &out, .out_count = 1};
    struct buf all = {0}, payload = {0};
    buf_append(&payload, record.key.bytes, DIGEST_SIZE);
    record_encode(&record, &payload);
    struct digest digest = digest_of(payload.ptr, payload.len);
    buf_append(&all, EXPORT_MAGIC, 8);
    buf_u32(&all, EXPORT_VERSION);
    buf_u8(&all, FRAME_RECORD);
    buf_u32(&all, (uint32_t)(payload.len + DIGEST_SIZE));
    buf_append(&all, digest.bytes, DIGEST_SIZE);
    buf_str(&all, buf_view(&payload));
    buf_u8(&all, FRAME_END);
    buf_u32(&all, END_PAYLOAD);
    buf_u64(&all, 0);
    buf_u64(&all, 0);
    buf_u64(&all, 1);
    digest = digest_of(all.ptr, all.len);
    buf_append(&all, digest.bytes, DIGEST_SIZE);
    replace(bench, buf_view(&all));
    assert_int_equal(import(bench), STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, "is missing"));
    assert_int_equal(check_sound(bench), 0);
    buf_finish(&payload);
    buf_finish(&all);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(everything_comes_through),
        TEST(what_is_read_again_is_counted_once),
        TEST(an_empty_store_gives_a_file_without_records),
        TEST(only_what_is_wanted),
        TEST(what_is_not_whole_is_left_out),
        TEST(a_file_cut_short_adds_no_record),
        TEST(every_damaged_byte_is_seen),
        TEST(more_after_the_end_is_refused),
        TEST(another_version_is_refused),
        TEST(a_record_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
