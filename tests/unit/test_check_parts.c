/* What checks of data are made of: numbers, exact sums, sketches, values on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/exact_sum.h"
#include "check/sketch.h"
#include "check/spill.h"
#include "check/table.h"
#include "check/value_kind.h"
#include "check/value_set.h"
#include "refit/base/digest.h"

static struct cell cell_of(const char *text)
{
    return (struct cell){text, (uint32_t)strlen(text), CELL_TEXT};
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 11;
}

static void numbers_are_those_of_strtod(void **unused)
{
    static const char *const texts[] = {"0", "-0", "1", "+1", ".5", "5.", "1e3", "1E-3", "0.1", "123456.789", "1e22",
        "9007199254740993", "9007199254740992", "1e23", "2.2250738585072014e-308", "4.9e-324", "1e400", "-1e-400",
        "00012.50", "0.000000000000000000000000000001", "123456789012345678901234567890", "1.7976931348623157e308",
        "8.5e-23", "5e-324", "179769313486231570000e289"};
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cell cell = cell_of(texts[i]);
        double got, wanted = strtod(texts[i], NULL);
        assert_true(cell_number(&cell, &got));
        assert_memory_equal(&got, &wanted, sizeof got);
    }
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s%llu.%llue%d", i % 2 ? "-" : "", (unsigned long long)(next(&state) >> i % 50),
                 (unsigned long long)(next(&state) >> i % 53), (int)(next(&state) % 60) - 30);
        struct cell cell = cell_of(text);
        double got, wanted = strtod(text, NULL);
        assert_true(cell_number(&cell, &got));
        assert_memory_equal(&got, &wanted, sizeof got);
    }
}

/* A fraction and an exponent that all but cancel, however long both are. */
static void long_numbers_are_those_of_strtod(void **unused)
{
    enum { ZEROS = 99983 };
    static const char *const ends[] = {"1e1000000", "1e99984", "1e100006", "123e-5", "1e99999999999999999999"};
    (void)unused;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *text = malloc(ZEROS + 64);
        assert_non_null(text);
        text[0] = '0';
        text[1] = '.';
        memset(text + 2, '0', ZEROS);
        strcpy(text + 2 + ZEROS, ends[i]);
        struct cell cell = cell_of(text);
        double got, wanted = strtod(text, NULL);
        assert_true(cell_number(&cell, &got));
        assert_memory_equal(&got, &wanted, sizeof got);
        free(text);
    }
}

static void what_is_no_number_is_refused(void **unused)
{
    static const char *const texts[] = {"", "-", ".", "+.", "e5", "1e", "1e+", "0x10", "1 ", " 1", "1,5", "1.2.3",
                                        "nano", "infinit", "--1"};
    double got;
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cell cell = cell_of(texts[i]);
        assert_false(cell_number(&cell, &got));
    }
    struct cell cell = cell_of("NaN");
    assert_true(cell_number(&cell, &got) && isnan(got));
    cell = cell_of("-Infinity");
    assert_true(cell_number(&cell, &got) && isinf(got) && got < 0);
}

/* Of any length, and whatever stands behind a cell. */
static void sets_have_what_was_added(void **unused)
{
    enum { TEXTS = 60, WIDTH = 64, LEN_MAX = 20, ASKED = 4000 };
    char *bytes = mem_alloc(ASKED * WIDTH);
    struct cell *cells = mem_alloc(ASKED * sizeof *cells);
    bool *in = mem_alloc(ASKED * sizeof *in);
    struct arena arena;
    uint64_t state = 21, found = 0;
    (void)unused;
    arena_init(&arena);
    for (uint32_t i = 0; i < ASKED; i++) {
        for (uint32_t k = 0; k < WIDTH; k++)
            bytes[i * WIDTH + k] = (char)("ab\0"[next(&state) % 3]);
        uint32_t len = (uint32_t)(next(&state) % 3 == 0 ? next(&state) % LEN_MAX : next(&state) % 4);
        cells[i] = (struct cell){bytes + i * WIDTH, len, CELL_TEXT};
    }
    struct value_set *set = value_set_create(&arena, TEXTS);
    for (uint32_t i = 0; i < TEXTS; i++)
        value_set_add(set, (struct str){cells[i].ptr, cells[i].len});
    value_set_test(set, cells, ASKED, in);
    for (uint32_t i = 0; i < ASKED; i++) {
        bool wanted = false;
        for (uint32_t k = 0; k < TEXTS && !wanted; k++)
            wanted = cells[i].len == cells[k].len && memcmp(cells[i].ptr, cells[k].ptr, cells[k].len) == 0;
        assert_int_equal(in[i], wanted);
        found += wanted;
    }
    assert_true(found > ASKED / 4 && found < ASKED - ASKED / 4);
    arena_finish(&arena);
    free(in);
    free(cells);
    free(bytes);
}

