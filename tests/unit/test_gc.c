/* Collecting: what goes and what stays, and what holds when others put, publish and read meanwhile. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "store/collect.h"

struct bench {
    char directory[SCRATCH_SIZE];
    struct store *store;
    struct error err;
    struct store_collect_counts counts;
};

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

static void reopen(struct bench *bench)
{
    store_close(bench->store);
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
}

static void commit_record(struct bench *bench, const char *name, enum entry_kind kind, struct digest digest)
{
    put_record(bench->store, name, kind, digest, no_log);
    OK(bench, store_flush(bench->store, &bench->err));
}

static bool has(struct bench *bench, struct digest digest)
{
    bool there;
    OK(bench, store_has(bench->store, digest, &there, &bench->err));
    return there;
}

static uint32_t records_of(struct bench *bench, const char *name)
{
    struct arena arena;
    struct record *records;
    uint32_t count;
    arena_init(&arena);
    OK(bench, store_get_records(bench->store, key_named(name), &arena, &records, &count, &bench->err));
    arena_finish(&arena);
    return count;
}

static void verify(struct bench *bench)
{
    struct store_verify_options options = {0};
    struct store_verify_counts counts;
    OK(bench, store_verify(bench->store, &options, &counts, &bench->err));
    assert_int_equal(counts.faults, 0);
    assert_int_equal(counts.loose_chunks, 0);
}

static uint64_t sequence_now(struct bench *bench)
{
    struct arena arena;
    struct store_ref *refs;
    uint32_t count;
    uint64_t sequence;
    arena_init(&arena);
    OK(bench, store_get_refs(bench->store, &arena, &refs, &count, &sequence, &bench->err));
    arena_finish(&arena);
    return sequence;
}

static void collect_since(struct bench *bench, uint64_t budget_bytes, uint64_t sequence)
{
    struct store_collect_options options = {.budget_bytes = budget_bytes, .sequence = sequence};
    OK(bench, store_flush(bench->store, &bench->err));
    OK(bench, store_collect(bench->store, &options, &bench->counts, &bench->err));
}

static void collect(struct bench *bench, uint64_t budget_bytes)
{
    OK(bench, store_flush(bench->store, &bench->err));
    collect_since(bench, budget_bytes, sequence_now(bench));
}

static void publish(struct bench *bench, const char *name, const char *key, enum entry_kind kind, struct digest digest)
{
    struct record_out out = {.path = STR("o"), .kind = kind, .stored = true, .digest = digest};
    struct store_root root = {key_named(key), &out, 1};
    struct store_ref ref = {.host = STR("here"), .workspace = STR("/w"), .name = str_from(name), .seen_ms = 7,
                            .roots = &root, .root_count = 1};
    OK(bench, store_publish(bench->store, &ref, &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
}

/* ---- what goes ---- */

static void test_loose_goes(void **state)
{
    struct bench *bench = *state;
    struct digest kept = put_noise(bench->store, 3000000, 1), loose = put_noise(bench->store, 3000000, 2);
    struct digest file = put_noise(bench->store, 2000, 3), tree = put_tree(bench->store, file);
    commit_record(bench, "a", ENTRY_FILE, kept);
    commit_record(bench, "b", ENTRY_DIRECTORY, tree);
    collect(bench, UINT64_MAX);
    assert_int_equal(bench->counts.taken_records, 0);
    assert_int_equal(bench->counts.taken_objects, 1);
    assert_true(has(bench, kept) && has(bench, tree) && has(bench, file));
    assert_false(has(bench, loose));
    verify(bench);
    collect(bench, 0);
    assert_int_equal(bench->counts.taken_records, 2);
    verify(bench);
    struct store_stats stats;
    OK(bench, store_get_stats(bench->store, &stats, &bench->err));
    assert_int_equal(stats.records + stats.chunks + stats.objects, 0);
}

