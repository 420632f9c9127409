/* The base: arenas, strings, buffers, tables, digests, errors and the file system. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/digest.h"
#include "refit/base/fs.h"
#include "refit/base/table.h"
#include "scratch.h"

/* ---- arenas ---- */

static void arenas_give_zeroed_aligned_bytes(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    assert_int_equal(arena_bytes(&arena), 0);
    for (size_t i = 0; i < 2000; i++) {
        size_t align = (size_t)1 << (i % 9), size = i * 37 % 5000;
        unsigned char *bytes = arena_alloc(&arena, size, align);
        assert_int_equal((uintptr_t)bytes % align, 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(bytes[j], 0);
        memset(bytes, 0xff, size);
    }
    void *one = arena_alloc(&arena, 0, 1), *two = arena_alloc(&arena, 0, 1);
    assert_non_null(one);
    assert_ptr_not_equal(one, two);
    unsigned char *large = arena_alloc(&arena, 20 << 20, 16);
    large[(20 << 20) - 1] = 1;
    assert_true(arena_bytes(&arena) > 20 << 20);
    arena_finish(&arena);
    assert_int_equal(arena_bytes(&arena), 0);
    assert_string_equal(arena_copy(&arena, "again", 6), "again");
    arena_finish(&arena);
}

static void arenas_rewind(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    struct arena_mark empty = arena_get_mark(&arena);
    char *kept = arena_copy(&arena, "kept", 5);
    struct arena_mark mark = arena_get_mark(&arena);
    size_t bytes = arena_bytes(&arena);
    char *first = arena_alloc(&arena, 100, 1);
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(&arena, 10000, 8), 0xff, 10000);
    arena_rewind(&arena, mark);
    assert_int_equal(arena_bytes(&arena), bytes);
    assert_string_equal(kept, "kept");
    char *again = arena_alloc(&arena, 100, 1);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    arena_rewind(&arena, empty);
    assert_int_equal(arena_bytes(&arena), 0);
    arena_finish(&arena);
}

/* ---- strings ---- */

static void strings_compare_as_bytes(void **unused)
{
    (void)unused;
    assert_true(str_compare(STR("a"), STR("b")) < 0);
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_true(str_compare(STR("a\0b"), STR("a\0a")) > 0);
    assert_int_equal(str_compare(STR(""), (struct str){NULL, 0}), 0);
    assert_true(str_equal(STR(""), (struct str){NULL, 0}));
    assert_true(str_is(STR("a"), "a"));
    assert_false(str_is(STR("a\0"), "a"));
    assert_int_equal(str_from(NULL).len, 0);
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("ab"), STR("abc")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
    assert_int_equal(str_find(STR("abca"), 'a'), 0);
    assert_int_equal(str_find(STR("abc"), 'x'), -1);
    assert_int_equal(str_find(STR("ab\0c"), '\0'), 2);
    assert_int_equal(str_find((struct str){"abc", 2}, 'c'), -1);
    assert_true(str_is(str_trim(STR(" \t\r\na b\n ")), "a b"));
    assert_true(str_is(str_trim(STR(" \n\t")), ""));
    assert_int_equal(str_trim(STR("\0")).len, 1);
}

static void strings_are_copied_with_a_terminator(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    struct str copy = str_dup(&arena, (struct str){"abcdef", 3});
    assert_string_equal(copy.ptr, "abc");
    assert_int_equal(copy.len, 3);
    assert_string_equal(str_terminated(&arena, STR("")), "");
    assert_string_equal(str_dup(&arena, (struct str){NULL, 0}).ptr, "");
    struct str text = str_format(&arena, "%d-" STR_FMT, 7, STR_ARG(copy));
    assert_string_equal(text.ptr, "7-abc");
    assert_int_equal(text.len, 5);
    assert_int_equal(str_format(&arena, "%5000d", 1).len, 5000);
    arena_finish(&arena);
}