/* Short texts of what numbers are made of: what is read at once is what is read one by one. */
static void columns_of_numbers_are_read_alike(void **unused)
{
    enum { COUNT = 200000, WIDTH = 40, LEN_MAX = 20 };
    static const char alphabet[] = "0123456789012345678901234567890123456789..-+eE n";
    char *bytes = mem_alloc((size_t)COUNT * WIDTH);
    struct cell *cells = mem_alloc(COUNT * sizeof *cells);
    double *values = mem_alloc(COUNT * sizeof *values), value;
    bool *good = mem_alloc(COUNT * sizeof *good);
    uint64_t state = 5, numbers = 0;
    (void)unused;
    for (uint32_t i = 0; i < COUNT; i++) {
        char *text = bytes + (size_t)i * WIDTH;
        uint32_t len = (uint32_t)(next(&state) % (LEN_MAX + 1));
        for (uint32_t k = 0; k < WIDTH; k++) /* what stands behind a cell is not part of it */
            text[k] = alphabet[next(&state) % (i % 2 ? sizeof alphabet - 1 : 42)];
        uint8_t kind = i % 7 == 0 ? CELL_NUMBER : i % 11 == 0 ? CELL_NESTED : CELL_TEXT;
        cells[i] = (struct cell){text, len, kind};
    }
    cells_read_numbers(cells, COUNT, values, good);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(good[i], cell_number(&cells[i], &value));
        assert_true(!good[i] || memcmp(&values[i], &value, sizeof value) == 0 || isnan(value));
        numbers += good[i];
    }
    assert_true(numbers > COUNT / 4);
    free(good);
    free(values);
    free(cells);
    free(bytes);
}

/* Of any magnitude, and many of one: all but 1 and 2^-1074 is taken away again, from the end. */
static void sums_of_anything_are_exact(void **unused)
{
    enum { COUNT = 300000 };
    double *values = mem_alloc(COUNT * sizeof *values);
    struct exact_sum sum = {0};
    uint64_t state = 9;
    (void)unused;
    for (int i = 0; i < COUNT; i++) {
        uint64_t bits = next(&state) << 11 | next(&state) >> 40;
        memcpy(&values[i], &bits, sizeof bits);
        values[i] = i % 3 == 0 ? DBL_MAX : i % 5 == 0 ? -0.75 : isfinite(values[i]) ? values[i] : 0x1p-1074;
        exact_add(&sum, values[i]);
    }
    exact_add(&sum, 1);
    exact_add(&sum, 0x1p-1074);
    for (int i = COUNT; i-- > 0;)
        exact_add(&sum, -values[i]);
    struct exact_pair pair = exact_get(&sum);
    assert_true(pair.high == 1 && pair.low == 0x1p-1074);
    free(values);
}

static void sums_are_exact_in_any_order(void **unused)
{
    static const double hard[] = {1e308, 1, 1e-300, -1e308, DBL_MIN / 4, -1, 1e16, 1, -1e16};
    struct exact_sum up = {0}, down = {0};
    (void)unused;
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        exact_add(&up, hard[i]);
        exact_add(&down, hard[sizeof hard / sizeof *hard - 1 - i]);
    }
    assert_true(exact_get(&up).high == 1 && exact_get(&down).high == 1);
    assert_true(exact_get(&up).low == 1e-300 + DBL_MIN / 4);
    struct exact_sum tenth = {0};
    for (int i = 0; i < 10; i++)
        exact_add(&tenth, 0.1);
    assert_true(exact_get(&tenth).high == 1.0); /* as Python's math.fsum */
    struct exact_sum half = {0};
    exact_add(&half, 0x1p53);
    exact_add(&half, 1);
    assert_true(exact_get(&half).high == 0x1p53); /* a tie goes to even */
    exact_add(&half, 0x1p-1074);
    assert_true(exact_get(&half).high == 0x1p53 + 2);
}

