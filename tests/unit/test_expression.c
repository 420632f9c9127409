/* Expressions: what they mean, and what is refused where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "check/expression.h"

/* A row in words: "name=value", a value of "-" being null. */
static bool holds(const char *text, const char *const *row)
{
    struct arena arena;
    struct expression *e;
    struct error err;
    arena_init(&arena);
    if (expression_parse(&arena, str_from(text), &e, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    uint32_t count;
    const struct str *columns = expression_columns(e, &count);
    struct cell cells[8] = {0};
    assert_in_range(count, 0, 8);
    for (uint32_t i = 0; i < count; i++)
        for (const char *const *item = row; *item != NULL; item++)
            if (str_starts(str_from(*item), columns[i]) && (*item)[columns[i].len] == '=') {
                const char *value = *item + columns[i].len + 1;
                cells[i] = (struct cell){value, (uint32_t)strlen(value), CELL_TEXT};
                if (strcmp(value, "-") == 0)
                    cells[i].kind = CELL_NULL;
            }
    bool result = expression_test(e, cells);
    arena_finish(&arena);
    return result;
}

static void expressions_mean_what_they_say(void **unused)
{
    (void)unused;
    static const char *const row[] = {"a=5", "b=7.0", "c=DE", "n=-", "t=abc", "q=it's", "x y=1", "z=nan", NULL};
    static const struct {
        const char *text;
        bool holds;
    } table[] = {
        {"a < 7", true}, {"a < 5", false}, {"a <= 5", true}, {"a > 5", false}, {"a >= 5", true}, {"a = 5.0", true},
        {"a == 5e0", true}, {"a != 5", false}, {"a <> 4", true}, {"7 > a", true}, {"a < b", true}, {"b = 7", true},
        {"a = '5'", true}, {"a = '5.0'", false}, {"c = \"DE\"", true}, {"c = 'de'", false}, {"c < 'DF'", true},
        {"c in ('FR', 'DE')", true}, {"c not in ('FR', 'DE')", false}, {"a in (1, 2, 5)", true}, {"a IN (1)", false},
        {"n is null", true}, {"n is not null", false}, {"a is null", false}, {"n = 1", false}, {"n != 1", false},
        {"not (n < 3)", true}, {"not n = 1", true}, {"n in (1)", false}, {"n not in (1)", false},
        {"t < 3", false}, {"t > 3", false}, {"t != 3", true}, {"t = 3", false}, {"z = z", false}, {"z != 1", true},
        {"z < 1", false}, {"q = 'it''s'", true}, {"`x y` = 1", true}, {"a = 5 and c = 'DE'", true},
        {"a = 4 or c = 'DE'", true}, {"a = 4 or a = 3 and c = 'DE'", false}, {"(a = 4 or a = 5) and c = 'DE'", true},
        {"not a = 4 and b = 7", true}, {"not not a = 5", true}, {"a>-1", true}, {"a>+.5", true}, {"-1 < a", true},
        {"a = 5 AND NOT (t IS NULL OR c = 'FR')", true}, {"\ta\n=\r5 ", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (holds(table[i].text, row) != table[i].holds)
            fail_msg("%s", table[i].text);
}

static void faults_have_a_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        uint32_t column;
        const char *message;
    } table[] = {
        {"", 1, "the expression ends where a column, a number or a string should come"},
        {"a", 2, "the expression ends where a comparison, `in` or `is` should come"},
        {"a <", 4, "the expression ends where a column, a number or a string should come"},
        {"a < 1 b", 7, "`and`, `or` or the end should come where `b` stands (byte 7)"},
        {"(a < 1", 7, "the expression ends where `and`, `or` or `)` should come"},
        {"a in 1", 6, "`(` should come where `1` stands (byte 6)"},
        {"a in (1", 8, "the expression ends where `,` or `)` should come"},
        {"a in ()", 7, "a column, a number or a string should come where `)` stands (byte 7)"},
        {"a is 1", 6, "`null` should come where `1` stands (byte 6)"},
        {"a not 1", 7, "`in` should come where `1` stands (byte 7)"},
        {"a = 'x", 5, "the quote ' is not closed"},
        {"a = 1x", 5, "a number should come where `1x` stands (byte 5)"},
        {"and = 1", 1, "a column, a number or a string should come where `and` stands (byte 1)"},
        {"a = 1 && b = 2", 7, "`and`, `or` or the end should come where `&` stands (byte 7)"},
        {"a = 1;", 6, "`and`, `or` or the end should come where `;` stands (byte 6)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct arena arena;
        struct expression *e;
        struct error err = {0};
        arena_init(&arena);
        assert_int_equal(expression_parse(&arena, str_from(table[i].text), &e, &err), STATUS_MANIFEST);
        assert_string_equal(err.message, table[i].message);
        assert_int_equal(err.column, table[i].column);
        arena_finish(&arena);
    }
}

static void put_many(struct buf *out, const char *text, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_str(out, str_from(text));
}

static void depth_and_length_are_bounded(void **unused)
{
    (void)unused;
    struct arena arena;
    struct expression *e;
    struct error err;
    struct buf text = {0};
    arena_init(&arena);
    put_many(&text, "(", 101);
    assert_int_equal(expression_parse(&arena, buf_view(&text), &e, &err), STATUS_MANIFEST);
    assert_string_equal(err.message, "the expression is nested more than 100 levels deep");
    buf_clear(&text);
    put_many(&text, "not ", 1000);
    assert_int_equal(expression_parse(&arena, buf_view(&text), &e, &err), STATUS_MANIFEST);
    buf_clear(&text); /* a chain is not deep */
    put_many(&text, "a=1 or ", 9000);
    buf_str(&text, STR("a=2"));
    assert_int_equal(expression_parse(&arena, buf_view(&text), &e, &err), STATUS_OK);
    struct cell two = {"2", 1, CELL_TEXT}, three = {"3", 1, CELL_TEXT};
    assert_true(expression_test(e, &two));
    assert_false(expression_test(e, &three));
    put_many(&text, "a=1 or ", 1000);
    assert_int_equal(expression_parse(&arena, buf_view(&text), &e, &err), STATUS_MANIFEST);
    buf_finish(&text);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_mean_what_they_say),
        cmocka_unit_test(faults_have_a_place),
        cmocka_unit_test(depth_and_length_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
