/* Paths: every shape that people write, and the round trip through path_relative(). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"

static struct arena arena;

static int set_up(void **unused)
{
    (void)unused;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    arena_finish(&arena);
    return 0;
}

static struct str make(const char *root, struct str wdir, struct str raw)
{
    struct str out = STR("");
    struct error err = {.status = STATUS_OK};
    assert_int_equal(path_make(&arena, str_from(root), wdir, raw, &out, &err), STATUS_OK);
    assert_int_equal(err.status, STATUS_OK);
    assert_int_equal(out.ptr[out.len], '\0');
    return out;
}

static void makes_canonical_paths(void **unused)
{
    (void)unused;
    static const struct {
        const char *root, *wdir, *raw, *want;
    } table[] = {
        {"/p", ".", "a", "a"},
        {"/p", ".", "a/b", "a/b"},
        {"/p", ".", "a/", "a"},
        {"/p", ".", "a///b//", "a/b"},
        {"/p", ".", "./a/./b/.", "a/b"},
        {"/p", ".", ".", "."},
        {"/p", ".", "./", "."},
        {"/p", ".", ".//./", "."},
        {"/p", ".", "a/..", "."},
        {"/p", ".", "a/../", "."},
        {"/p", ".", "a/b/..", "a"},
        {"/p", ".", "a/b/../..", "."},
        {"/p", ".", "a/../b", "b"},
        {"/p", ".", "a/../../b", "../b"},
        {"/p", ".", "..", ".."},
        {"/p", ".", "../", ".."},
        {"/p", ".", "../..", "../.."},
        {"/p", ".", "../../x", "../../x"},
        {"/p", ".", "../x/..", ".."},
        {"/p", ".", "../x/../..", "../.."},
        {"/p", ".", "../x/../../y", "../../y"},
        {"/p", ".", "...", "..."},
        {"/p", ".", "..a", "..a"},
        {"/p", ".", "a..", "a.."},
        {"/p", ".", "a/..b/../c..", "a/c.."},
        {"/p", ".", ".a/.b", ".a/.b"},
        {"/p", ".", " ", " "},
        {"/p", ".", "a b/\xff\n", "a b/\xff\n"},
        {"/p", ".", "~/x", "~/x"},
        {"/p", ".", "a\\b", "a\\b"},
        /* from a folder of the project */
        {"/p", "w", "a", "w/a"},
        {"/p", "w", ".", "w"},
        {"/p", "w", "..", "."},
        {"/p", "w", "../a", "a"},
        {"/p", "w", "../..", ".."},
        {"/p", "w", "../../a", "../a"},
        {"/p", "w/v", "../a", "w/a"},
        {"/p", "w/v", "../../../../a", "../../a"},
        /* from a folder outside */
        {"/p", "..", "a", "../a"},
        {"/p", "..", "..", "../.."},
        {"/p", "../q", "..", ".."},
        {"/p", "../q", "../../x", "../../x"},
        {"/p", "/q", "a", "/q/a"},
        {"/p", "/q", "../a", "/a"},
        {"/p", "/", "a", "/a"},
        /* absolute */
        {"/p", ".", "/", "/"},
        {"/p", ".", "//", "/"},
        {"/p", ".", "/..", "/"},
        {"/p", ".", "/../../a", "/a"},
        {"/p", "w", "/a", "/a"},
        {"/p", ".", "/a/..", "/"},
        {"/p", ".", "/a/b/../..", "/"},
        {"/p", ".", "/p", "."},
        {"/p", ".", "/p/", "."},
        {"/p", ".", "//p//a", "a"},
        {"/p", ".", "/p/..", "/"},
        {"/p", ".", "/p/../p/a", "a"},
        {"/p", ".", "/pa", "/pa"},
        {"/p", ".", "/p.a", "/p.a"},
        {"/p/q", ".", "/p", "/p"},
        {"/p/q", ".", "/p/q/../q/r", "r"},
        /* out of the project and back in again is inside */
        {"/p", ".", "../p", "."},
        {"/p", ".", "../p/a", "a"},
        {"/p", ".", "../pa", "../pa"},
        {"/p", "w", "../../p/a", "a"},
        {"/p/q", ".", "../../p/q/r", "r"},
        {"/p/q", ".", "../q", "."},
        {"/p/q", ".", "../../q", "../../q"},
        {"/p/q", ".", "../../p", "../../p"},
        /* the root of the file system as the root of a project */
        {"/", ".", "/", "."},
        {"/", ".", "a", "a"},
        {"/", ".", "/a/b", "a/b"},
        {"/", ".", "..", "."},
        {"/", ".", "../../a", "a"},
        {"/", "w", "../../a", "a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(make(table[i].root, str_from(table[i].wdir), str_from(table[i].raw)).ptr, table[i].want);
}