static void test_order_of_use(void **state)
{
    struct bench *bench = *state;
    commit_record(bench, "a", ENTRY_FILE, put_noise(bench->store, 1000000, 1));
    commit_record(bench, "b", ENTRY_FILE, put_noise(bench->store, 1000000, 2));
    commit_record(bench, "c", ENTRY_FILE, put_noise(bench->store, 1000000, 3));
    OK(bench, store_mark_used(bench->store, key_named("a"), &bench->err));
    collect(bench, 2500000);
    assert_int_equal(bench->counts.taken_records, 1);
    assert_int_equal(records_of(bench, "b"), 0);
    assert_true(bench->counts.left_bytes <= 2500000);
    collect(bench, 1500000);
    assert_int_equal(records_of(bench, "c"), 0);
    assert_int_equal(records_of(bench, "a"), 1);
    verify(bench);
}

/* Many small values share pages: what is estimated must come near what is measured, and the budget holds. */
static void test_small_values(void **state)
{
    struct bench *bench = *state;
    char name[32];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%u", i);
        struct record_out out = {.path = STR("o"), .kind = ENTRY_FILE, .stored = true,
                                 .digest = put_noise(bench->store, 300, i + 1)};
        struct record record = {.key = key_named(name), .outs = &out, .out_count = 1};
        OK(bench, store_put_record(bench->store, &record, &bench->err));
        if (i % 500 == 499) /* what the file looks like is no matter of time then */
            OK(bench, store_flush(bench->store, &bench->err));
    }
    collect(bench, UINT64_MAX);
    uint64_t budget = bench->counts.left_bytes / 2;
    collect(bench, budget);
    assert_true(bench->counts.left_bytes <= budget);
    assert_true(bench->counts.left_bytes >= budget / 2);
    verify(bench);
}

/* A key's other records go, though the key is a root's. */
static void test_roots(void **state)
{
    struct bench *bench = *state;
    struct digest mine = put_noise(bench->store, 200000, 1), other = put_noise(bench->store, 200000, 2);
    struct digest file = put_noise(bench->store, 2000, 3), tree = put_tree(bench->store, file);
    commit_record(bench, "a", ENTRY_FILE, mine);
    commit_record(bench, "a", ENTRY_FILE, other);
    publish(bench, "refit.lock", "a", ENTRY_FILE, mine);
    publish(bench, "pin", "b", ENTRY_DIRECTORY, tree); /* a root without a record keeps its objects */
    collect(bench, 0);
    assert_int_equal(bench->counts.root_records, 1);
    assert_int_equal(records_of(bench, "a"), 1);
    assert_true(has(bench, mine) && has(bench, tree) && has(bench, file));
    assert_false(has(bench, other));
    struct arena arena;
    struct store_ref *refs;
    uint32_t count;
    uint64_t sequence;
    arena_init(&arena);
    OK(bench, store_get_refs(bench->store, &arena, &refs, &count, &sequence, &bench->err));
    assert_int_equal(count, 2);
    OK(bench, store_replace_refs(bench->store, NULL, 0, refs, count, sequence, &bench->err));
    arena_finish(&arena);
    collect(bench, 0);
    assert_false(has(bench, mine) || has(bench, tree));
    verify(bench);
}

/* Publishing again replaces; replacing leaves alone what was published after the look that it rests on. */
static void test_replacing_refs(void **state)
{
    struct bench *bench = *state;
    struct arena arena;
    struct store_ref *refs;
    uint32_t count;
    uint64_t sequence;
    struct digest first = put_noise(bench->store, 1000, 1), second = put_noise(bench->store, 1000, 2);
    publish(bench, "refit.lock", "a", ENTRY_FILE, first);
    arena_init(&arena);
    OK(bench, store_get_refs(bench->store, &arena, &refs, &count, &sequence, &bench->err));
    assert_int_equal(count, 1);
    assert_true(str_is(refs[0].workspace, "/w") && str_is(refs[0].host, "here") && refs[0].seen_ms == 7);
    publish(bench, "refit.lock", "b", ENTRY_FILE, second);
    OK(bench, store_replace_refs(bench->store, refs, 1, refs, 1, sequence, &bench->err));
    OK(bench, store_get_refs(bench->store, &arena, &refs, &count, &sequence, &bench->err));
    assert_int_equal(count, 1);
    assert_true(digest_equal(refs[0].roots[0].key, key_named("b")));
    assert_true(digest_equal(refs[0].roots[0].outs[0].digest, second));
    arena_finish(&arena);
}

