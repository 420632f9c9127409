/* Depfiles: what compilers write, what they escape, and what is no rule. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/fingerprint.h"

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

/* `want` has the paths with a | behind each. */
static void reads(struct str text, const char *want)
{
    struct str *paths;
    uint32_t count;
    struct error err = {.status = STATUS_OK};
    struct buf got = {0};
    assert_int_equal(depfile_parse(&arena, text, "x.d", &paths, &count, &err), STATUS_OK);
    assert_int_equal(err.status, STATUS_OK);
    buf_str(&got, STR(""));
    for (uint32_t i = 0; i < count; i++) {
        buf_str(&got, paths[i]);
        buf_char(&got, '|');
    }
    assert_string_equal(got.ptr, want);
    buf_finish(&got);
}

static void refuses(struct str text, uint32_t line, uint32_t column)
{
    struct str *paths;
    uint32_t count;
    struct error err;
    assert_int_equal(depfile_parse(&arena, text, "x.d", &paths, &count, &err), STATUS_FAILED);
    assert_string_equal(err.file, "x.d");
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
}

static void reads_what_compilers_write(void **unused)
{
    (void)unused;
    reads(STR(""), "");
    reads(STR("\n\n"), "");
    reads(STR("a.o:"), "");
    reads(STR("a.o:\n"), "");
    reads(STR("a.o: a.c\n"), "a.c|");
    reads(STR("a.o: a.c"), "a.c|");
    reads(STR("a.o : a.c\n"), "a.c|");
    reads(STR("a.o:\ta.c\tb.h\n"), "a.c|b.h|");
    reads(STR("a.o b.o: a.c\n"), "a.c|");
    reads(STR("a.o: a.c \\\n  b.h \\\n  /usr/include/c.h\n"), "a.c|b.h|/usr/include/c.h|");
    reads(STR("a.o: \\\n a.c\\\n b.h\n"), "a.c|b.h|");
    reads(STR("a.o: a.c \\\r\n  b.h\r\n"), "a.c|b.h|");
    reads(STR("a.o \\\n b.o: a.c\n"), "a.c|");
    /* -MP: a rule without prerequisites for each header */
    reads(STR("a.o: a.c b.h\nb.h:\nc.h:\n"), "a.c|b.h|");
    reads(STR("a.o: a.c\n\nb.o: a.c b.c\n"), "a.c|a.c|b.c|");
    reads(STR("# a comment: x\na.o: a.c\n# another"), "a.c|");
    reads(STR("a.o: a.c \\"), "a.c|\\|");
    reads(STR("a.o: a.c \\\n"), "a.c|");
}

static void reads_escapes(void **unused)
{
    (void)unused;
    reads(STR("x: a\\ b.c\n"), "a b.c|");
    reads(STR("x: \\ a\\ \n"), " a |");
    reads(STR("x: a\\#b\n"), "a#b|");
    reads(STR("x: a$$b $$$$\n"), "a$b|$$|");
    reads(STR("x: a$b\n"), "a$b|");
    reads(STR("x: a\\b c\\\\d\n"), "a\\b|c\\\\d|");
    reads(STR("x: c:/d e:f\n"), "c:/d|e:f|");
    reads(STR("c:/x.o: a\n"), "a|");
    reads(STR("a\\:b: c\n"), "c|");
    reads(STR("a\\ b: c\n"), "c|");
    /* 2N+1 backslashes before white space are N of them and the character; 2N are N at the end of the name */
    reads(STR("x: a\\\\ b\n"), "a\\|b|");
    reads(STR("x: a\\\\\\ b\n"), "a\\ b|");
    reads(STR("x: a\\\\\\\\\\ b\n"), "a\\\\ b|");
    reads(STR("x: a\\\\\\\\\tb\n"), "a\\\\|b|");
    reads(STR("x: a\\\tb\n"), "a\tb|");
    /* bytes are bytes */
    reads(STR("x: \xff\xfe \xc3\xa9\n"), "\xff\xfe|\xc3\xa9|");
}

static void refuses_what_is_no_rule(void **unused)
{
    (void)unused;
    refuses(STR("a.c\n"), 1, 1);
    refuses(STR("a.c"), 1, 1);
    refuses(STR("a b c"), 1, 1);
    refuses(STR("x: a\n  y\n"), 2, 3);
    refuses(STR("\n\n\nnot a rule\n"), 4, 1);
    refuses(STR("a \\\n b\n"), 1, 1);
    refuses(STR("x: a\0b c\n"), 1, 7);
    refuses(STR("\\"), 1, 1);
    refuses(STR("\xff"), 1, 1);
}

/* The same text, cut off anywhere, is read or refused, never read past its end. */
static void survives_being_cut_off(void **unused)
{
    (void)unused;
    static const char text[] = "a\\ b.o: c\\\\\\ d \\\r\n $$e\\#f \\\n g\n#x\nh \\\n i: j\\";
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        char *exact = mem_alloc(len);
        memcpy(exact, text, len);
        struct str *paths;
        uint32_t count;
        struct error err;
        enum status status = depfile_parse(&arena, (struct str){exact, len}, "x.d", &paths, &count, &err);
        assert_true(status == STATUS_OK || status == STATUS_FAILED);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_compilers_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_being_cut_off, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