static void refuses(struct str raw)
{
    struct error err = {.status = STATUS_OK};
    struct str out = STR("untouched");
    assert_int_equal(path_make(&arena, STR("/p"), STR("."), raw, &out, &err), STATUS_USAGE);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_true(str_is(out, "untouched"));
}

static void refuses_what_is_no_path(void **unused)
{
    (void)unused;
    refuses(STR(""));
    refuses(STR("\0"));
    refuses(STR("a\0b"));
    refuses(STR("a\0"));
    refuses((struct str){NULL, 0});
}

static void bounds_the_length(void **unused)
{
    (void)unused;
    char bytes[3 * PATH_BYTES_MAX];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(make("/p", STR("."), (struct str){bytes, PATH_BYTES_MAX}).len, PATH_BYTES_MAX);
    refuses((struct str){bytes, PATH_BYTES_MAX + 1});
    /* What counts is the length that is left. */
    memset(bytes, '/', sizeof bytes);
    bytes[0] = 'a';
    assert_string_equal(make("/p", STR("."), (struct str){bytes, sizeof bytes}).ptr, "a");
    for (size_t i = 0; i + 3 <= sizeof bytes; i += 3)
        memcpy(bytes + i, "../", 3);
    refuses((struct str){bytes, sizeof bytes / 3 * 3});
    memcpy(bytes, "/p/", 3);
    memset(bytes + 3, 'y', PATH_BYTES_MAX);
    assert_int_equal(make("/p", STR("."), (struct str){bytes, PATH_BYTES_MAX + 3}).len, PATH_BYTES_MAX);
    struct error err;
    struct str out;
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(path_make(&arena, STR("/p"), STR("w"), (struct str){bytes, PATH_BYTES_MAX - 1}, &out, &err),
                     STATUS_USAGE);
}

/* A parser that reads behind the length that it was given would see the rest. */
static void reads_no_further_than_the_length(void **unused)
{
    (void)unused;
    assert_string_equal(make("/p", STR("."), (struct str){"ab/../..", 2}).ptr, "ab");
    assert_string_equal(make("/p", STR("."), (struct str){"a/..", 3}).ptr, "a");
    assert_string_equal(make("/p", (struct str){"w/v", 1}, STR("a")).ptr, "w/a");
}