static void sums_of_two_are_those_of_the_processor(void **unused)
{
    uint64_t state = 3;
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        double a = ldexp((double)(int64_t)(next(&state) - ((uint64_t)1 << 52)), (int)(next(&state) % 200) - 150);
        double b = ldexp((double)(int64_t)(next(&state) - ((uint64_t)1 << 52)), (int)(next(&state) % 200) - 150);
        struct exact_sum sum = {0};
        exact_add(&sum, a);
        exact_add(&sum, b);
        assert_true(exact_get(&sum).high == a + b);
    }
}

static void deviation_survives_a_large_mean(void **unused)
{
    struct exact_sum sum = {0}, squares = {0};
    (void)unused;
    for (int i = 0; i < 3; i++) {
        exact_add(&sum, 1e9 + i);
        exact_add_square(&squares, 1e9 + i);
    }
    assert_true(exact_deviation(exact_get(&sum), exact_get(&squares), 3) == 1.0);
    assert_true(isnan(exact_deviation(exact_get(&sum), exact_get(&squares), 1)));
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void quantiles_keep_their_bound(void **unused)
{
    enum { COUNT = 50000 };
    static const double shares[] = {0, 0.01, 0.25, 0.5, 0.9, 0.999, 1};
    double *values = test_malloc(COUNT * sizeof *values);
    struct quantile_sketch sketch = {0};
    uint64_t state = 5;
    (void)unused;
    for (int i = 0; i < COUNT; i++) {
        values[i] = ((double)next(&state) * 0x1p-53 - 0.3) * pow(10, (double)(next(&state) % 7));
        quantile_add(&sketch, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare_doubles);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        size_t rank = (size_t)ceil(shares[i] * COUNT);
        double exact = values[rank ? rank - 1 : 0], got = quantile_get(&sketch, shares[i]);
        assert_true(fabs(got) <= fabs(exact) && fabs(got) >= fabs(exact) * (1 - 1.0 / 4096));
    }
    quantile_finish(&sketch);
    test_free(values);
}

static void quantiles_of_small_integers_are_exact(void **unused)
{
    struct quantile_sketch sketch = {0};
    (void)unused;
    for (int i = -8191; i <= 8191; i++)
        quantile_add(&sketch, i);
    assert_true(quantile_get(&sketch, 0) == -8191 && quantile_get(&sketch, 1) == 8191);
    assert_true(quantile_get(&sketch, 0.5) == 0);
    quantile_finish(&sketch);
}

static void distinct_counts_keep_their_bound(void **unused)
{
    static const uint64_t counts[] = {0, 1, 100, 4096, 5000, 100000, 1000000};
    (void)unused;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct distinct_sketch *sketch = mem_alloc(sizeof *sketch);
        bool exact;
        for (uint64_t k = 0; k < 2 * counts[i]; k++) {
            uint64_t value = k / 2;
            distinct_add(sketch, hash64(&value, sizeof value));
        }
        double got = (double)distinct_get(sketch, &exact), wanted = (double)counts[i];
        assert_true(exact == (counts[i] <= 4096));
        assert_true(exact ? got == wanted : fabs(got - wanted) <= 4 * 0.0081 * wanted);
        distinct_finish(sketch);
        free(sketch);
    }
}

struct seen {
    uint64_t count, lines, alike, others, out_of_order, last[10001];
};

static void see(void *ctx, const struct spill_item *item)
{
    struct seen *seen = ctx;
    char text[32] = "";
    memcpy(text, item->bytes.ptr, item->bytes.len < sizeof text ? item->bytes.len : sizeof text - 1);
    uint64_t value = strtoull(text + strlen("value "), NULL, 10);
    seen->count++;
    seen->lines += item->line;
    seen->alike += item->count > 1;
    seen->others += item->other;
    seen->out_of_order += item->count == 1 ? item->line != item->first_line : item->line <= seen->last[value];
    seen->last[value] = item->line;
}