/* Table 3-7 of Unicode, at its edges. */
static void utf8_is_told_from_other_bytes(void **unused)
{
    (void)unused;
    static const char *const good[] = {
        "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf",
        "\xed\x80\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf",
        "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z\xe2\x86\x92",
    };
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xdf", "\xe0\x80\x80", "\xe0\x9f\xbf",
        "\xe0\xa0", "\xe0\xa0\x7f", "\xe1\x80", "\xe1\x80\xc0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xef\xbf", "\xef",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf0\x90\x80\x7f", "\xf0\x90\xc0\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "a\xff", "\xc3\xa9\x80",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(str_is_utf8(str_from(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_is_utf8(str_from(bad[i])));
    assert_true(str_is_utf8(STR("a\0b")));
    /* a sequence that the length cuts off */
    assert_false(str_is_utf8((struct str){"\xe2\x86\x92", 2}));
}

static void printable_text_has_no_control_bytes(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(str_printable(&arena, STR("a\nb\tc\\d\x01\x7f\xff\xc3\xa9\0z")).ptr,
                        "a\\nb\\tc\\\\d\\x01\\x7f\\xff\xc3\xa9\\x00z");
    assert_string_equal(str_printable(&arena, STR("\x1b[31m\r")).ptr, "\\x1b[31m\\x0d");
    assert_string_equal(str_printable(&arena, STR("\xed\xa0\x80")).ptr, "\\xed\\xa0\\x80");
    assert_string_equal(str_printable(&arena, STR("")).ptr, "");
    arena_finish(&arena);
}

static void distances_are_damerau_levenshtein(void **unused)
{
    (void)unused;
    static const struct {
        const char *a, *b;
        unsigned max, want;
    } table[] = {
        {"", "", 3, 0},         {"a", "", 3, 1},      {"", "abc", 3, 3},     {"abc", "abc", 3, 0},
        {"abc", "abd", 3, 1},   {"abc", "acb", 3, 1}, {"dep", "deps", 3, 1}, {"kitten", "sitting", 3, 3},
        {"abcd", "dcba", 9, 3}, {"abc", "xyz", 2, 3}, {"abcdef", "a", 2, 3}, {"ca", "abc", 9, 3},
        {"outs", "otus", 3, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(str_distance(str_from(table[i].a), str_from(table[i].b), table[i].max), table[i].want);
        assert_int_equal(str_distance(str_from(table[i].b), str_from(table[i].a), table[i].max), table[i].want);
    }
    char ones[64], twos[64];
    memset(ones, 'a', sizeof ones);
    memset(twos, 'a', sizeof twos);
    assert_int_equal(str_distance((struct str){ones, 63}, (struct str){twos, 63}, 3), 0);
    assert_int_equal(str_distance((struct str){ones, 64}, (struct str){twos, 64}, 3), 4);
}

static void the_nearest_word_is_a_typing_error_away(void **unused)
{
    (void)unused;
    static const struct str words[] = {{"cmd", 3}, {"deps", 4}, {"outs", 4}, {"params", 6}, {"metrics", 7}, {"a", 1}};
    static const struct {
        const char *word, *want;
    } table[] = {
        {"dep", "deps"},   {"out", "outs"},  {"prams", "params"}, {"parameters", NULL}, {"metrcs", "metrics"},
        {"cdm", "cmd"},    {"x", NULL},      {"", NULL},          {"b", NULL},          {"deps", "deps"},
        {"wholly other", NULL}, {"matrix", NULL}, {"metric", "metrics"}, {"odps", "deps"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct str *nearest = str_nearest(str_from(table[i].word), words, sizeof words / sizeof *words);
        if (table[i].want == NULL)
            assert_null(nearest);
        else
            assert_true(nearest != NULL && str_is(*nearest, table[i].want));
    }
    assert_null(str_nearest(STR("a"), NULL, 0));
    /* the first of several that are as near */
    static const struct str twins[] = {{"abcx", 4}, {"abcy", 4}};
    assert_ptr_equal(str_nearest(STR("abcz"), twins, 2), &twins[0]);
    assert_ptr_equal(str_nearest(STR("abcy"), twins, 2), &twins[1]);
}

/* ---- buffers and readers ---- */

static void buffers_grow_and_stay_terminated(void **unused)
{
    (void)unused;
    struct buf buf = {0};
    assert_int_equal(buf_view(&buf).len, 0);
    buf_append(&buf, NULL, 0);
    assert_string_equal(buf.ptr, "");
    for (int i = 0; i < 1000; i++)
        buf_char(&buf, (char)('a' + i % 26));
    assert_int_equal(strlen(buf.ptr), 1000);
    buf_print(&buf, "%s-%05d", "x", 42);
    assert_string_equal(buf.ptr + 1000, "x-00042");
    buf_print(&buf, "%3000s", "");
    assert_int_equal(buf.len, 4007);
    buf_clear(&buf);
    assert_string_equal(buf.ptr, "");
    buf_str(&buf, STR("a\0b"));
    assert_int_equal(buf.len, 3);
    buf_finish(&buf);
    assert_null(buf.ptr);
    buf_finish(&buf);
    buf_clear(&buf);
}

static void readers_give_back_what_was_written(void **unused)
{
    (void)unused;
    struct buf buf = {0};
    buf_u8(&buf, 0xfe);
    buf_u32(&buf, 0x12345678);
    buf_u64(&buf, 0x8000000000000001u);
    buf_lstr(&buf, STR("a\0b"));
    buf_lstr(&buf, STR(""));
    assert_memory_equal(buf.ptr, "\xfe\x78\x56\x34\x12\x01\0\0\0\0\0\0\x80\x03\0\0\0a\0b\0\0\0\0", buf.len);
    /* cut off anywhere, it is bad, and never read past its end */
    for (size_t len = 0; len <= buf.len; len++) {
        char *exact = mem_alloc(len);
        memcpy(exact, buf.ptr, len);
        struct reader r = reader_from(exact, len);
        uint8_t a = reader_u8(&r);
        uint32_t b = reader_u32(&r);
        uint64_t c = reader_u64(&r);
        struct str d = reader_lstr(&r), e = reader_lstr(&r);
        assert_int_equal(reader_done(&r), len == buf.len);
        assert_int_equal(r.bad, len != buf.len);
        assert_int_equal(a, len >= 1 ? 0xfe : 0);
        assert_int_equal(b, len >= 5 ? 0x12345678 : 0);
        assert_true(c == (len >= 13 ? 0x8000000000000001u : 0));
        assert_int_equal(d.len, len >= 20 ? 3 : 0);
        assert_int_equal(e.len, 0);
        free(exact);
    }
    buf_finish(&buf);
}

static void readers_refuse_lengths_that_lie(void **unused)
{
    (void)unused;
    struct reader r = reader_from("\xff\xff\xff\xff" "abc", 7);
    assert_int_equal(reader_lstr(&r).len, 0);
    assert_true(r.bad);
    assert_int_equal(reader_u8(&r), 0);
    r = reader_from("abc", 3);
    assert_null(reader_bytes(&r, SIZE_MAX));
    assert_true(r.bad);
    r = reader_from("abc", 3);
    assert_int_equal(reader_u8(&r), 'a');
    assert_false(reader_done(&r));
    assert_false(r.bad);
    assert_non_null(reader_bytes(&r, 2));
    assert_true(reader_done(&r));
}

/* ---- tables ---- */

static void tables_find_what_was_added(void **unused)
{
    (void)unused;
    struct arena arena;
    struct table table = {0};
    arena_init(&arena);
    assert_int_equal(table_get(&table, STR("x")), TABLE_NONE);
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(table_add(&table, str_format(&arena, "key %u", i), i), i);
    assert_int_equal(table_add(&table, STR("key 7"), 99), 7);
    assert_int_equal(table.count, 20000);
    for (uint32_t i = 0; i < 20000; i++)
        assert_int_equal(table_get(&table, str_format(&arena, "key %u", i)), i);
    assert_int_equal(table_get(&table, STR("key")), TABLE_NONE);
    assert_int_equal(table_get(&table, STR("key 1\0")), TABLE_NONE);
    /* the empty key is a key */
    assert_int_equal(table_get(&table, STR("")), TABLE_NONE);
    assert_int_equal(table_add(&table, (struct str){NULL, 0}, 5), 5);
    assert_int_equal(table_get(&table, STR("")), 5);
    assert_int_equal(table_get(&table, (struct str){NULL, 0}), 5);
    assert_int_equal(table_add(&table, STR("a\0b"), 1), 1);
    assert_int_equal(table_add(&table, STR("a\0c"), 2), 2);
    assert_int_equal(table_get(&table, STR("a\0b")), 1);
    table_finish(&table);
    assert_int_equal(table_get(&table, STR("x")), TABLE_NONE);
    arena_finish(&arena);
}

/* ---- digests ---- */

static void digests_are_xxh3(void **unused)
{
    (void)unused;
    char hex[DIGEST_HEX + 1];
    /* of no bytes and of "abc", as `xxhsum -H2` prints them */
    assert_string_equal(digest_hex(digest_of(NULL, 0), hex), "99aa06d3014798d86001c324468d497f");
    assert_string_equal(digest_hex(digest_of("abc", 3), hex), "06b05ab6733a618578af5f94892f3950");
    unsigned char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 >> 3);
    struct hasher *h = hasher_create();
    for (size_t step = 1; step < sizeof bytes; step = step * 3 + 1) {
        hasher_reset(h);
        for (size_t at = 0; at < sizeof bytes; at += step)
            hasher_update(h, bytes + at, at + step < sizeof bytes ? step : sizeof bytes - at);
        hasher_update(h, NULL, 0);
        assert_true(digest_equal(hasher_digest(h), digest_of(bytes, sizeof bytes)));
    }
    hasher_reset(h);
    assert_true(digest_equal(hasher_digest(h), digest_of("", 0)));
    hasher_destroy(h);
}

static void digests_are_written_as_lower_case_hex(void **unused)
{
    (void)unused;
    char hex[DIGEST_HEX + 1];
    struct digest d = digest_of("x", 1), back;
    assert_true(digest_parse(str_from(digest_hex(d, hex)), &back));
    assert_true(digest_equal(d, back));
    static const char *const bad[] = {
        "", "0", "06b05ab6733a618578af5f94892f395", "06b05ab6733a618578af5f94892f39500",
        "06B05ab6733a618578af5f94892f3950", "06b05ab6733a618578af5f94892f395g", " 6b05ab6733a618578af5f94892f3950",
        "06b05ab6733a618578af5f94892f395\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(digest_parse(str_from(bad[i]), &back));
    assert_true(digest_is_zero((struct digest){{0}}));
    assert_false(digest_is_zero(d));
    struct digest low = {{0, 1}}, high = {{0xff}};
    assert_true(digest_compare(&low, &high) < 0);
    assert_int_equal(digest_compare(&low, &low), 0);
}

/* ---- errors ---- */

static void errors_say_where_and_what(void **unused)
{
    (void)unused;
    struct error err;
    char text[4096];
    assert_int_equal(error_set(&err, STATUS_IO, "cannot %s", "x"), STATUS_IO);
    assert_string_equal(error_text(&err, text, sizeof text), "cannot x");
    assert_int_equal(error_at(&err, STATUS_MANIFEST, "refit.yaml", 3, 7, "bad\n%s", "\x1b"), STATUS_MANIFEST);
    assert_string_equal(error_text(&err, text, sizeof text), "refit.yaml:3:7: bad\\n\\x1b");
    err.column = 0;
    assert_string_equal(error_text(&err, text, sizeof text), "refit.yaml:3: bad\\n\\x1b");
    err.line = 0;
    assert_string_equal(error_text(&err, text, sizeof text), "refit.yaml: bad\\n\\x1b");
    assert_int_equal(error_wrap(&err, "stage `%s`", "a"), STATUS_MANIFEST);
    assert_string_equal(err.message, "stage `a`: bad\n\x1b");
    assert_int_equal(error_errno(&err, STATUS_IO, ENOENT, "cannot open %s", "f"), STATUS_IO);
    assert_string_equal(error_text(&err, text, sizeof text), "cannot open f: No such file or directory");
    assert_string_equal(err.file, "");
}

static void errors_fit_whatever_their_length(void **unused)
{
    (void)unused;
    struct error err;
    char *text = mem_alloc(8192), *large = mem_alloc(5000);
    memset(large, '\x01', 4999);
    error_at(&err, STATUS_IO, large, UINT32_MAX, UINT32_MAX, "%s", large);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_int_equal(strlen(err.file), sizeof err.file - 1);
    for (unsigned size = 1; size < 100; size++) {
        char *exact = mem_alloc(size);
        assert_true(strlen(error_text(&err, exact, size)) < size);
        free(exact);
    }
    for (unsigned size = 2040; size < 2100; size++)
        assert_true(strlen(error_text(&err, text, size)) < size);
    error_wrap(&err, "%s", "noun");
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_memory_equal(err.message, "noun: \x01", 7);
    error_wrap(&err, "%s", large);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    error_errno(&err, STATUS_IO, ENOENT, "%s", large);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    free(text);
    free(large);
}

static void statuses_have_exit_statuses(void **unused)
{
    (void)unused;
    assert_int_equal(status_exit(STATUS_OK), 0);
    assert_int_equal(status_exit(STATUS_FAILED), 1);
    assert_int_equal(status_exit(STATUS_MANIFEST), 2);
    assert_int_equal(status_exit(STATUS_LOCKED), 5);
    assert_int_equal(status_exit(STATUS_INTERRUPTED), 130);
}

/* ---- the file system ---- */

static char folder[SCRATCH_SIZE];
static struct error err;

static int enter(void **unused)
{
    (void)unused;
    return mkdtemp(scratch_name(folder, "base")) == NULL || chdir(folder) != 0;
}

static int leave(void **unused)
{
    (void)unused;
    return chdir("/") != 0 || fs_remove_tree(folder, &err) != STATUS_OK || access(folder, F_OK) == 0;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(fd, text, strlen(text), path, &err), STATUS_OK);
    close(fd);
}

static void files_are_read_whole(void **unused)
{
    (void)unused;
    struct buf buf = {0};
    write_file("a", "hello");
    assert_int_equal(fs_read("a", 5, &buf, &err), STATUS_OK);
    assert_string_equal(buf.ptr, "hello");
    buf_clear(&buf);
    assert_int_equal(fs_read("a", 4, &buf, &err), STATUS_IO);
    buf_clear(&buf);
    assert_int_equal(fs_read("none", 5, &buf, &err), STATUS_NOT_FOUND);
    assert_int_equal(fs_read(".", 5, &buf, &err), STATUS_IO);
    buf_clear(&buf);
    write_file("empty", "");
    assert_int_equal(fs_read("empty", 0, &buf, &err), STATUS_OK);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.ptr, "");
    /* a file that says that it has no size */
    assert_int_equal(fs_read("/proc/self/stat", 1 << 20, &buf, &err), STATUS_OK);
    assert_true(buf.len > 0);
    buf_finish(&buf);
}

static void files_are_written_whole(void **unused)
{
    (void)unused;
    struct buf buf = {0};
    struct stat st;
    write_file("b", "old");
    assert_int_equal(link("b", "other"), 0);
    assert_int_equal(fs_write_atomic("b", "made/on/the/way", STR("new\0bytes"), 0600, true, &err), STATUS_OK);
    assert_int_equal(fs_read("b", 100, &buf, &err), STATUS_OK);
    assert_true(str_equal(buf_view(&buf), STR("new\0bytes")));
    assert_int_equal(stat("b", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_clear(&buf);
    assert_int_equal(fs_read("other", 100, &buf, &err), STATUS_OK);
    assert_string_equal(buf.ptr, "old");
    /* a link in its place is replaced, not followed */
    assert_int_equal(symlink("b", "link"), 0);
    assert_int_equal(fs_write_atomic("link", "tmp", STR("x"), 0600, false, &err), STATUS_OK);
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(stat("b", &st), 0);
    assert_int_equal(st.st_size, 9);
    assert_int_equal(fs_write_atomic("none/x", "tmp", STR(""), 0600, false, &err), STATUS_IO);
    assert_int_equal(mkdir("taken", 0755), 0);
    assert_int_equal(fs_write_atomic("taken", "tmp", STR(""), 0600, false, &err), STATUS_IO);
    assert_int_equal(lstat("tmp", &st), -1); /* nothing half made is left */
    assert_int_equal(fs_write_atomic("b", "taken", STR(""), 0600, false, &err), STATUS_IO);
    assert_int_equal(fs_remove_tree("taken", &err), STATUS_OK);
    buf_finish(&buf);
}

static void folders_are_made_with_their_parents(void **unused)
{
    (void)unused;
    struct stat st;
    assert_int_equal(fs_make_directories("d/e//f/", &err), STATUS_OK);
    assert_int_equal(fs_make_directories("d/e/f", &err), STATUS_OK);
    assert_int_equal(fs_make_directories(".", &err), STATUS_OK);
    assert_int_equal(fs_make_directories("/", &err), STATUS_OK);
    assert_int_equal(stat("d/e/f", &st), 0);
    assert_int_equal(fs_make_parents("g/h/i", &err), STATUS_OK);
    assert_int_equal(stat("g/h", &st), 0);
    assert_int_not_equal(stat("g/h/i", &st), 0);
    assert_int_equal(fs_make_parents("plain", &err), STATUS_OK);
    assert_int_equal(fs_make_parents("/plain", &err), STATUS_OK);
    write_file("g/file", "");
    assert_int_equal(fs_make_directories("g/file", &err), STATUS_IO);
    assert_int_equal(fs_make_directories("g/file/x", &err), STATUS_IO);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(fs_make_directories("dangling", &err), STATUS_IO);
    assert_int_equal(symlink("d", "to_d"), 0);
    assert_int_equal(fs_make_directories("to_d/x", &err), STATUS_OK);
    assert_int_equal(stat("d/x", &st), 0);
}

static void removal_never_follows_links(void **unused)
{
    (void)unused;
    struct stat st;
    assert_int_equal(fs_make_directories("keep/deep", &err), STATUS_OK);
    write_file("keep/file", "x");
    assert_int_equal(fs_make_directories("gone/a/b/c", &err), STATUS_OK);
    write_file("gone/a/file", "x");
    assert_int_equal(symlink("../../keep", "gone/a/out"), 0);
    assert_int_equal(symlink("../keep/file", "gone/out"), 0);
    assert_int_equal(mkfifo("gone/fifo", 0600), 0);
    assert_int_equal(symlink("keep", "link"), 0);
    assert_int_equal(fs_remove_tree("gone", &err), STATUS_OK);
    assert_int_equal(fs_remove_tree("link", &err), STATUS_OK);
    assert_int_not_equal(lstat("gone", &st), 0);
    assert_int_not_equal(lstat("link", &st), 0);
    assert_int_equal(stat("keep/file", &st), 0);
    assert_int_equal(stat("keep/deep", &st), 0);
    assert_int_equal(fs_remove_tree("gone", &err), STATUS_OK);
    assert_int_equal(fs_remove_tree("keep/file/x", &err), STATUS_OK);
    assert_int_equal(fs_remove_tree("gone/x", &err), STATUS_OK);
}

static void renaming_makes_parents(void **unused)
{
    (void)unused;
    struct stat st;
    bool found;
    write_file("from", "x");
    assert_int_equal(fs_move("from", "to/a/b", &err), STATUS_OK);
    assert_int_equal(fs_lstat("to/a/b", &st, &found, &err), STATUS_OK);
    assert_true(found && S_ISREG(st.st_mode));
    assert_int_equal(fs_lstat("to/a/b/c", &st, &found, &err), STATUS_OK);
    assert_false(found);
    assert_int_equal(fs_lstat("from", &st, &found, &err), STATUS_OK);
    assert_false(found);
    assert_int_equal(fs_move("from", "to/x", &err), STATUS_IO);
}

static void links_are_read_as_bytes(void **unused)
{
    (void)unused;
    struct arena arena;
    struct str text;
    arena_init(&arena);
    assert_int_equal(symlink("../\xff\n x", "odd"), 0);
    assert_int_equal(fs_read_link(&arena, "odd", &text, &err), STATUS_OK);
    assert_string_equal(text.ptr, "../\xff\n x");
    assert_int_equal(fs_read_link(&arena, "none", &text, &err), STATUS_IO);
    assert_int_equal(fs_read_link(&arena, ".", &text, &err), STATUS_IO);
    arena_finish(&arena);
}

static void clocks_go_forward(void **unused)
{
    (void)unused;
    int64_t one = clock_monotonic_ms(), two = clock_monotonic_ms();
    assert_true(two >= one);
    int64_t before = fs_clock_ns(".");
    write_file("stamped", "");
    struct stat st;
    assert_int_equal(stat("stamped", &st), 0);
    assert_true(st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec >= before);
    assert_true(fs_clock_ns("/none") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_give_zeroed_aligned_bytes),
        cmocka_unit_test(arenas_rewind),
        cmocka_unit_test(strings_compare_as_bytes),
        cmocka_unit_test(strings_are_copied_with_a_terminator),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(printable_text_has_no_control_bytes),
        cmocka_unit_test(distances_are_damerau_levenshtein),
        cmocka_unit_test(the_nearest_word_is_a_typing_error_away),
        cmocka_unit_test(buffers_grow_and_stay_terminated),
        cmocka_unit_test(readers_give_back_what_was_written),
        cmocka_unit_test(readers_refuse_lengths_that_lie),
        cmocka_unit_test(tables_find_what_was_added),
        cmocka_unit_test(digests_are_xxh3),
        cmocka_unit_test(digests_are_written_as_lower_case_hex),
        cmocka_unit_test(errors_say_where_and_what),
        cmocka_unit_test(errors_fit_whatever_their_length),
        cmocka_unit_test(statuses_have_exit_statuses),
        cmocka_unit_test_setup_teardown(files_are_read_whole, enter, leave),
        cmocka_unit_test_setup_teardown(files_are_written_whole, enter, leave),
        cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, enter, leave),
        cmocka_unit_test_setup_teardown(removal_never_follows_links, enter, leave),
        cmocka_unit_test_setup_teardown(renaming_makes_parents, enter, leave),
        cmocka_unit_test_setup_teardown(links_are_read_as_bytes, enter, leave),
        cmocka_unit_test_setup_teardown(clocks_go_forward, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
