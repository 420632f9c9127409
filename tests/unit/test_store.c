/* The store: what goes in comes out, once, verified, also after a crash, a full disk and damage. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "store/store.h"
#include "scratch.h"

struct bench {
    char directory[SCRATCH_SIZE];
    struct store *store;
    struct arena arena;
    struct error err;
};

static const struct store_options writable = {.compression = 3}, reading = {.read_only = true};

#define OK(bench, call) assert_status((bench), (call), STATUS_OK)

static void assert_status(struct bench *bench, enum status status, enum status wanted)
{
    if (status != wanted && status != STATUS_OK)
        print_error("%s\n", bench->err.message);
    assert_int_equal(status, wanted);
}

static int set_up(void **state)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    scratch_name(bench->directory, "store");
    assert_non_null(mkdtemp(bench->directory));
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    arena_init(&bench->arena);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    store_close(bench->store);
    arena_finish(&bench->arena);
    OK(bench, fs_remove_tree(bench->directory, &bench->err));
    free(bench);
    return 0;
}

static void reopen(struct bench *bench)
{
    store_close(bench->store);
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
}

static struct str noise(size_t len, uint64_t seed)
{
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    char *bytes = mem_resize(NULL, len + 8);
    for (size_t i = 0; i < len; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(bytes + i, &state, 8);
    }
    return (struct str){bytes, len};
}

static void drop(struct str s)
{
    free((void *)(uintptr_t)s.ptr);
}

static int scratch_file(void)
{
    char path[SCRATCH_SIZE];
    int fd = mkstemp(scratch_name(path, "scratch"));
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static bool count_bytes(void *ctx, uint64_t bytes)
{
    *(uint64_t *)ctx += bytes;
    return true;
}

/* Puts bytes through memory and through a file, and reads them back both ways. */
static struct digest check_round_trip(struct bench *bench, struct str bytes)
{
    struct digest digest, same;
    uint64_t size, seen = 0;
    struct buf back = {0};
    bool has;
    int fd = scratch_file();
    OK(bench, fs_write_all(fd, bytes.ptr, bytes.len, "scratch", &bench->err));
    OK(bench, store_put_fd(bench->store, fd, "scratch", &digest, &size, count_bytes, &seen, &bench->err));
    assert_true(size == bytes.len && seen == bytes.len);
    assert_true(digest_equal(digest, digest_of(bytes.ptr, bytes.len)));
    OK(bench, store_put_bytes(bench->store, bytes, &same, &bench->err));
    assert_true(digest_equal(digest, same));
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_true(has);
    OK(bench, store_get_bytes(bench->store, digest, &back, &bench->err));
    assert_true(str_equal(buf_view(&back), bytes));
    assert_int_equal(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    seen = 0;
    OK(bench, store_get_fd(bench->store, digest, fd, "scratch", count_bytes, &seen, &bench->err));
    assert_true(seen == bytes.len);
    OK(bench, store_put_fd(bench->store, fd, "scratch", &same, &size, NULL, NULL, &bench->err));
    assert_true(digest_equal(digest, same) && size == bytes.len);
    buf_finish(&back);
    close(fd);
    return digest;
}

static void check_there(struct bench *bench, struct digest digest, struct str bytes)
{
    struct buf back = {0};
    OK(bench, store_get_bytes(bench->store, digest, &back, &bench->err));
    assert_true(str_equal(buf_view(&back), bytes));
    buf_finish(&back);
}

/* ---- contents ---- */

static const size_t sizes[] = {0, 1, 127, 128, 4096, CHUNK_MIN - 1, CHUNK_MIN, CHUNK_MIN + 1, CHUNK_AVERAGE,
                               CHUNK_MAX - 1, CHUNK_MAX, CHUNK_MAX + 1, 5u << 20};
#define SIZE_COUNT (sizeof sizes / sizeof *sizes)

static void every_size_comes_back(void **state)
{
    struct bench *bench = *state;
    struct digest digests[SIZE_COUNT][2];
    struct str contents[SIZE_COUNT][2];
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        contents[i][0] = noise(sizes[i], i + 1);
        contents[i][1] = (struct str){mem_alloc(sizes[i]), sizes[i]};
        for (size_t j = 0; j < 2; j++)
            digests[i][j] = check_round_trip(bench, contents[i][j]);
    }
    OK(bench, store_flush(bench->store, &bench->err));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < SIZE_COUNT; i++)
            for (size_t j = 0; j < 2; j++)
                check_there(bench, digests[i][j], contents[i][j]);
        reopen(bench);
    }
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        drop(contents[i][0]);
        drop(contents[i][1]);
    }
}