/* ---- meanwhile ---- */

/* What was put, used or published after gc had looked around stays, although gc does not know it yet. */
static void test_put_since(void **state)
{
    struct bench *bench = *state;
    struct digest a = put_noise(bench->store, 100000, 1), b = put_noise(bench->store, 100000, 2),
                  c = put_noise(bench->store, 100000, 3);
    commit_record(bench, "a", ENTRY_FILE, a);
    commit_record(bench, "b", ENTRY_FILE, b);
    commit_record(bench, "c", ENTRY_FILE, c);
    uint64_t sequence = sequence_now(bench);
    OK(bench, store_mark_used(bench->store, key_named("b"), &bench->err));
    OK(bench, store_flush(bench->store, &bench->err));
    publish(bench, "refit.lock", "c", ENTRY_FILE, c);
    commit_record(bench, "d", ENTRY_FILE, a); /* made by another process from what was known */
    collect_since(bench, 0, sequence);
    assert_int_equal(records_of(bench, "a"), 0);
    assert_int_equal(records_of(bench, "b") + records_of(bench, "c") + records_of(bench, "d"), 3);
    assert_true(has(bench, a) && has(bench, b) && has(bench, c));
    verify(bench);
}

/* A root whose tree is gone comes back as a tree of files that are there, and so are not put again. */
static void test_tree_comes_back(void **state)
{
    struct bench *bench = *state;
    struct digest file = put_noise(bench->store, 2000, 1);
    struct buf bytes = {0};
    OK(bench, store_flush(bench->store, &bench->err));
    encode_tree(file, &bytes);
    struct record_out out = {.path = STR("o"), .kind = ENTRY_DIRECTORY, .stored = true,
                             .digest = digest_of(bytes.ptr, bytes.len)};
    struct collect c = {.store = bench->store, .counts = &bench->counts};
    for (int there = 0; there < 2; there++) {
        MDB_txn *txn;
        bool whole = true;
        OK(bench, env_read_begin(&bench->store->env, &txn, &bench->err));
        OK(bench, reach_outs(&c, txn, &out, 1, &whole, &bench->err));
        env_read_end(&bench->store->env, txn);
        assert_int_equal(whole, there);
        assert_int_equal(marks_get(&c.marks, file) & LIVE_CHUNK, there ? LIVE_CHUNK : 0);
        assert_true(digest_equal(put_tree(bench->store, file), out.digest));
        OK(bench, store_flush(bench->store, &bench->err));
    }
    marks_finish(&c.marks);
    buf_finish(&bytes);
}

/* Published after gc had looked at the roots, too: nothing was made or used, a workspace just says what it has. */
static void test_published_since(void **state)
{
    struct bench *bench = *state;
    struct digest a = put_noise(bench->store, 2000, 1), b = put_noise(bench->store, 2000, 2);
    commit_record(bench, "a", ENTRY_FILE, a);
    commit_record(bench, "b", ENTRY_FILE, b);
    struct collect_item items[2] = {{.key = key_named("a"), .id = 1}, {.key = key_named("b"), .id = 1}};
    if (digest_compare(&items[0].key, &items[1].key) > 0) {
        items[0].key = key_named("b");
        items[1].key = key_named("a");
    }
    struct store_collect_options options = {0};
    struct collect c = {.store = bench->store, .options = &options, .counts = &bench->counts, .items = items,
                        .item_count = 2, .sequence = sequence_now(bench)};
    marks_add(&c.marks, a, CHUNK_THERE);
    marks_add(&c.marks, b, CHUNK_THERE);
    publish(bench, "refit.lock", "b", ENTRY_FILE, b);
    OK(bench, sweep(&c, &bench->err));
    marks_finish(&c.marks);
    assert_int_equal(records_of(bench, "a"), 0);
    assert_int_equal(records_of(bench, "b"), 1);
    assert_true(!has(bench, a) && has(bench, b));
    verify(bench);
}

