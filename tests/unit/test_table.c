/* What is read of a table does not depend on where its blocks end, nor on how many batches are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../fuzz/table_fuzz.h"
#include "check/table.h"
#include "table_file.h"

static struct table_seen seen_with(enum table_format format, uint32_t block_bytes, uint64_t line_bytes_max)
{
    struct table_seen seen = {0};
    struct table_options options = {.format = format, .block_bytes = block_bytes, .line_bytes_max = line_bytes_max};
    read_table(path, options, 1 + block_bytes % KEPT_MAX, &seen);
    return seen;
}

/* In blocks of every size, so that a block ends at every byte. */
static void expect_same(enum table_format format, const char *text, size_t len, uint64_t rows, uint64_t faults,
                        uint64_t line_bytes_max)
{
    put_file(text, len);
    struct table_seen whole = seen_with(format, 0, line_bytes_max);
    assert_int_equal(whole.rows, rows);
    assert_int_equal(whole.faults, faults);
    for (uint32_t bytes = 2; bytes < len + 3; bytes++) {
        struct table_seen seen = seen_with(format, bytes, line_bytes_max);
        assert_int_equal(seen.rows, rows);
        assert_int_equal(seen.faults, faults);
        assert_int_equal(seen.last_fault, whole.last_fault);
        assert_int_equal(seen.cells.len, whole.cells.len);
        assert_memory_equal(seen.cells.ptr, whole.cells.ptr, whole.cells.len);
        buf_finish(&seen.cells);
    }
    buf_finish(&whole.cells);
}

static void csv_does_not_depend_on_blocks(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfname,\"a \"\"b\"\"\",c\r\n1,\"two\r\nlines\",3\r\n\r\n"
                               "ragged,2\r\n\"\",\"x\"\"y\",\xc3\xa9\xe2\x82\xac\r\n1,2,3,4\n\xff,2,3\n5,\0,6\n"
                               "7,\"8\"9,10\n11,12,13\r\n,,\n14,\"15\n,16\",17\n18,19,20";
    expect_same(TABLE_CSV, text, sizeof text - 1, 6, 5, 0);
}

static void an_open_quote_does_not_depend_on_blocks(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,2\n\"3,4\n5,6\n7,8\n";
    expect_same(TABLE_CSV, text, sizeof text - 1, 3, 1, 0);
}