/* The same values in memory, in a file, and in partitions of partitions; beside them one that is large. */
static void values_on_disk_are_joined_as_in_memory(void **unused)
{
    enum { COUNT = 30000, LARGE = 100000 };
    static const size_t rooms[] = {64 << 20, 1 << 20, 64 << 10, 2 << 10};
    char *large = mem_alloc(LARGE + 1);
    (void)unused;
    memset(large, ' ', LARGE);
    memcpy(large, "value 10000", strlen("value 10000"));
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct spill *spill = spill_create(rooms[i]);
        struct seen *seen = mem_alloc(sizeof *seen);
        struct error err = {0};
        char text[32];
        for (uint64_t k = 0; k < COUNT; k++) {
            uint64_t value = k * 7919 % (COUNT / 3);
            snprintf(text, sizeof text, "value %" PRIu64, value);
            enum spill_side side = k < COUNT / 3 && value % 2 == 0 ? SPILL_OTHER : SPILL_OWN;
            assert_int_equal(spill_add(spill, str_from(text), side, k + 1, &err), STATUS_OK);
        }
        assert_int_equal(spill_add(spill, (struct str){large, LARGE}, SPILL_OWN, COUNT + 1, &err), STATUS_OK);
        assert_int_equal(spill_each(spill, see, seen, &err), STATUS_OK);
        assert_int_equal(seen->count, COUNT - COUNT / 6 + 1);
        assert_int_equal(seen->alike, COUNT / 2); /* half of the values three times, half of them twice */
        assert_int_equal(seen->others, COUNT / 3);
        assert_int_equal(seen->out_of_order, 0);
        free(seen);
        spill_destroy(spill);
    }
    free(large);
}

/* All in one partition, however deep. */
static void values_that_are_all_alike_are_counted(void **unused)
{
    enum { COUNT = 20000 };
    struct spill *spill = spill_create(4 << 10);
    struct seen *seen = mem_alloc(sizeof *seen);
    struct error err = {0};
    (void)unused;
    for (uint64_t k = 0; k < COUNT; k++)
        assert_int_equal(spill_add(spill, STR("value 7"), SPILL_OWN, 2 * k + 1, &err), STATUS_OK);
    assert_int_equal(spill_each(spill, see, seen, &err), STATUS_OK);
    assert_int_equal(seen->alike, COUNT - 1);
    assert_int_equal(seen->out_of_order, 0);
    free(seen);
    spill_destroy(spill);
}

static void times_are_read(void **unused)
{
    static const struct {
        const char *text;
        bool good, clock;
        int64_t at_s;
    } cases[] = {{"1970-01-01", true, false, 0},
                 {"2000-02-29", true, false, 951782400},
                 {"1900-02-29", false, false, 0},
                 {"2026-11-26T09:30:00Z", true, true, 1795685400},
                 {"2026-11-26 09:30:00.25+01:00", true, true, 1795681800},
                 {"2026-11-26T09:30", true, true, 1795685400},
                 {"2026-13-01", false, false, 0},
                 {"2026-11-26T24:00", false, false, 0},
                 {"2026-11-26x", false, false, 0}};
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cell cell = cell_of(cases[i].text);
        bool clock = false;
        int64_t at_s = 0;
        assert_true(cell_time(&cell, &clock, &at_s) == cases[i].good);
        if (cases[i].good)
            assert_true(clock == cases[i].clock && at_s == cases[i].at_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_strtod),
        cmocka_unit_test(long_numbers_are_those_of_strtod),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(sets_have_what_was_added),
        cmocka_unit_test(columns_of_numbers_are_read_alike),
        cmocka_unit_test(sums_of_anything_are_exact),
        cmocka_unit_test(sums_are_exact_in_any_order),
        cmocka_unit_test(sums_of_two_are_those_of_the_processor),
        cmocka_unit_test(deviation_survives_a_large_mean),
        cmocka_unit_test(quantiles_keep_their_bound),
        cmocka_unit_test(quantiles_of_small_integers_are_exact),
        cmocka_unit_test(distinct_counts_keep_their_bound),
        cmocka_unit_test(values_on_disk_are_joined_as_in_memory),
        cmocka_unit_test(values_that_are_all_alike_are_counted),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