struct talk {
    int to_child[2], to_parent[2];
};

static void say(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static void hear(int fd)
{
    char c;
    assert_int_equal(read(fd, &c, 1), 1);
}

/* Another process found the chunks known; gc takes them; the record is refused, and stored when put again. */
static int child_of_refusal(const char *directory, const struct talk *talk)
{
    struct bench bench = {0};
    snprintf(bench.directory, sizeof bench.directory, "%s", directory);
    OK(&bench, store_open(directory, &writable, &bench.store, &bench.err));
    struct digest known = put_noise(bench.store, 3000000, 1);
    OK(&bench, store_flush(bench.store, &bench.err));
    say(talk->to_parent[1]);
    hear(talk->to_child[0]);
    struct record_out out = {.path = STR("o"), .kind = ENTRY_FILE, .stored = true, .digest = known};
    struct record record = {.key = key_named("new"), .outs = &out, .out_count = 1};
    bool diminished;
    OK(&bench, store_is_diminished(bench.store, &diminished, &bench.err));
    OK(&bench, store_put_record(bench.store, &record, &bench.err));
    enum status refused = store_flush(bench.store, &bench.err);
    put_noise(bench.store, 3000000, 1);
    OK(&bench, store_put_record(bench.store, &record, &bench.err));
    OK(&bench, store_flush(bench.store, &bench.err));
    store_close(bench.store);
    return diminished && refused == STATUS_COLLECTED ? 0 : 1;
}

static void test_refused_record(void **state)
{
    struct bench *bench = *state;
    struct talk talk;
    int status;
    commit_record(bench, "old", ENTRY_FILE, put_noise(bench->store, 3000000, 1));
    store_close(bench->store);
    bench->store = NULL;
    assert_int_equal(pipe(talk.to_child) + pipe(talk.to_parent), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_of_refusal(bench->directory, &talk));
    hear(talk.to_parent[0]);
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    collect(bench, 0);
    assert_int_equal(bench->counts.taken_records, 1);
    say(talk.to_child[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(records_of(bench, "new"), 1);
    verify(bench);
}

/* Processes put records over common content while gc takes as much as it can: what is committed is whole. */
enum { ROUNDS = 60, WRITERS = 2 };

static int child_that_writes(const char *directory, unsigned writer)
{
    struct bench bench = {0};
    char name[32];
    OK(&bench, store_open(directory, &writable, &bench.store, &bench.err));
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct digest tree = put_tree(bench.store, put_noise(bench.store, 150000, i % 5));
        struct digest file = put_noise(bench.store, 300000, i % 7 + 100);
        snprintf(name, sizeof name, "%u %u", writer, i);
        struct record_out outs[] = {{.path = STR("d"), .kind = ENTRY_DIRECTORY, .stored = true, .digest = tree},
                                    {.path = STR("f"), .kind = ENTRY_FILE, .stored = true, .digest = file}};
        struct record record = {.key = key_named(name), .outs = outs, .out_count = 2};
        OK(&bench, store_put_record(bench.store, &record, &bench.err));
        enum status status = i % 3 == 0 ? store_flush(bench.store, &bench.err) : STATUS_OK;
        if (status != STATUS_COLLECTED)
            OK(&bench, status);
    }
    if (store_flush(bench.store, &bench.err) != STATUS_COLLECTED)
        store_close(bench.store);
    return 0;
}

static void test_beside_writers(void **state)
{
    struct bench *bench = *state;
    pid_t pids[WRITERS];
    int status, left = WRITERS;
    store_close(bench->store);
    bench->store = NULL;
    for (unsigned i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(child_that_writes(bench->directory, i));
    }
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    while (left > 0) {
        collect(bench, 0);
        pid_t pid = waitpid(-1, &status, WNOHANG);
        assert_true(pid >= 0);
        if (pid > 0) {
            assert_int_equal(status, 0);
            left--;
        }
        struct store_verify_options options = {0};
        struct store_verify_counts counts;
        if (left == 0) {
            OK(bench, store_verify(bench->store, &options, &counts, &bench->err));
            assert_int_equal(counts.faults, 0);
        }
    }
    collect(bench, UINT64_MAX);
    verify(bench);
}

/* ---- compaction ---- */

static void test_compaction(void **state)
{
    struct bench *bench = *state;
    enum compaction compaction;
    uint64_t file_bytes;
    struct digest kept = put_noise(bench->store, 2000000, 1);
    commit_record(bench, "go", ENTRY_FILE, put_noise(bench->store, 6000000, 2));
    commit_record(bench, "stay", ENTRY_FILE, kept);
    publish(bench, "refit.lock", "stay", ENTRY_FILE, kept);
    collect(bench, 0);
    uint64_t left = bench->counts.left_bytes;
    OK(bench, store_compact(bench->directory, &compaction, &file_bytes, &bench->err));
    assert_int_equal(compaction, COMPACTION_IN_USE);
    store_close(bench->store);
    bench->store = NULL;
    OK(bench, store_compact(bench->directory, &compaction, &file_bytes, &bench->err));
    assert_int_equal(compaction, COMPACTION_DONE);
    assert_true(file_bytes <= left + (64 << 10));
    OK(bench, store_open(bench->directory, &writable, &bench->store, &bench->err));
    assert_true(has(bench, kept));
    assert_int_equal(records_of(bench, "stay"), 1);
    commit_record(bench, "new", ENTRY_FILE, put_noise(bench->store, 1000000, 3));
    reopen(bench);
    assert_int_equal(records_of(bench, "new"), 1);
    verify(bench);
    collect(bench, 0); /* the order of use outlives it */
    assert_int_equal(bench->counts.taken_records, 1);
}

static void test_one_gc(void **state)
{
    struct bench *bench = *state;
    int first, second;
    OK(bench, store_lock_gc(bench->directory, &first, &bench->err));
    assert_int_equal(store_lock_gc(bench->directory, &second, &bench->err), STATUS_LOCKED);
    close(first);
    OK(bench, store_lock_gc(bench->directory, &second, &bench->err));
    close(second);
}

/* A store that an older refit made has no place for refs yet: it gets one when it is opened for writing. */
static int drop_refs(MDB_txn *txn, void *ctx)
{
    struct bench *bench = ctx;
    return mdb_drop(txn, bench->store->dbis[DB_REFS], 1);
}

static void test_without_refs(void **state)
{
    struct bench *bench = *state;
    commit_record(bench, "a", ENTRY_FILE, put_noise(bench->store, 1000, 1));
    OK(bench, env_write(&bench->store->env, drop_refs, bench, &bench->err));
    store_close(bench->store);
    OK(bench, store_open(bench->directory, &(struct store_options){.read_only = true}, &bench->store, &bench->err));
    sequence_now(bench);
    struct store_collect_options options = {.budget_bytes = 0, .dry_run = true};
    OK(bench, store_collect(bench->store, &options, &bench->counts, &bench->err));
    assert_int_equal(bench->counts.taken_records, 1);
    reopen(bench);
    assert_int_equal(records_of(bench, "a"), 1);
    publish(bench, "refit.lock", "a", ENTRY_FILE, put_noise(bench->store, 1000, 1));
    collect(bench, 0);
    assert_int_equal(records_of(bench, "a"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_loose_goes),   TEST(test_order_of_use),   TEST(test_small_values),   TEST(test_roots),
        TEST(test_replacing_refs), TEST(test_put_since),    TEST(test_published_since), TEST(test_tree_comes_back),
        TEST(test_refused_record), TEST(test_beside_writers), TEST(test_compaction),   TEST(test_one_gc),
        TEST(test_without_refs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
