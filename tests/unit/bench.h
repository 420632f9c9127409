/* What the tests of the store share: folders for stores, and what is put there. */
#ifndef REFIT_TESTS_BENCH_H
#define REFIT_TESTS_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/store.h"
#include "scratch.h"

static const struct store_options writable = {.compression = 3};
static const struct digest no_log;

/* `bench` has an `err` that the call sets. */
#define OK(bench, call) ok_at((call), &(bench)->err, __LINE__)

static inline void ok_at(enum status status, const struct error *err, int line)
{
    if (status != STATUS_OK)
        fail_msg("line %d: %s", line, err->message);
}

/* A new store in a folder of its own, whose path comes into `directory`. */
static inline enum status open_new(char directory[SCRATCH_SIZE], struct store **store, struct error *err)
{
    scratch_name(directory, "bench");
    assert_non_null(mkdtemp(directory));
    return store_open(directory, &writable, store, err);
}

static inline enum status close_and_remove(const char *directory, struct store *store, struct error *err)
{
    store_close(store);
    return fs_remove_tree(directory, err);
}

/* Bytes that do not compress, always the same for a seed. */
static inline struct digest put_noise(struct store *store, size_t len, uint64_t seed)
{
    struct error err;
    struct digest digest;
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    char *bytes = mem_alloc(len + 8);
    for (size_t i = 0; i < len; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(bytes + i, &state, 8);
    }
    ok_at(store_put_bytes(store, (struct str){bytes, len}, &digest, &err), &err, __LINE__);
    free(bytes);
    return digest;
}

/* A tree of one file. */
static inline void encode_tree(struct digest file, struct buf *out)
{
    struct tree_entry entry = {.path = STR("f"), .kind = ENTRY_FILE, .digest = file, .size = 1};
    tree_encode(&(struct tree){&entry, 1}, out);
}

static inline struct digest put_tree(struct store *store, struct digest file)
{
    struct error err;
    struct buf bytes = {0};
    struct digest digest;
    encode_tree(file, &bytes);
    ok_at(store_put_bytes(store, buf_view(&bytes), &digest, &err), &err, __LINE__);
    buf_finish(&bytes);
    return digest;
}

static inline struct digest key_named(const char *name)
{
    return digest_of(name, strlen(name));
}

/* A record of one out under the key of that name; gives the key. */
static inline struct digest put_record(struct store *store, const char *name, enum entry_kind kind,
                                       struct digest digest, struct digest log)
{
    struct error err;
    struct record_out out = {.path = str_from(name), .kind = kind, .stored = true, .digest = digest};
    struct record record = {.key = key_named(name), .created_ms = 1, .log = log, .outs = &out, .out_count = 1};
    ok_at(store_put_record(store, &record, &err), &err, __LINE__);
    return record.key;
}

#endif