static void what_is_not_there(void **state)
{
    struct bench *bench = *state;
    struct digest digest = digest_of("nothing", 7);
    struct buf out = {0};
    bool has = true;
    buf_str(&out, STR("before"));
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_false(has);
    assert_int_equal(store_get_bytes(bench->store, digest, &out, &bench->err), STATUS_NOT_FOUND);
    assert_true(str_is(buf_view(&out), "before"));
    buf_finish(&out);
}

static void a_pipe_can_be_stored_and_written(void **state)
{
    struct bench *bench = *state;
    int ends[2];
    struct digest digest;
    uint64_t size;
    char back[6] = "";
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    close(ends[1]);
    OK(bench, store_put_fd(bench->store, ends[0], "pipe", &digest, &size, NULL, NULL, &bench->err));
    close(ends[0]);
    assert_int_equal(size, 5);
    OK(bench, store_flush(bench->store, &bench->err));
    assert_int_equal(pipe(ends), 0);
    OK(bench, store_get_fd(bench->store, digest, ends[1], "pipe", NULL, NULL, &bench->err));
    assert_int_equal(read(ends[0], back, 5), 5);
    assert_string_equal(back, "hello");
    close(ends[0]);
    close(ends[1]);
}

static void one_percent_more_is_little_more(void **state)
{
    struct bench *bench = *state;
    size_t len = 16u << 20, more = len / 100;
    struct str old = noise(len, 1), piece = noise(more, 2);
    struct buf bytes = {0};
    struct digest digest;
    struct store_stats before, after;
    OK(bench, store_put_bytes(bench->store, old, &digest, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &before, &bench->err));
    assert_int_equal(before.chunk_bytes, len);
    assert_int_equal(before.objects, 1);
    buf_str(&bytes, str_slice(old, 0, len / 2));
    buf_str(&bytes, piece);
    buf_str(&bytes, str_slice(old, len / 2, len));
    OK(bench, store_put_bytes(bench->store, buf_view(&bytes), &digest, &bench->err));
    OK(bench, store_put_bytes(bench->store, old, &digest, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &after, &bench->err));
    assert_int_equal(after.objects, 2);
    assert_true(after.chunk_bytes - before.chunk_bytes < more + 4 * CHUNK_AVERAGE);
    assert_true(after.chunks - before.chunks <= 5);
    buf_finish(&bytes);
    drop(old);
    drop(piece);
}

static struct store_overlap overlap(struct bench *bench, struct digest first, bool first_tree, struct digest second,
                                    bool second_tree)
{
    struct store_overlap out;
    OK(bench, store_get_overlap(bench->store, first, first_tree, second, second_tree, &out, &bench->err));
    return out;
}

static struct digest put_tree(struct bench *bench, struct digest a, uint64_t a_size, struct digest b, uint64_t b_size)
{
    struct tree_entry entries[] = {{.path = STR("a"), .kind = ENTRY_FILE, .digest = a, .size = a_size},
                                   {.path = STR("b"), .kind = ENTRY_FILE, .digest = b, .size = b_size}};
    struct buf bytes = {0};
    struct digest digest;
    tree_encode(&(struct tree){entries, 2}, &bytes);
    OK(bench, store_put_bytes(bench->store, buf_view(&bytes), &digest, &bench->err));
    buf_finish(&bytes);
    return digest;
}

