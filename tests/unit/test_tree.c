/* Trees: round trips, and the bytes that must be refused because they would write outside of the tree. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/store.h"

static struct tree_entry file(const char *path)
{
    return (struct tree_entry){.path = str_from(path), .kind = ENTRY_FILE, .digest = digest_of(path, 1), .size = 3};
}

static struct tree_entry entry(const char *path, enum entry_kind kind)
{
    struct tree_entry e = {.path = str_from(path), .kind = kind};
    if (kind == ENTRY_LINK)
        e.link = STR("target");
    return e;
}

/* As tree_encode, which asserts what is to be broken here. */
static void encode_raw(const struct tree_entry *entries, uint32_t count, struct buf *out)
{
    buf_append(out, "refT", 4);
    buf_u32(out, 1);
    buf_u32(out, count);
    for (uint32_t i = 0; i < count; i++) {
        buf_u8(out, (uint8_t)entries[i].kind);
        buf_u8(out, entries[i].executable);
        buf_append(out, entries[i].digest.bytes, DIGEST_SIZE);
        buf_u64(out, entries[i].size);
        buf_lstr(out, entries[i].path);
        buf_lstr(out, entries[i].link);
    }
}

static enum status decode(const struct tree_entry *entries, uint32_t count)
{
    struct buf bytes = {0};
    struct arena arena;
    struct tree tree;
    struct error err = {.status = STATUS_OK};
    arena_init(&arena);
    encode_raw(entries, count, &bytes);
    enum status status = tree_decode(&arena, buf_view(&bytes), &tree, &err);
    assert_int_equal(err.status, status);
    buf_finish(&bytes);
    arena_finish(&arena);
    return status;
}

static void trees_round_trip(void **unused)
{
    (void)unused;
    struct tree_entry entries[] = {file("a"), file("a.b"), entry("d", ENTRY_DIRECTORY), file("d-x/y"), file("d/e/f"),
                                   entry("d/link", ENTRY_LINK), file("\xff\x01")};
    entries[0].executable = true;
    struct tree tree = {entries, 7}, back;
    struct buf bytes = {0}, again = {0};
    struct arena arena;
    struct error err;
    arena_init(&arena);
    tree_encode(&tree, &bytes);
    encode_raw(entries, 7, &again);
    assert_true(str_equal(buf_view(&bytes), buf_view(&again)));
    assert_int_equal(tree_decode(&arena, buf_view(&bytes), &back, &err), STATUS_OK);
    assert_int_equal(back.count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_true(str_equal(back.entries[i].path, entries[i].path));
        assert_int_equal(back.entries[i].kind, entries[i].kind);
        assert_int_equal(back.entries[i].executable, entries[i].executable);
        assert_true(digest_equal(back.entries[i].digest, entries[i].digest));
        assert_int_equal(back.entries[i].size, entries[i].size);
        assert_true(str_equal(back.entries[i].link, entries[i].link));
    }
    assert_true(digest_equal(tree_digest(&tree), digest_of(bytes.ptr, bytes.len)));
    assert_true(digest_equal(tree_digest(&back), tree_digest(&tree)));
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(tree_decode(&arena, (struct str){bytes.ptr, len}, &back, &err), STATUS_CORRUPT);
    buf_char(&bytes, 'x');
    assert_int_equal(tree_decode(&arena, buf_view(&bytes), &back, &err), STATUS_CORRUPT);
    buf_finish(&bytes);
    buf_finish(&again);
    arena_finish(&arena);
}

static void an_empty_tree_is_fine(void **unused)
{
    (void)unused;
    assert_int_equal(decode(NULL, 0), STATUS_OK);
}

static void unsafe_paths_are_refused(void **unused)
{
    (void)unused;
    static const char *const paths[] = {"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "a//b", "a/", ".",
                                        "./a", "a/./b"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct tree_entry e = file("x");
        e.path = str_from(paths[i]);
        assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    }
    struct tree_entry e = file("x");
    e.path = (struct str){"a\0b", 3};
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    e.path = STR("..a");
    assert_int_equal(decode(&e, 1), STATUS_OK);
}

static void order_and_duplicates(void **unused)
{
    (void)unused;
    assert_int_equal(decode((struct tree_entry[]){file("b"), file("a")}, 2), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){file("a"), file("a")}, 2), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){file("a"), file("a\x80")}, 2), STATUS_OK);
}

static void nothing_is_below_a_file_or_a_link(void **unused)
{
    (void)unused;
    assert_int_equal(decode((struct tree_entry[]){file("a"), file("a/b")}, 2), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){entry("a", ENTRY_LINK), file("a/b")}, 2), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){entry("a", ENTRY_DIRECTORY), file("a/b")}, 2), STATUS_OK);
    /* With others between the two, which sort before the slash. */
    struct tree_entry apart[] = {entry("a", ENTRY_LINK), file("a-b/c"), file("a.c"), file("a/b/c")};
    assert_int_equal(decode(apart, 4), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){file("a/b"), file("a/b-c"), file("a/b/c/d")}, 3), STATUS_CORRUPT);
    assert_int_equal(decode((struct tree_entry[]){file("a/b/c"), file("a/bb"), file("a/bb/c")}, 3), STATUS_CORRUPT);
}

static void fields_must_suit_the_kind(void **unused)
{
    (void)unused;
    struct tree_entry e = file("a");
    e.link = STR("x");
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    e = entry("a", ENTRY_LINK);
    e.link = STR("");
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    e = entry("a", ENTRY_DIRECTORY);
    e.executable = true;
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    e = entry("a", ENTRY_MISSING);
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
    e.kind = 0;
    assert_int_equal(decode(&e, 1), STATUS_CORRUPT);
}

static void a_count_beyond_the_bytes_takes_no_memory(void **unused)
{
    (void)unused;
    struct arena arena;
    struct tree tree;
    struct error err;
    arena_init(&arena);
    assert_int_equal(tree_decode(&arena, STR("refT\1\0\0\0\xff\xff\xff\xff"), &tree, &err), STATUS_CORRUPT);
    assert_int_equal(tree_decode(&arena, STR("refT\2\0\0\0\0\0\0\0"), &tree, &err), STATUS_CORRUPT);
    assert_int_equal(tree_decode(&arena, STR("xxxx\1\0\0\0\0\0\0\0"), &tree, &err), STATUS_CORRUPT);
    assert_int_equal(arena_bytes(&arena), 0);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_round_trip),
        cmocka_unit_test(an_empty_tree_is_fine),
        cmocka_unit_test(unsafe_paths_are_refused),
        cmocka_unit_test(order_and_duplicates),
        cmocka_unit_test(nothing_is_below_a_file_or_a_link),
        cmocka_unit_test(fields_must_suit_the_kind),
        cmocka_unit_test(a_count_beyond_the_bytes_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
