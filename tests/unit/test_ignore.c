/* Ignore patterns: a table that agrees with `git check-ignore`, path by path. The walk asks about folders before it
 * asks about what is in them, and so does ignored() here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/fingerprint.h"

/* A path that ends in a slash is a folder. */
static bool ignored(const struct ignore *ignore, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < len; i++)
        if (path[i] == '/' && ignore_matches(ignore, (struct str){path, i}, true))
            return true;
    return path[len - 1] != '/' && ignore_matches(ignore, (struct str){path, len}, false);
}

static void agrees_with_git(void **unused)
{
    (void)unused;
    static const struct {
        const char *patterns;
        const char *hit[8], *miss[8];
    } table[] = {
        {"foo", {"foo", "foo/", "x/foo", "x/y/foo", "foo/bar"}, {"foobar", "xfoo", "x/foo.c"}},
        {"foo/", {"foo/", "x/foo/", "foo/bar"}, {"foo", "x/foo"}},
        {"/foo", {"foo", "foo/", "foo/x"}, {"x/foo", "x/foo/"}},
        {"/foo/", {"foo/"}, {"foo", "x/foo/"}},
        {"foo/bar", {"foo/bar", "foo/bar/x"}, {"x/foo/bar", "foo", "bar"}},
        {"/foo/bar", {"foo/bar"}, {"x/foo/bar"}},
        {"foo/bar/", {"foo/bar/"}, {"foo/bar", "x/foo/bar/"}},
        {"*.log", {"a.log", "x/a.log", ".log", "a.log/x"}, {"a.log.gz", "log"}},
        {"*.log\n!keep.log", {"a.log"}, {"keep.log", "x/keep.log"}},
        {"!keep.log\n*.log", {"keep.log"}, {"keep"}},
        {"foo\n!foo\nfoo", {"foo"}, {"bar"}},
        {"*", {"a", "a/b", ".a", "a/"}, {0}},
        {"*/", {"a/", "a/b"}, {"a"}},
        {"/*/", {"a/b"}, {"a"}},
        {"foo/*", {"foo/bar", "foo/bar/baz", "foo/.x"}, {"foo", "foo/", "x/foo/bar"}},
        {"foo/**", {"foo/bar", "foo/bar/baz"}, {"foo", "foo/", "x/foo/bar"}},
        {"foo/**/", {"foo/bar/", "foo/bar/x/"}, {"foo/", "foo/bar"}},
        {"**/foo", {"foo", "x/foo", "x/y/foo"}, {"xfoo"}},
        {"**/foo/bar", {"foo/bar", "x/foo/bar", "x/y/foo/bar"}, {"foo/x/bar"}},
        {"foo/**/bar", {"foo/bar", "foo/x/bar", "foo/x/y/bar"}, {"foobar", "x/foo/bar", "foo/xbar"}},
        {"foo/***/bar", {"foo/bar", "foo/x/bar"}, {"foobar"}},
        {"foo/**/**/bar", {"foo/bar", "foo/x/y/bar"}, {"foobar"}},
        {"a/**/b/**/c", {"a/b/c", "a/x/b/y/z/c", "a/b/b/c"}, {"a/c", "a/b", "b/c", "x/a/b/c"}},
        {"a/*/c", {"a/b/c"}, {"a/c", "a/b/b/c", "x/a/b/c"}},
        {"**", {"a", "a/b"}, {0}},
        {"a**b", {"ab", "axxb", "x/ab"}, {"a/b"}},
        {"f?o", {"fao", "f.o", "f?o"}, {"fo", "faao", "f/o"}},
        {"f[a-c]o", {"fao", "fco"}, {"fdo", "f[a-c]o", "fo"}},
        {"f[!a]o\ng[^a]o", {"fbo", "gbo"}, {"fao", "gao", "fo"}},
        {"[[:digit:]]x", {"1x"}, {"ax"}},
        {"[]a]", {"]", "a"}, {"b"}},
        {"\\foo\nb\\*", {"foo", "b*"}, {"\\foo", "bx", "b\\*"}},
        {"#x\n\\#y", {"#y"}, {"#x", "x"}},
        {"\\!x", {"!x"}, {"x"}},
        {"!!x", {0}, {"x", "!x"}},
        {"x ", {"x"}, {"x "}},
        {"x\\ ", {"x "}, {"x", "x\\ "}},
        {"x\\\\ ", {"x\\"}, {"x\\ ", "x"}},
        {"x  \\ ", {"x   "}, {"x", "x  "}},
        {" x", {" x"}, {"x"}},
        {"x\t", {"x\t"}, {"x"}},
        {"a b", {"a b"}, {"a", "b"}},
        {"foo\r\nbar\r\n", {"foo", "bar"}, {"foo\r"}},
        {"\xef\xbb\xbf" "foo", {"foo"}, {"bar"}},
        {"\xff?", {"\xff\xfe", "\xff" "a"}, {"\xff"}},
        {"foo//bar\nbar//\n//baz", {0}, {"foo/bar", "bar", "bar/", "baz"}},
        {"./foo\n../foo\nfoo/.", {0}, {"foo", "foo/"}},
        {"\n\n   \n/\n//\n!\n!/\n", {0}, {"a", "a/"}},
        {"foo\\", {0}, {"foo", "foo\\"}},
        {"{a,b}\n+(a)", {"{a,b}"}, {"a", "b"}},
        /* what lies in an ignored folder cannot be had back */
        {"foo/\n!foo/bar", {"foo/", "foo/bar"}, {"foo"}},
        {"/*\n!/foo\n/foo/*\n!/foo/bar", {"x", "foo/x", "bar"}, {"foo/", "foo/bar"}},
        {"*\n!*/\n!*.c", {"a", "x/a.h"}, {"a.c", "x/y/a.c", "x/"}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ignore *ignore = ignore_create(str_from(table[i].patterns));
        for (int j = 0; j < 8 && table[i].hit[j] != NULL; j++)
            if (!ignored(ignore, table[i].hit[j]))
                fail_msg("`%s` should match %s", table[i].patterns, table[i].hit[j]);
        for (int j = 0; j < 8 && table[i].miss[j] != NULL; j++)
            if (ignored(ignore, table[i].miss[j]))
                fail_msg("`%s` should not match %s", table[i].patterns, table[i].miss[j]);
        ignore_destroy(ignore);
    }
}

static void has_built_in_patterns(void **unused)
{
    (void)unused;
    struct ignore *ignore = ignore_create(STR(""));
    assert_true(ignored(ignore, "__pycache__/"));
    assert_true(ignored(ignore, "src/__pycache__/x.txt"));
    assert_true(ignored(ignore, "src/a.pyc"));
    assert_true(ignored(ignore, "x/.ipynb_checkpoints/y"));
    assert_true(ignored(ignore, ".git/config"));
    assert_true(ignored(ignore, "sub/.git/"));
    assert_true(ignored(ignore, ".refit/store"));
    assert_true(ignored(ignore, "refit.lock"));
    assert_true(ignored(ignore, "sub/refit.lock"));
    assert_false(ignored(ignore, "__pycache__"));
    assert_false(ignored(ignore, ".git"));
    assert_false(ignored(ignore, "a.py"));
    assert_false(ignored(ignore, ".gitignore"));
    ignore_destroy(ignore);
    /* and they can be taken back */
    ignore = ignore_create(STR("!*.pyc\n!refit.lock\n!__pycache__/\n"));
    assert_false(ignored(ignore, "src/a.pyc"));
    assert_false(ignored(ignore, "refit.lock"));
    assert_false(ignored(ignore, "__pycache__/x"));
    ignore_destroy(ignore);
    ignore_destroy(NULL);
}

static void survives_odd_input(void **unused)
{
    (void)unused;
    struct ignore *ignore = ignore_create(STR("a\0b\nx"));
    assert_true(ignored(ignore, "x"));
    assert_false(ignored(ignore, "a"));
    ignore_destroy(ignore);
    /* the deepest path that there can be, and longer ones */
    char path[2 * PATH_BYTES_MAX];
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 2 ? '/' : 'a';
    ignore = ignore_create(STR("a/**/b\n"));
    assert_false(ignore_matches(ignore, (struct str){path, PATH_BYTES_MAX}, false));
    path[PATH_BYTES_MAX - 1] = 'b';
    assert_true(ignore_matches(ignore, (struct str){path, PATH_BYTES_MAX}, false));
    assert_false(ignore_matches(ignore, (struct str){path, sizeof path - 1}, false));
    ignore_destroy(ignore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_git),
        cmocka_unit_test(has_built_in_patterns),
        cmocka_unit_test(survives_odd_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