static void what_two_objects_share_is_counted(void **state)
{
    struct bench *bench = *state;
    size_t len = 8u << 20, more = 100000;
    struct str old = noise(len, 1), tail = noise(more, 2);
    struct buf bytes = {0};
    struct digest first, second, small, other;
    buf_str(&bytes, old);
    buf_str(&bytes, tail);
    OK(bench, store_put_bytes(bench->store, old, &first, &bench->err));
    OK(bench, store_put_bytes(bench->store, buf_view(&bytes), &second, &bench->err));
    OK(bench, store_put_bytes(bench->store, STR("small"), &small, &bench->err));
    OK(bench, store_put_bytes(bench->store, STR("other"), &other, &bench->err));

    struct store_overlap grown = overlap(bench, first, false, second, false);
    assert_true(grown.whole);
    assert_int_equal(grown.bytes, len + more);
    assert_in_range(grown.shared, len - CHUNK_MAX, len); /* but for the last chunk of the old one */
    assert_int_equal(overlap(bench, second, false, first, false).shared, grown.shared);
    assert_int_equal(overlap(bench, first, false, first, false).shared, len);
    assert_int_equal(overlap(bench, first, false, small, false).shared, 0);
    assert_int_equal(overlap(bench, small, false, small, false).shared, 5); /* one of a single chunk */

    /* Of trees, the files that they name. */
    struct digest before = put_tree(bench, first, len, small, 5), after = put_tree(bench, second, len + more, other, 5);
    struct store_overlap folders = overlap(bench, before, true, after, true);
    assert_true(folders.whole);
    assert_int_equal(folders.bytes, len + more + 5);
    assert_int_equal(folders.shared, grown.shared);
    assert_int_equal(overlap(bench, before, true, small, false).shared, 5);

    /* One that is not there, and a tree that names one. */
    struct digest lost = digest_of("lost", 4);
    assert_false(overlap(bench, lost, false, small, false).whole);
    assert_false(overlap(bench, small, false, lost, false).whole);
    assert_false(overlap(bench, lost, true, small, false).whole);
    assert_false(overlap(bench, small, false, put_tree(bench, first, len, lost, 4), true).whole);

    /* As LMDB has them, too, not only while they wait to be written. */
    reopen(bench);
    assert_int_equal(overlap(bench, before, true, after, true).shared, grown.shared);
    buf_finish(&bytes);
    drop(old);
    drop(tail);
}

static void repetition_is_compressed_and_stored_once(void **state)
{
    struct bench *bench = *state;
    struct str zeros = {mem_alloc(8u << 20), 8u << 20};
    struct digest digest;
    struct store_stats stats;
    OK(bench, store_put_bytes(bench->store, zeros, &digest, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &stats, &bench->err));
    assert_int_equal(stats.chunks, 1);
    assert_true(stats.chunk_bytes == CHUNK_MAX && stats.compressed_bytes < 1000);
    check_there(bench, digest, zeros);
    drop(zeros);
}

static void long_lists_are_objects_themselves(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(8u << 20, 3);
    struct store_stats stats;
    struct digest digest;
    bool has;
    bench->store->list_entries_max = 4;
    digest = check_round_trip(bench, bytes);
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &stats, &bench->err));
    assert_int_equal(stats.objects, 1);
    assert_true(stats.chunk_bytes > bytes.len); /* the list's own chunk */
    reopen(bench);
    check_there(bench, digest, bytes);
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_true(has);
    drop(bytes);
}

/* ---- opening ---- */

