/* A verdict of data does not depend on how many threads look at the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <string.h>

#include "in_arena.h"
#include "refit/base/json.h"
#include "refit/check.h"
#include "table_file.h"

static struct str verdict_of(const char *rules, struct data_verdict *verdict)
{
    struct error err;
    struct value *definition;
    struct str text = str_format(&arena, "{\"data\": \"%s\", \"show_rows\": true, %s}", path, rules);
    struct buf printed = {0};
    assert_int_equal(json_parse(&arena, text, "the definition", &definition, &err), STATUS_OK);
    enum status status = data_check(&arena, STR("data"), definition, "the definition", NULL, verdict, &err);
    if (status != STATUS_OK)
        fail_msg("%s", err.message);
    data_verdict_print(verdict, &printed);
    struct str result = str_dup(&arena, buf_view(&printed));
    buf_finish(&printed);
    return result;
}

/* On all processors, which the caller's verdict is of, and on one. */
static void expect_alike(const char *rules, struct data_verdict *verdict)
{
    cpu_set_t all, one;
    struct data_verdict alone;
    struct str on_all = verdict_of(rules, verdict);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct str on_one = verdict_of(rules, &alone);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_string_equal(on_all.ptr, on_one.ptr);
    data_verdict_finish(&alone);
}

static uint64_t failing(const struct data_verdict *verdict, const char *rule)
{
    for (uint32_t i = 0; i < verdict->result_count; i++)
        if (strcmp(verdict->results[i].rule, rule) == 0)
            return verdict->results[i].failing;
    fail_msg("no result of %s", rule);
    return 0;
}

enum { ROWS = 60000 };

static void threads_change_nothing(void **state)
{
    enum { LONG_BYTES = 3000000 };
    struct buf text = {0};
    struct data_verdict verdict;
    (void)state;
    buf_str(&text, STR("id,at,x,word\n"));
    for (int i = 0; i < ROWS; i++) {
        int at = i % 20000 == 19999 ? 0 : i;
        buf_print(&text, "%d,%d,%d.5,%s\n", i % (ROWS - 10), at, i % 1000, i % 3 ? "ab" : "abc");
        if (i % 10000 == 5000)
            buf_str(&text, STR("too,few\n"));
        if (i == 30000) { /* a block that takes much memory */
            buf_print(&text, "%d,%d,0,", ROWS, i);
            for (int k = 0; k < LONG_BYTES; k++)
                buf_char(&text, 'z');
            buf_char(&text, '\n');
        }
    }
    put_file(text.ptr, text.len);
    expect_alike("\"columns\": {\"id\": {\"unique\": true, \"between\": [0, 59000], \"sum\": {\"max\": 0}},"
                 " \"at\": {\"increasing\": true},"
                 " \"x\": {\"mean\": {\"max\": 0}, \"quantile\": {\"q\": 0.9, \"max\": 0}},"
                 " \"word\": {\"in_set\": [\"ab\"], \"length\": {\"max\": 2, \"where\": \"x < 10\"}}},"
                 " \"a_less_than_b\": {\"a\": \"id\", \"b\": \"at\", \"or_equal\": true},"
                 " \"unique_rows\": [\"id\", \"word\"]",
                 &verdict);
    assert_int_equal(verdict.results[0].failing, 6); /* rows that cannot be read */
    assert_int_equal(failing(&verdict, "unique"), 20);
    assert_int_equal(failing(&verdict, "between"), ROWS - 10 - 59001 + 1);
    assert_int_equal(failing(&verdict, "increasing"), 3);
    assert_int_equal(failing(&verdict, "in_set"), ROWS / 3 + 1);
    assert_int_equal(failing(&verdict, "length"), 1 + 10 * (ROWS / 1000) / 3);
    data_verdict_finish(&verdict);
    buf_finish(&text);
}

/* So many columns that no two batches of them may be in memory. */
static void wide_tables_are_read_alike(void **state)
{
    enum { COLUMNS = 600, WIDE_ROWS = 3000 };
    struct buf text = {0};
    struct data_verdict verdict;
    (void)state;
    for (int i = 0; i < COLUMNS; i++)
        buf_print(&text, "%sc%d", i > 0 ? "," : "", i);
    buf_char(&text, '\n');
    for (int row = 0; row < WIDE_ROWS; row++)
        for (int i = 0; i < COLUMNS; i++)
            buf_print(&text, "%d%s", (row + i) % 10, i + 1 < COLUMNS ? "," : "\n");
    put_file(text.ptr, text.len);
    expect_alike("\"columns\": {\"c*\": {\"between\": [0, 8]}}", &verdict);
    assert_int_equal(verdict.result_count, 1 + COLUMNS);
    for (uint32_t i = 1; i < verdict.result_count; i++)
        assert_int_equal(verdict.results[i].failing, WIDE_ROWS / 10);
    data_verdict_finish(&verdict);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threads_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wide_tables_are_read_alike, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