static void tells_inside_and_below(void **unused)
{
    (void)unused;
    static const struct {
        const char *path, *directory;
        bool inside, below;
    } table[] = {
        {"a", ".", true, true},       {".", ".", true, false},       {"..", ".", false, false},
        {"../a", ".", false, false},  {"..a", ".", true, true},      {"/a", ".", false, false},
        {"/", ".", false, false},     {"a/b", "a", true, true},      {"a", "a", true, false},
        {"ab", "a", true, false},     {"a.b", "a", true, false},     {"a", "a/b", true, false},
        {"ab/c", "a", true, false},   {"a/b/c", "a", true, true},    {"a/b/c", "a/b", true, true},
        {"/a/b", "/a", false, true},  {"/a", "/", false, true},      {"/", "/", false, false},
        {"a", "/", true, false},      {"../a/b", "../a", false, true}, {"../a", "..", false, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(path_is_inside(str_from(table[i].path)), table[i].inside);
        assert_int_equal(path_is_below(str_from(table[i].path), str_from(table[i].directory)), table[i].below);
    }
    assert_false(path_is_inside(STR("")));
}

static void takes_paths_apart(void **unused)
{
    (void)unused;
    static const struct {
        const char *path, *parent, *name;
    } table[] = {
        {"a", ".", "a"}, {"a/b", "a", "b"}, {"a/b/c", "a/b", "c"}, {"/a", "/", "a"}, {"/a/b", "/a", "b"},
        {"../a", "..", "a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str path = str_from(table[i].path);
        assert_true(str_is(path_parent(path), table[i].parent));
        assert_true(str_is(path_name(path), table[i].name));
        assert_string_equal(path_join(&arena, path_parent(path), path_name(path)).ptr, table[i].path);
    }
    assert_string_equal(path_parent(STR("/")).ptr, "/");
}

static void knows_relative_paths(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *path, *want;
    } table[] = {
        {".", "a", "a"},        {".", ".", "."},           {"a", "a", "."},        {"a", ".", ".."},
        {"a", "b", "../b"},     {"a", "a/b", "b"},         {"a/b", "a", ".."},     {"a/b", "a/c", "../c"},
        {"a/b", "ab", "../../ab"}, {"a", "ab", "../ab"},   {"a/b", ".", "../.."},  {"a", "../x", "../../x"},
        {"a/b", "..", "../../.."}, {"../a", "../b", "../b"}, {"../a", "../a/c", "c"}, {"a", "/x", "/x"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(path_relative(&arena, str_from(table[i].from), str_from(table[i].path)).ptr, table[i].want);
}

/* A generator of our own, so that a failure comes back. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

static struct str random_raw(uint64_t *seed, bool climb)
{
    static const char *const parts[] = {"a", "b", "ab", "a.b", "..a", ".", "", "..", ".."};
    struct buf raw = {0};
    uint32_t count = 1 + draw(seed, 7);
    for (uint32_t i = 0; i < count; i++)
        buf_print(&raw, "%s%s", i ? "/" : "", parts[draw(seed, climb ? 9 : 7)]);
    if (raw.len == 0 || raw.ptr[0] == '/')
        buf_clear(&raw), buf_char(&raw, 'a');
    struct str copy = str_dup(&arena, buf_view(&raw));
    buf_finish(&raw);
    return copy;
}

static void check_canonical(struct str path)
{
    assert_true(path.len > 0);
    assert_true(path.len == 1 || path.ptr[path.len - 1] != '/');
    assert_null(strstr(path.ptr, "//"));
    assert_null(strstr(path.ptr, "/./"));
    bool named = false; /* a `..` stands at the front only */
    for (struct str rest = path; rest.len > 0;) {
        ptrdiff_t slash = str_find(rest, '/');
        struct str part = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
        rest = slash < 0 ? STR("") : str_slice(rest, (size_t)slash + 1, rest.len);
        assert_true(!str_is(part, ".") || path.len == 1);
        assert_false(named && str_is(part, ".."));
        named |= !str_is(part, "..");
    }
}

static void random_paths_hold_the_rules(void **unused)
{
    (void)unused;
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        struct arena_mark mark = arena_get_mark(&arena);
        struct str wdir = make("/r/p", STR("."), random_raw(&seed, false));
        struct str path = make("/r/p", wdir, random_raw(&seed, true));
        check_canonical(path);
        /* making it again changes nothing */
        assert_true(str_equal(make("/r/p", STR("."), path), path));
        /* the absolute spelling is the same path, if it is inside */
        if (path_is_inside(path)) {
            struct str absolute = str_format(&arena, "/r/p/" STR_FMT, STR_ARG(path));
            assert_true(str_equal(make("/r/p", wdir, absolute), path));
        }
        /* as seen from wdir, and back */
        struct str seen = path_relative(&arena, wdir, path);
        assert_true(str_equal(make("/r/p", wdir, seen), path));
        arena_rewind(&arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_canonical_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_the_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_no_further_than_the_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_inside_and_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_paths_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_relative_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_paths_hold_the_rules, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
