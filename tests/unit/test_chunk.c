/* Cutting: sizes, determinism, resistance to insertions; blocks and lists to bytes and back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "store/list.h"
#include "store/store.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static uint8_t *random_bytes(size_t len, uint64_t seed)
{
    uint8_t *bytes = mem_resize(NULL, len + 8);
    uint64_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = next_random(&state);
        memcpy(bytes + i, &word, 8);
    }
    return bytes;
}

static void short_input_is_one_chunk(void **unused)
{
    (void)unused;
    uint8_t *bytes = random_bytes(CHUNK_MIN, 1);
    assert_int_equal(chunk_cut(bytes, 0), 0);
    assert_int_equal(chunk_cut(bytes, 1), 1);
    assert_int_equal(chunk_cut(bytes, CHUNK_MIN), CHUNK_MIN);
    free(bytes);
}

static void sizes_are_within_bounds_and_near_the_average(void **unused)
{
    (void)unused;
    size_t len = 64u << 20, at = 0, count = 0;
    uint8_t *bytes = random_bytes(len, 2);
    while (at < len) {
        size_t cut = chunk_cut(bytes + at, len - at);
        assert_true(cut <= CHUNK_MAX);
        assert_true(cut > CHUNK_MIN || at + cut == len);
        at += cut;
        count++;
    }
    assert_int_equal(at, len);
    assert_in_range(len / count, CHUNK_AVERAGE * 3 / 4, CHUNK_AVERAGE * 3 / 2);
    free(bytes);
}

static void constant_bytes_give_the_largest_chunks(void **unused)
{
    (void)unused;
    uint8_t *bytes = mem_alloc(3 * CHUNK_MAX);
    size_t cut = chunk_cut(bytes, 3 * CHUNK_MAX);
    assert_int_equal(cut, CHUNK_MAX);
    assert_int_equal(chunk_cut(bytes + cut, 3 * CHUNK_MAX - cut), cut);
    free(bytes);
}

/* A store of the past must be cut alike by every later program. */
static void cuts_never_change(void **unused)
{
    (void)unused;
    size_t len = 4u << 20, at = 0;
    uint8_t *bytes = random_bytes(len, 3);
    struct buf cuts = {0};
    while (at < len) {
        size_t cut = chunk_cut(bytes + at, len - at);
        buf_u32(&cuts, (uint32_t)cut);
        at += cut;
    }
    char hex[DIGEST_HEX + 1];
    assert_string_equal(digest_hex(digest_of(cuts.ptr, cuts.len), hex), "70ba373514c7e463c4336efd863fadc7");
    buf_finish(&cuts);
    free(bytes);
}

/* Random bytes, and a table of few values, whose rows look alike. */
static void cuts_are_the_same_without_vectors(void **unused)
{
    (void)unused;
    size_t len = 8u << 20;
    uint8_t *noise = random_bytes(len, 6), *table = random_bytes(len, 7);
    for (size_t i = 0; i < len; i++)
        table[i] = i % 48 == 47 ? '\n' : i % 2 ? ',' : table[i] < 16 ? '1' : '0';
    const uint8_t *inputs[] = {noise, table};
    for (size_t k = 0; k < 2; k++)
        for (size_t at = 0; at < len;) {
            size_t cut = chunk_cut(inputs[k] + at, len - at);
            assert_int_equal(chunk_cut_plain(inputs[k] + at, len - at), cut);
            at += cut;
        }
    for (size_t shorter = 0; shorter < 300; shorter++) {
        size_t rest = CHUNK_AVERAGE + 150 - shorter;
        assert_int_equal(chunk_cut_plain(table, rest), chunk_cut(table, rest));
    }
    free(noise);
    free(table);
}

/* In a table of few values, too, what is the same is cut alike soon after something was inserted. */
static void tables_of_few_values_are_cut(void **unused)
{
    (void)unused;
    size_t len = 32u << 20, at = 0, count = 0;
    uint8_t *table = random_bytes(len, 8);
    for (size_t i = 0; i < len; i++)
        table[i] = i % 48 == 47 ? '\n' : i % 2 ? ',' : table[i] < 16 ? '1' : '0';
    for (; at < len; count++)
        at += chunk_cut(table + at, len - at);
    assert_true(count > len / CHUNK_MAX * 3 / 2);
    free(table);
}

static void a_cut_depends_on_nothing_behind_it(void **unused)
{
    (void)unused;
    uint8_t *bytes = random_bytes(2 * CHUNK_MAX, 4);
    size_t cut = chunk_cut(bytes, 2 * CHUNK_MAX);
    assert_true(cut < CHUNK_MAX);
    assert_int_equal(chunk_cut(bytes, cut), cut);
    bytes[cut] ^= 0xff;
    assert_int_equal(chunk_cut(bytes, 2 * CHUNK_MAX), cut);
    free(bytes);
}

/* ---- blocks ---- */