static void json_does_not_depend_on_blocks(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf{\"a\": 1, \"b\": {\"c\": \"\\u00e9\\n\"}}\r\n\n[1]\n"
                               "{\"a\": [1, {\"x\": 2}]}\n"
                               "{\"a\": tru}\n{\"b\": {\"c\": null}, \"a\": false}\n{\"a\": -1.5e-3";
    expect_same(TABLE_JSONL, text, sizeof text - 1, 3, 3, 0);
}

/* A line of as many bytes as are allowed is read, one of a byte more is not, wherever the block ends. */
static void the_longest_line_does_not_depend_on_blocks(void **state)
{
    (void)state;
    static const char text[] = "a,b\n12345,789\n12345,7890\n1,2\n";
    expect_same(TABLE_CSV, text, sizeof text - 1, 2, 1, 9);
    static const char json[] = "{\"a\": 1}\n{\"a\": 12}\n{\"a\":123}\n";
    expect_same(TABLE_JSONL, json, sizeof json - 1, 1, 2, 8);
}

static void long_lines_of_json_do_not_depend_on_blocks(void **state)
{
    (void)state;
    static const char first[] = "{\"a\": 1, \"b\": 2}\n{\"a\": 1}\n";
    static const char blank[] = "{\"a\": 1}\n               \n{\"a\": 2}\n";
    expect_same(TABLE_JSONL, first, sizeof first - 1, 1, 1, 12);
    expect_same(TABLE_JSONL, blank, sizeof blank - 1, 2, 1, 12);
}

/* Quotes, line ends and too long lines in any order. */
static void hardly_any_table_depends_on_blocks(void **state)
{
    enum { TABLES = 800, LEN_MAX = 60 };
    static const char alphabet[] = "aaab,,,\"\"\"\n\n\r\0\xc3\xa9";
    uint64_t random = 3;
    (void)state;
    for (int i = 0; i < TABLES; i++) {
        char text[LEN_MAX];
        size_t len = 0;
        for (; len < sizeof text; len++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            text[len] = alphabet[(random >> 33) % (sizeof alphabet - 1)];
        }
        put_file(text, len);
        for (uint64_t limit = 3; limit < 30; limit += 4) {
            struct table_seen whole = seen_with(TABLE_CSV, 0, limit);
            for (uint32_t bytes = 2; bytes < len + 3; bytes += 3) {
                struct table_seen seen = seen_with(TABLE_CSV, bytes, limit);
                assert_true(same_seen(&seen, &whole));
                buf_finish(&seen.cells);
            }
            buf_finish(&whole.cells);
        }
    }
}

/* The first cell of each row in quotes keeps a row from the fast way; what is read is the same. */
static void plain_rows_are_read_as_others(void **state)
{
    enum { ROWS = 2500 };
    static const char *const cells[] = {"x", "", "12", "-0.5", "a longer cell than most of them are", "\xc3\xa9", "NA"};
    struct buf plain = {0}, quoted = {0};
    uint64_t random = 11;
    (void)state;
    buf_str(&plain, STR("a,b,c\n"));
    buf_str(&quoted, STR("a,b,c\n"));
    for (int i = 0; i < ROWS; i++) {
        const char *some[2];
        for (int k = 0; k < 2; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            some[k] = cells[(random >> 33) % (sizeof cells / sizeof *cells)];
        }
        const char *end = random >> 60 == 0 ? "\r\n" : random >> 60 == 1 ? ",more\n" : "\n";
        buf_print(&plain, "%d,%s,%s%s", i, some[0], some[1], end);
        buf_print(&quoted, "\"%d\",%s,%s%s", i, some[0], some[1], end);
    }
    put_file(plain.ptr, plain.len);
    struct table_seen first = seen_with(TABLE_CSV, 0, 0);
    put_file(quoted.ptr, quoted.len);
    struct table_seen second = seen_with(TABLE_CSV, 0, 0);
    assert_true(first.faults > 50 && first.rows + first.faults == ROWS);
    assert_true(same_seen(&first, &second));
    buf_finish(&first.cells);
    buf_finish(&second.cells);
    buf_finish(&plain);
    buf_finish(&quoted);
}

/* Rows that are plain and rows that are not fill the same cells, while the block grows. */
static void columns_of_one_name_are_read_alike(void **state)
{
    enum { LONG_BYTES = 3000000 };
    struct buf text = {0};
    (void)state;
    buf_str(&text, STR("a,a\n"));
    for (int i = 0; i < 1100; i++)
        buf_print(&text, "%d,%d\n", i, 7 * i);
    buf_str(&text, STR("1,"));
    for (int i = 0; i < LONG_BYTES; i++)
        buf_char(&text, 'z');
    buf_char(&text, '\n');
    for (int i = 0; i < 400; i++)
        buf_print(&text, "\"x%d\",y\n", i);
    put_file(text.ptr, text.len);
    struct table_seen seen = seen_with(TABLE_CSV, 0, 0), small = seen_with(TABLE_CSV, 1000, 0);
    assert_int_equal(seen.rows, 1501);
    assert_true(same_seen(&seen, &small));
    buf_finish(&small.cells);
    buf_finish(&seen.cells);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_does_not_depend_on_blocks),
        cmocka_unit_test(an_open_quote_does_not_depend_on_blocks),
        cmocka_unit_test(json_does_not_depend_on_blocks),
        cmocka_unit_test(the_longest_line_does_not_depend_on_blocks),
        cmocka_unit_test(long_lines_of_json_do_not_depend_on_blocks),
        cmocka_unit_test(hardly_any_table_depends_on_blocks),
        cmocka_unit_test(plain_rows_are_read_as_others),
        cmocka_unit_test(columns_of_one_name_are_read_alike),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