static void a_reader_needs_a_store(void **state)
{
    struct bench *bench = *state;
    struct store *other;
    struct digest digest;
    char path[SCRATCH_SIZE + 64];
    bool has;
    snprintf(path, sizeof path, "%s/none", bench->directory);
    assert_int_equal(store_open(path, &reading, &other, &bench->err), STATUS_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
    OK(bench, store_put_bytes(bench->store, STR("abc"), &digest, &bench->err));
    store_close(bench->store); /* flushes */
    OK(bench, store_open(bench->directory, &reading, &bench->store, &bench->err));
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_true(has);
    assert_int_equal(store_put_bytes(bench->store, STR("def"), &digest, &bench->err), STATUS_STORE);
    OK(bench, store_flush(bench->store, &bench->err));
}

static void put_file(struct bench *bench, const char *folder, const char *bytes, size_t len)
{
    char path[SCRATCH_SIZE + 64], temporary[SCRATCH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s/data.mdb", bench->directory, folder);
    snprintf(temporary, sizeof temporary, "%s/temporary", bench->directory);
    OK(bench, fs_make_parents(path, &bench->err));
    OK(bench, fs_write_atomic(path, temporary, (struct str){bytes, len}, 0644, false, &bench->err));
}

static void other_files_are_refused(void **state)
{
    struct bench *bench = *state;
    struct store *other;
    char path[SCRATCH_SIZE + 64], text[10000];
    memset(text, 'x', sizeof text);
    put_file(bench, "text", text, sizeof text);
    snprintf(path, sizeof path, "%s/text", bench->directory);
    assert_int_equal(store_open(path, &writable, &other, &bench->err), STATUS_STORE);
    assert_non_null(strstr(bench->err.message, "not an LMDB file"));
    snprintf(path, sizeof path, "%s/text/data.mdb", bench->directory);
    assert_int_not_equal(store_open(path, &writable, &other, &bench->err), STATUS_OK);
}

/* A full disk or a power cut while LMDB makes the file. */
static void what_was_only_begun_is_made_again(void **state)
{
    struct bench *bench = *state;
    long page = sysconf(_SC_PAGESIZE);
    char path[SCRATCH_SIZE + 64], data[SCRATCH_SIZE + 128];
    struct store *store;
    struct digest digest;
    snprintf(path, sizeof path, "%s/begun", bench->directory);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    static const struct {
        long kept, from, to; /* in halves of a page: its length, and what of it is zeros */
    } cases[] = {{2, 0, 0}, {1, 0, 0}, {3, 0, 0}, {4, 0, 2}, {4, 2, 4}, {4, 0, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MDB_env *env;
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_open(env, path, 0, 0666), 0);
        mdb_env_close(env);
        int fd = open(data, O_RDWR);
        char *zeros = mem_alloc((size_t)(2 * page));
        size_t len = (size_t)((cases[i].to - cases[i].from) * page / 2);
        assert_int_equal(pwrite(fd, zeros, len, cases[i].from * page / 2), len);
        assert_int_equal(ftruncate(fd, cases[i].kept * page / 2), 0);
        close(fd);
        assert_int_equal(store_open(path, &reading, &store, &bench->err), STATUS_NOT_FOUND);
        OK(bench, store_open(path, &writable, &store, &bench->err));
        OK(bench, store_put_bytes(store, STR("kept"), &digest, &bench->err));
        OK(bench, store_flush(store, &bench->err));
        store_close(store);
        /* One that has been committed to is not emptied, whatever befell it. */
        fd = open(data, O_RDWR);
        off_t size = lseek(fd, 0, SEEK_END);
        assert_int_equal(pwrite(fd, zeros, (size_t)page, (i % 2) * page), page);
        assert_int_equal(store_open(path, &writable, &store, &bench->err), STATUS_STORE);
        assert_int_equal(lseek(fd, 0, SEEK_END), size);
        close(fd);
        free(zeros);
        OK(bench, fs_remove_tree(path, &bench->err));
    }
}

/* The store's own file, opened with LMDB alone. */
static MDB_txn *raw_begin(struct bench *bench, MDB_env **env, const char *database, MDB_dbi *dbi)
{
    MDB_txn *txn;
    store_close(bench->store);
    bench->store = NULL;
    assert_int_equal(mdb_env_create(env), 0);
    assert_int_equal(mdb_env_set_maxdbs(*env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(*env, 1u << 30), 0);
    assert_int_equal(mdb_env_open(*env, bench->directory, 0, 0666), 0);
    assert_int_equal(mdb_txn_begin(*env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, database, 0, dbi), 0);
    return txn;
}

static void raw_end(struct bench *bench, MDB_env *env, MDB_txn *txn)
{
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
}

/* Turns the last byte of a value. */
static void damage(struct bench *bench, const char *database, const void *bytes, size_t len)
{
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn = raw_begin(bench, &env, database, &dbi);
    MDB_val key = {len, (void *)(uintptr_t)bytes}, value;
    assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
    char *copy = mem_alloc(value.mv_size);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[value.mv_size - 1] ^= 1;
    value.mv_data = copy;
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    free(copy);
    raw_end(bench, env, txn);
}

static void another_format_is_refused(void **state)
{
    struct bench *bench = *state;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn = raw_begin(bench, &env, "meta", &dbi);
    MDB_val key = {12, "store-format"}, value = {4, "\x63\0\0\0"};
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_int_equal(store_open(bench->directory, &writable, &bench->store, &bench->err), STATUS_STORE);
    assert_non_null(strstr(bench->err.message, "has format 99"));
    bench->store = NULL;
}

static void another_database_is_refused(void **state)
{
    struct bench *bench = *state;
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn = raw_begin(bench, &env, "chunks", &dbi);
    assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_int_equal(store_open(bench->directory, &writable, &bench->store, &bench->err), STATUS_STORE);
    assert_non_null(strstr(bench->err.message, "not a refit store"));
    bench->store = NULL;
}

/* ---- damage ---- */

static void check_damaged(struct bench *bench, struct digest digest, struct str bytes)
{
    struct buf out = {0};
    bool has = true;
    assert_int_equal(store_get_bytes(bench->store, digest, &out, &bench->err), STATUS_CORRUPT);
    assert_int_equal(out.len, 0);
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_false(has);
    assert_int_equal(store_get_bytes(bench->store, digest, &out, &bench->err), STATUS_NOT_FOUND);
    assert_true(digest_equal(check_round_trip(bench, bytes), digest));
    OK(bench, store_flush(bench->store, &bench->err));
    check_there(bench, digest, bytes);
    buf_finish(&out);
}

static void a_damaged_chunk_is_dropped_and_rebuilt(void **state)
{
    struct bench *bench = *state;
    char hex[DIGEST_HEX + 1];
    struct str raw = noise(5000, 1), packed = {mem_alloc(5000), 5000}, large = noise(3u << 20, 2);
    struct digest digests[3];
    digests[0] = check_round_trip(bench, raw);
    digests[1] = check_round_trip(bench, packed);
    digests[2] = check_round_trip(bench, large);
    size_t first = chunk_cut((const uint8_t *)large.ptr, large.len);
    struct digest chunk = digest_of(large.ptr, first);
    damage(bench, "chunks", digests[0].bytes, DIGEST_SIZE);
    check_damaged(bench, digests[0], raw);
    assert_non_null(strstr(bench->err.message, digest_hex(digests[0], hex)));
    damage(bench, "chunks", digests[1].bytes, DIGEST_SIZE);
    check_damaged(bench, digests[1], packed);
    damage(bench, "chunks", chunk.bytes, DIGEST_SIZE);
    check_damaged(bench, digests[2], large);
    drop(raw);
    drop(packed);
    drop(large);
}

static void a_damaged_list_is_dropped_and_rebuilt(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(3u << 20, 2);
    struct digest digest = check_round_trip(bench, bytes);
    struct buf out = {0};
    bool has = true;
    damage(bench, "objects", digest.bytes, DIGEST_SIZE);
    assert_int_equal(store_has(bench->store, digest, &has, &bench->err), STATUS_CORRUPT);
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_false(has);
    check_round_trip(bench, bytes);
    check_there(bench, digest, bytes);
    buf_finish(&out);
    drop(bytes);
}

/* Every chunk is sound, and they are not this object's. */
static void a_list_of_other_chunks_is_dropped_and_rebuilt(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(3u << 20, 2), others = noise(3u << 20, 3);
    struct digest digest = check_round_trip(bench, bytes), other = check_round_trip(bench, others);
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn = raw_begin(bench, &env, "objects", &dbi);
    MDB_val key = {DIGEST_SIZE, other.bytes}, value;
    assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
    struct str list = {mem_alloc(value.mv_size), value.mv_size};
    memcpy((char *)(uintptr_t)list.ptr, value.mv_data, list.len);
    key.mv_data = digest.bytes;
    value.mv_data = (void *)(uintptr_t)list.ptr;
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    raw_end(bench, env, txn);
    check_damaged(bench, digest, bytes);
    check_there(bench, other, others);
    drop(list);
    drop(others);
    drop(bytes);
}

static struct record record_of(struct digest key, struct record_out *out, struct digest digest, enum entry_kind kind)
{
    *out = (struct record_out){.path = STR("o"), .kind = kind, .stored = true, .digest = digest};
    return (struct record){.key = key, .outs = out, .out_count = 1};
}

static void a_damaged_record_is_dropped(void **state)
{
    struct bench *bench = *state;
    struct record_out out;
    struct record record = record_of(digest_of("k", 1), &out, digest_of("", 0), ENTRY_FILE), *records;
    uint8_t key[RECORD_KEY_SIZE] = {0};
    uint32_t count;
    char hex[DIGEST_HEX + 1];
    OK(bench, store_put_record(bench->store, &record, &bench->err));
    memcpy(key, record.key.bytes, DIGEST_SIZE);
    key[RECORD_KEY_SIZE - 1] = 1;
    damage(bench, "records", key, sizeof key);
    assert_int_equal(store_get_records(bench->store, record.key, &bench->arena, &records, &count, &bench->err),
                     STATUS_CORRUPT);
    assert_non_null(strstr(bench->err.message, digest_hex(record.key, hex)));
    OK(bench, store_get_records(bench->store, record.key, &bench->arena, &records, &count, &bench->err));
    assert_int_equal(count, 0);
}

/* ---- collected while it was being stored ---- */

static int advance(MDB_txn *txn, void *store)
{
    return generation_advance(store, txn);
}

static int remove_chunk(MDB_txn *txn, void *ctx)
{
    struct {
        struct store *store;
        struct digest digest;
    } *what = ctx;
    MDB_val key = {DIGEST_SIZE, what->digest.bytes};
    return mdb_del(txn, what->store->dbis[DB_CHUNKS], &key, NULL);
}

static void check_record_count(struct bench *bench, struct digest key, uint32_t wanted)
{
    struct record *records;
    uint32_t count;
    OK(bench, store_get_records(bench->store, key, &bench->arena, &records, &count, &bench->err));
    assert_int_equal(count, wanted);
}

static void a_record_without_its_bytes_is_not_written(void **state)
{
    struct bench *bench = *state;
    struct record_out out;
    struct digest file, dir;
    struct tree_entry entry = {.path = STR("f"), .kind = ENTRY_FILE};
    struct tree tree = {&entry, 1};
    struct buf bytes = {0};
    OK(bench, store_put_bytes(bench->store, STR("content"), &file, &bench->err));
    entry.digest = file;
    tree_encode(&tree, &bytes);
    OK(bench, store_put_bytes(bench->store, buf_view(&bytes), &dir, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, env_write(&bench->store->env, advance, bench->store, &bench->err));
    struct record whole = record_of(digest_of("1", 1), &out, dir, ENTRY_DIRECTORY);
    OK(bench, store_put_record(bench->store, &whole, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    check_record_count(bench, whole.key, 1);
    struct {
        struct store *store;
        struct digest digest;
    } what = {bench->store, file};
    OK(bench, env_write(&bench->store->env, remove_chunk, &what, &bench->err));
    whole.key = digest_of("2", 1);
    OK(bench, store_put_record(bench->store, &whole, &bench->err));
    struct record log = record_of(digest_of("3", 1), &out, dir, ENTRY_DIRECTORY);
    log.out_count = 0;
    log.log = file;
    OK(bench, store_put_record(bench->store, &log, &bench->err));
    assert_int_equal(store_flush(bench->store, &bench->err), STATUS_COLLECTED);
    assert_non_null(strstr(bench->err.message, "collected while it was being stored; run again"));
    OK(bench, store_flush(bench->store, &bench->err)); /* told once */
    check_record_count(bench, whole.key, 0);
    check_record_count(bench, log.key, 0);
    OK(bench, store_put_bytes(bench->store, STR("content"), &file, &bench->err));
    OK(bench, store_put_record(bench->store, &whole, &bench->err));
    OK(bench, store_put_record(bench->store, &log, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    check_record_count(bench, whole.key, 1);
    check_record_count(bench, log.key, 1);
    buf_finish(&bytes);
}

/* ---- failures, growth, processes, threads ---- */

/* A walk along damaged pages may come back to where it was. */
static void a_walk_goes_up_only(void **state)
{
    struct bench *bench = *state;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key = {0}, value, before = {2, "zz"};
    uint32_t steps = 0;
    OK(bench, env_read_begin(&bench->store->env, &txn, &bench->err));
    assert_int_equal(mdb_cursor_open(txn, bench->store->dbis[DB_META], &cursor), 0);
    while (env_step(cursor, &key, &value, MDB_NEXT) == 0)
        steps++;
    assert_true(steps > 0);
    key = before;
    assert_int_equal(env_step(cursor, &key, &value, MDB_FIRST), 0);
    mdb_cursor_close(cursor);
    assert_int_equal(mdb_cursor_open(txn, bench->store->dbis[DB_META], &cursor), 0);
    key = before;
    assert_int_equal(env_step(cursor, &key, &value, MDB_NEXT), MDB_CORRUPTED);
    mdb_cursor_close(cursor);
    env_read_end(&bench->store->env, txn);
}

static void a_writers_failure_is_sticky(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(4u << 20, 9);
    struct digest digest, other;
    struct rlimit old, tight;
    bool has;
    check_round_trip(bench, STR("durable"));
    OK(bench, store_flush(bench->store, &bench->err));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = 1u << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    OK(bench, store_put_bytes(bench->store, bytes, &digest, &bench->err));
    assert_int_equal(store_flush(bench->store, &bench->err), STATUS_STORE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_non_null(strstr(bench->err.message, bench->directory));
    assert_int_equal(store_flush(bench->store, &bench->err), STATUS_STORE);
    assert_int_equal(store_put_bytes(bench->store, STR("more"), &other, &bench->err), STATUS_STORE);
    OK(bench, store_has(bench->store, digest, &has, &bench->err));
    assert_false(has);
    reopen(bench);
    check_there(bench, digest_of("durable", 7), STR("durable"));
    check_round_trip(bench, bytes);
    drop(bytes);
}

static void a_full_map_grows(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(24u << 20, 5);
    struct digest digest;
    MDB_envinfo info;
    assert_int_equal(mdb_env_set_mapsize(bench->store->env.lmdb, 1u << 20), 0);
    OK(bench, store_put_bytes(bench->store, bytes, &digest, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    mdb_env_info(bench->store->env.lmdb, &info);
    assert_true(info.me_mapsize > bytes.len);
    check_there(bench, digest, bytes);
    drop(bytes);
}

static void child_puts(const char *directory, unsigned child)
{
    struct store *store;
    struct error err;
    struct digest digest;
    struct str shared = noise(2u << 20, 50);
    bool good = store_open(directory, &writable, &store, &err) == STATUS_OK;
    for (unsigned i = 0; good && i < 20; i++) {
        struct str own = noise(300000, child * 100 + i);
        good = store_put_bytes(store, own, &digest, &err) == STATUS_OK &&
               store_put_bytes(store, shared, &digest, &err) == STATUS_OK && store_flush(store, &err) == STATUS_OK;
        drop(own);
    }
    if (good)
        store_close(store);
    drop(shared);
    _exit(good ? 0 : 1);
}

static void processes_share_a_store(void **state)
{
    struct bench *bench = *state;
    struct digest digest;
    store_close(bench->store); /* never used after fork */
    bench->store = NULL;
    for (unsigned child = 0; child < 2; child++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child_puts(bench->directory, child);
    }
    for (int i = 0, how; i < 2; i++) {
        assert_true(wait(&how) > 0);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    for (unsigned i = 0; i < 40; i++) {
        struct str own = noise(300000, i / 20 * 100 + i % 20);
        digest = digest_of(own.ptr, own.len);
        check_there(bench, digest, own);
        drop(own);
    }
}

/* A process that is killed leaves what it flushed, and a store that works. */
static void a_kill_loses_only_what_was_not_flushed(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(2u << 20, 8);
    store_close(bench->store);
    bench->store = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *store;
        struct error err;
        struct digest digest;
        if (store_open(bench->directory, &writable, &store, &err) == STATUS_OK &&
            store_put_bytes(store, bytes, &digest, &err) == STATUS_OK && store_flush(store, &err) == STATUS_OK)
            raise(SIGKILL);
        _exit(1);
    }
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    check_there(bench, digest_of(bytes.ptr, bytes.len), bytes);
    check_round_trip(bench, STR("after"));
    drop(bytes);
}

/* A store that another process makes larger than our map. */
static void a_map_follows_another_process(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(24u << 20, 6);
    int ends[2], how;
    char byte;
    store_close(bench->store);
    bench->store = NULL;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *store;
        struct error err;
        struct digest digest;
        bool good = read(ends[0], &byte, 1) == 1 &&
                    store_open(bench->directory, &writable, &store, &err) == STATUS_OK &&
                    store_put_bytes(store, bytes, &digest, &err) == STATUS_OK && store_flush(store, &err) == STATUS_OK;
        _exit(good ? 0 : 1);
    }
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    assert_int_equal(mdb_env_set_mapsize(bench->store->env.lmdb, 1u << 20), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    check_there(bench, digest_of(bytes.ptr, bytes.len), bytes);
    check_round_trip(bench, STR("and on"));
    OK(bench, store_flush(bench->store, &bench->err));
    close(ends[0]);
    close(ends[1]);
    drop(bytes);
}

struct task {
    struct bench *bench;
    unsigned number;
    bool good;
};

static void *work(void *ctx)
{
    struct task *task = ctx;
    struct store *store = task->bench->store;
    struct error err;
    struct digest digest;
    task->good = true;
    for (unsigned i = 0; task->good && i < 30; i++) {
        struct str bytes = noise(i % 10 == 0 ? 1500000 : 3000, i % 2 ? i : task->number * 1000 + i);
        struct record_out out;
        struct record record = record_of(digest_of(&i, sizeof i), &out, digest_of(bytes.ptr, bytes.len), ENTRY_FILE);
        struct buf back = {0};
        bool has = false;
        task->good = store_put_bytes(store, bytes, &digest, &err) == STATUS_OK &&
                     store_put_record(store, &record, &err) == STATUS_OK &&
                     store_has(store, digest, &has, &err) == STATUS_OK && has &&
                     (i % 7 != 0 || store_flush(store, &err) == STATUS_OK) &&
                     store_get_bytes(store, digest, &back, &err) == STATUS_OK && str_equal(buf_view(&back), bytes);
        buf_finish(&back);
        drop(bytes);
    }
    return NULL;
}

static void threads_share_a_store(void **state)
{
    struct bench *bench = *state;
    struct task tasks[4];
    pthread_t threads[4];
    assert_int_equal(mdb_env_set_mapsize(bench->store->env.lmdb, 1u << 20), 0); /* it grows under way */
    for (unsigned i = 0; i < 4; i++) {
        tasks[i] = (struct task){bench, i, false};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &tasks[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(tasks[i].good);
    }
    OK(bench, store_flush(bench->store, &bench->err));
    unsigned odd = 1;
    check_record_count(bench, digest_of(&odd, sizeof odd), 1); /* all four said the same */
    unsigned even = 2;
    check_record_count(bench, digest_of(&even, sizeof even), 4);
}

/* More than may wait at once, so that the puts are held back. */
static void puts_wait_for_the_writer(void **state)
{
    struct bench *bench = *state;
    struct str bytes = noise(100u << 20, 7);
    struct digest digest;
    struct store_stats stats;
    OK(bench, store_put_bytes(bench->store, bytes, &digest, &bench->err));
    assert_true(bench->store->queue.waiting_bytes <= WAITING_BYTES_MAX + CHUNK_MAX + BLOCK_HEADER);
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_get_stats(bench->store, &stats, &bench->err));
    assert_true(stats.chunk_bytes == bytes.len && stats.file_bytes > bytes.len);
    drop(bytes);
}

static void use_is_noted(void **state)
{
    struct bench *bench = *state;
    struct digest key = digest_of("k", 1);
    OK(bench, store_mark_used(bench->store, key, &bench->err));
    OK(bench, store_mark_used(bench->store, key, &bench->err));
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn = raw_begin(bench, &env, "used", &dbi);
    MDB_val name = {DIGEST_SIZE, key.bytes}, value;
    assert_int_equal(mdb_get(txn, dbi, &name, &value), 0);
    struct reader r = reader_from(value.mv_data, value.mv_size);
    assert_true(reader_u64(&r) > 1600000000u);
    assert_int_equal(reader_u64(&r), 1); /* the first group of puts */
    assert_true(reader_done(&r));
    raw_end(bench, env, txn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_size_comes_back),
        TEST(what_is_not_there),
        TEST(a_pipe_can_be_stored_and_written),
        TEST(one_percent_more_is_little_more),
        TEST(what_two_objects_share_is_counted),
        TEST(repetition_is_compressed_and_stored_once),
        TEST(long_lists_are_objects_themselves),
        TEST(a_reader_needs_a_store),
        TEST(other_files_are_refused),
        TEST(what_was_only_begun_is_made_again),
        TEST(another_format_is_refused),
        TEST(another_database_is_refused),
        TEST(a_damaged_chunk_is_dropped_and_rebuilt),
        TEST(a_damaged_list_is_dropped_and_rebuilt),
        TEST(a_list_of_other_chunks_is_dropped_and_rebuilt),
        TEST(a_damaged_record_is_dropped),
        TEST(a_record_without_its_bytes_is_not_written),
        TEST(a_walk_goes_up_only),
        TEST(a_writers_failure_is_sticky),
        TEST(a_full_map_grows),
        TEST(processes_share_a_store),
        TEST(a_kill_loses_only_what_was_not_flushed),
        TEST(a_map_follows_another_process),
        TEST(threads_share_a_store),
        TEST(puts_wait_for_the_writer),
        TEST(use_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