static struct store *pool(void)
{
    struct store *store = mem_alloc(sizeof *store);
    pthread_mutex_init(&store->worker_lock, NULL);
    return store;
}

static void finish_pool(struct store *store, struct worker *worker)
{
    ZSTD_freeCCtx(worker->compressor);
    ZSTD_freeDCtx(worker->decompressor);
    hasher_destroy(worker->hasher);
    buf_finish(&worker->packed);
    buf_finish(&worker->plain);
    free(worker);
    free(store);
}

static void check_block(struct worker *worker, const void *bytes, size_t len, int level, unsigned codec)
{
    struct item *item = block_pack(worker, level, digest_of(bytes, len), (struct str){bytes, len});
    struct str back;
    assert_int_equal(item->value[0], codec);
    assert_true(block_unpack(worker, (struct str){(char *)item->value, item->len}, &back));
    assert_int_equal(back.len, len);
    assert_memory_equal(back.ptr, bytes, len);
    for (size_t shorter = 0; shorter < item->len && shorter < 64; shorter++)
        assert_false(block_unpack(worker, (struct str){(char *)item->value, shorter}, &back));
    free(item);
}

static void blocks_are_compressed_where_it_pays(void **unused)
{
    (void)unused;
    struct store *store = pool();
    struct worker *worker = worker_take(store);
    uint8_t *noise = random_bytes(CHUNK_MAX, 5), *zeros = mem_alloc(CHUNK_MAX);
    check_block(worker, "", 0, 3, 0);
    check_block(worker, zeros, 127, 3, 0);
    check_block(worker, zeros, 128, 3, 1);
    check_block(worker, zeros, 128, 0, 0);
    check_block(worker, zeros, CHUNK_MAX, 3, 1);
    check_block(worker, noise, 1000, 3, 0);
    check_block(worker, noise, CHUNK_MAX, 3, 0);
    free(noise);
    free(zeros);
    finish_pool(store, worker);
}

static void hostile_blocks_are_refused(void **unused)
{
    (void)unused;
    struct store *store = pool();
    struct worker *worker = worker_take(store);
    struct str bytes;
    const char unknown_codec[] = "\2\0\0\0\1\0\0\0x", reserved[] = "\0\1\0\0\1\0\0\0x", longer[] = "\0\0\0\0\2\0\0\0x";
    const char huge[] = "\1\0\0\0\xff\xff\xff\xffxxxx";
    assert_false(block_unpack(worker, (struct str){unknown_codec, 9}, &bytes));
    assert_false(block_unpack(worker, (struct str){reserved, 9}, &bytes));
    assert_false(block_unpack(worker, (struct str){longer, 9}, &bytes));
    assert_false(block_unpack(worker, (struct str){huge, 12}, &bytes));
    finish_pool(store, worker);
}

/* ---- lists ---- */

static void lists_round_trip(void **unused)
{
    (void)unused;
    struct buf entries = {0}, bytes = {0};
    struct digest a = digest_of("a", 1), b = digest_of("b", 1);
    list_add(&entries, a, 100000);
    list_add(&entries, b, 7);
    struct list list = {.kind = LIST_DIRECT, .size = 100007, .entries = buf_view(&entries)}, back;
    list_encode(&list, a, &bytes);
    assert_true(list_decode(buf_view(&bytes), a, &back));
    assert_int_equal(back.size, 100007);
    assert_int_equal(list_count(back.entries), 2);
    assert_true(digest_equal(list_at(back.entries, 1).digest, b));
    assert_int_equal(list_at(back.entries, 1).len, 7);
    assert_false(list_decode(buf_view(&bytes), b, &back)); /* of another object */
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.ptr[i] ^= 1;
        assert_false(list_decode(buf_view(&bytes), a, &back));
        bytes.ptr[i] ^= 1;
    }
    buf_clear(&bytes);
    list.size++; /* another size than that of the entries */
    list_encode(&list, a, &bytes);
    assert_false(list_decode(buf_view(&bytes), a, &back));
    buf_clear(&bytes);
    list = (struct list){.kind = LIST_INDIRECT, .size = 5, .entries_digest = a, .entries_size = 40};
    list_encode(&list, a, &bytes);
    assert_true(list_decode(buf_view(&bytes), a, &back));
    assert_true(digest_equal(back.entries_digest, a));
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(list_decode((struct str){bytes.ptr, len}, a, &back));
    buf_finish(&entries);
    buf_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_input_is_one_chunk),
        cmocka_unit_test(sizes_are_within_bounds_and_near_the_average),
        cmocka_unit_test(constant_bytes_give_the_largest_chunks),
        cmocka_unit_test(cuts_never_change),
        cmocka_unit_test(cuts_are_the_same_without_vectors),
        cmocka_unit_test(tables_of_few_values_are_cut),
        cmocka_unit_test(a_cut_depends_on_nothing_behind_it),
        cmocka_unit_test(blocks_are_compressed_where_it_pays),
        cmocka_unit_test(hostile_blocks_are_refused),
        cmocka_unit_test(lists_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
