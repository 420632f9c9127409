/* YAML into values, strings back into YAML, and units. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "refit/manifest.h"
#include "in_arena.h"

static struct value *parse(struct str text)
{
    struct value *value = NULL;
    struct error err = {0};
    if (yaml_parse(&arena, text, STR("t.yaml"), &value, &err) != STATUS_OK)
        fail_msg("%.*s: %u:%u %s", STR_ARG(text), err.line, err.column, err.message);
    return value;
}

static void refuses(struct str text, uint32_t line, uint32_t column, const char *part)
{
    struct value *value = NULL;
    struct error err = {0};
    assert_int_equal(yaml_parse(&arena, text, STR("t.yaml"), &value, &err), STATUS_MANIFEST);
    if (strstr(err.message, part) == NULL || err.line != line || err.column != column)
        fail_msg("got %u:%u %s, not %u:%u %s", err.line, err.column, err.message, line, column, part);
    assert_string_equal(err.file, "t.yaml");
    assert_null(strchr(err.message, '\n'));
}

static void values_as_lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a: [1, 0.5, x y, null, true]\n", "a: [1, 0.5, \"x y\", null, true]\n"},
        {"{a: {b: {}, c: []}, d: {e: {f: 1}}}", "a:\n  b: {}\n  c: []\nd:\n  e:\n    f: 1\n"},
        {"[[1, 2], {a: 1}, [[3], 4]]", "- [1, 2]\n-\n  a: 1\n-\n  - [3]\n  - 4\n"},
        {"cmd:\n  - |\n    set -e\n\n      x\n  - z\n", "cmd:\n  - |\n    set -e\n\n      x\n  - z\n"},
        {"a: \"x\\ny\"", "a: |-\n  x\n  y\n"},
        {"a: \" x\\ny\"", "a: \" x\\ny\"\n"},
        {"a: \"x \\ny\"", "a: \"x \\ny\"\n"},
        {"a: \"x\\ty\\n\"", "a: \"x\\ty\\n\"\n"},
        {"a: \"\\nx\"", "a: \"\\nx\"\n"},
        {"\"a b\": 1", "\"a b\": 1\n"},
        {"x", "x\n"},
        {"[]", "[]\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        struct value *value = parse(str_from(cases[i][0]));
        yaml_append_value(&out, value, 0);
        assert_string_equal(out.ptr, cases[i][1]);
        assert_true(value_equal(parse(buf_view(&out)), value));
        buf_clear(&out);
        yaml_append_value(&out, value, 4);
        assert_true(value_equal(parse(buf_view(&out)), value));
        buf_finish(&out);
    }
}

static void types_of_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum value_type type;
    } cases[] = {
        {"", VALUE_NULL}, {"~", VALUE_NULL}, {"null", VALUE_NULL}, {"Null", VALUE_NULL}, {"NULL", VALUE_NULL},
        {"nULL", VALUE_STRING}, {"''", VALUE_STRING}, {"'null'", VALUE_STRING}, {"\"1\"", VALUE_STRING},
        {"true", VALUE_BOOL}, {"True", VALUE_BOOL}, {"TRUE", VALUE_BOOL}, {"false", VALUE_BOOL}, {"FALSE", VALUE_BOOL},
        {"yes", VALUE_STRING}, {"no", VALUE_STRING}, {"on", VALUE_STRING}, {"off", VALUE_STRING}, {"y", VALUE_STRING},
        {"0", VALUE_INT}, {"-17", VALUE_INT}, {"+5", VALUE_INT}, {"010", VALUE_INT}, {"1_000", VALUE_INT},
        {"0x1F", VALUE_INT}, {"0o17", VALUE_INT}, {"0x", VALUE_STRING}, {"0o8", VALUE_STRING}, {"-0x1", VALUE_STRING},
        {"0xg", VALUE_STRING}, {"1_", VALUE_STRING}, {"_1", VALUE_STRING}, {"1__0", VALUE_STRING}, {"-", VALUE_LIST},
        {"1.5", VALUE_FLOAT}, {"1.", VALUE_FLOAT}, {".5", VALUE_FLOAT}, {"-.5e-3", VALUE_FLOAT}, {"1e5", VALUE_FLOAT},
        {"1E+05", VALUE_FLOAT}, {"1_000.5", VALUE_FLOAT}, {".inf", VALUE_FLOAT}, {"-.INF", VALUE_FLOAT},
        {".nan", VALUE_FLOAT}, {".NaN", VALUE_FLOAT}, {"-.nan", VALUE_STRING}, {".", VALUE_STRING}, {"+", VALUE_STRING},
        {"1e", VALUE_STRING}, {"e5", VALUE_STRING}, {"1.2.3", VALUE_STRING}, {"2020-01-01", VALUE_STRING},
        {"12:30", VALUE_STRING}, {"9223372036854775807", VALUE_INT}, {"9223372036854775808", VALUE_FLOAT},
        {"-9223372036854775808", VALUE_INT}, {"0x7fffffffffffffff", VALUE_INT}, {"0x8000000000000000", VALUE_FLOAT},
        {"inf", VALUE_STRING}, {"nan", VALUE_STRING}, {"0x1p3", VALUE_STRING},
        {"!!str 12", VALUE_STRING}, {"!!str", VALUE_STRING}, {"!!int '12'", VALUE_INT}, {"!!float 1", VALUE_FLOAT},
        {"!!bool 'true'", VALUE_BOOL}, {"!!null ''", VALUE_NULL}, {"!!seq []", VALUE_LIST}, {"!!map {}", VALUE_MAP},
        {"|\n  12", VALUE_STRING}, {">-\n  true", VALUE_STRING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct value *value = parse(str_from(cases[i].text));
        if (value->type != cases[i].type)
            fail_msg("`%s` is %s", cases[i].text, value_type_name(value->type));
    }
    assert_int_equal(parse(STR("0x1F"))->integer, 31);
    assert_int_equal(parse(STR("0o17"))->integer, 15);
    assert_int_equal(parse(STR("010"))->integer, 10);
    assert_int_equal(parse(STR("-9223372036854775808"))->integer, INT64_MIN);
    assert_true(parse(STR("1_000.5"))->real == 1000.5);
    assert_true(parse(STR("-.inf"))->real == -INFINITY);
    assert_true(str_is(parse(STR("1_000"))->text, "1_000"));
}

static void keeps_order_and_places(void **state)
{
    (void)state;
    const struct value *root = parse(STR("b: 1\na:\n  - x\n  - {k: 'v'}\n"));
    assert_int_equal(root->type, VALUE_MAP);
    assert_int_equal(root->map.count, 2);
    assert_true(str_is(root->map.pairs[0].key, "b"));
    assert_int_equal(root->map.pairs[1].line, 2);
    const struct value *list = root->map.pairs[1].value;
    assert_int_equal(list->list.count, 2);
    const struct value *inner = list->list.items[1];
    assert_int_equal(inner->line, 4);
    assert_int_equal(inner->column, 5);
    assert_int_equal(inner->map.pairs[0].column, 6);
    assert_int_equal(inner->map.pairs[0].value->column, 9);
    assert_int_equal(parse(STR("# nothing\n"))->type, VALUE_NULL);
    assert_int_equal(parse(STR(""))->type, VALUE_NULL);
    assert_int_equal(parse(STR("\xef\xbb\xbf" "a: 1"))->type, VALUE_MAP); /* a byte order mark */
}

static void resolves_aliases_and_merges(void **state)
{
    (void)state;
    const struct value *root = parse(STR("base: &b {x: 1, y: 2}\n"
                                         "more: &m {y: 3, z: 4}\n"
                                         "one: {<<: *b, x: 9}\n"
                                         "two: {<<: [*b, *m], w: 0}\n"
                                         "inline: {<<: {q: 1}}\n"
                                         "quoted: {'<<': 1}\n"
                                         "key: &k name\n"
                                         "*k : value\n"
                                         "list: [&e 5, *e]\n"
                                         "again: &e 6\n"
                                         "last: *e\n"));
    struct buf out = {0};
    value_canonical(root, &out);
    assert_string_equal(out.ptr, "{\"again\":6,\"base\":{\"x\":1,\"y\":2},\"inline\":{\"q\":1},\"key\":\"name\","
                                 "\"last\":6,\"list\":[5,5],\"more\":{\"y\":3,\"z\":4},\"name\":\"value\","
                                 "\"one\":{\"x\":9,\"y\":2},"
                                 "\"quoted\":{\"<<\":1},\"two\":{\"w\":0,\"x\":1,\"y\":2,\"z\":4}}");
    buf_finish(&out);
    /* What is merged comes first, of several maps the last one. */
    const struct value *two = value_get(root, STR("two"));
    static const char *const order[] = {"y", "z", "x", "w"};
    for (size_t i = 0; i < 4; i++)
        assert_true(str_is(two->map.pairs[i].key, order[i]));
}

static void refuses_with_a_place(void **state)
{
    (void)state;
    refuses(STR("a: 1\nb: 2\na: 3\n"), 3, 1, "`a` is there twice, first in line 1");
    refuses(STR("{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10,\n c: 11}"), 2, 2, "`c` is there twice");
    refuses(STR("a: *x\n"), 1, 4, "no anchor `&x`");
    refuses(STR("a: &x [*x]\n"), 1, 8, "inside its own anchor");
    refuses(STR("{<<: [1]}"), 1, 7, "`<<` takes a map");
    refuses(STR("{<<: {}, <<: {}}"), 1, 10, "second `<<`");
    refuses(STR("a: 1\n---\nb: 2\n"), 2, 1, "second document");
    refuses(STR("a: !thing 1\n"), 1, 4, "unknown tag `!thing`");
    refuses(STR("!!set {a}"), 1, 1, "unknown tag `!!set`");
    refuses(STR("!!binary aGk="), 1, 1, "unknown tag `!!binary`");
    refuses(STR("!!int x"), 1, 1, "`x` is not an integer");
    refuses(STR("!!bool 1"), 1, 1, "`1` is not true or false");
    refuses(STR("? [a]\n: 1\n"), 1, 3, "a key must be a string");
    refuses(STR("{{a: 1}: 2}"), 1, 2, "a key must be a string");
    refuses(STR("a:\n\t- b\n"), 2, 1, "tab");
    refuses(STR("a: b: c\n"), 1, 5, "broken YAML");
    refuses(STR("a: [1,\n"), 2, 1, "broken YAML");
    refuses(STR("a: x\nb: \xff\n"), 2, 4, "UTF-8");
    refuses(STR("a: \x01\n"), 1, 4, "control");
    refuses(STR("!bytes \"\\u0100\""), 1, 1, "!bytes");
}

static void bounds_nesting_and_aliases(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 64; i++)
        buf_char(&text, '[');
    for (int i = 0; i < 64; i++)
        buf_char(&text, ']');
    parse(buf_view(&text));
    buf_clear(&text);
    for (int i = 0; i < 65; i++)
        buf_char(&text, '[');
    refuses(buf_view(&text), 1, 65, "more than 64 levels");

    /* Depth that only aliases make. */
    buf_clear(&text);
    buf_str(&text, STR("a0: &a0 [x]\n"));
    for (int i = 1; i < 64; i++)
        buf_print(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    refuses(buf_view(&text), 64, 12, "more than 64 levels");

    /* Ten times ten times ten... */
    buf_clear(&text);
    buf_str(&text, STR("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"));
    for (int i = 1; i < 9; i++) {
        buf_print(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            buf_print(&text, "*a%d,", i - 1);
        buf_str(&text, STR("]\n"));
    }
    struct error err = {0};
    struct value *value;
    assert_int_equal(yaml_parse(&arena, buf_view(&text), STR("t"), &value, &err), STATUS_MANIFEST);
    assert_non_null(strstr(err.message, "aliases expand"));
    assert_true(arena_bytes(&arena) < 1 << 20);
    buf_finish(&text);
}

/* ---- writing ---- */

static void reads_back(struct str s, const char *format)
{
    struct buf out = {0}, scalar = {0};
    yaml_append_string(&scalar, s);
    buf_print(&out, format, scalar.ptr);
    struct arena_mark mark = arena_get_mark(&arena);
    const struct value *root = parse(buf_view(&out));
    const struct value *value = root->type == VALUE_MAP ? root->map.pairs[0].value : root;
    if (value->type == VALUE_LIST)
        value = value->list.items[0];
    assert_int_equal(value->type, VALUE_STRING);
    assert_int_equal(value->text.len, s.len);
    assert_memory_equal(value->text.ptr, s.ptr, s.len);
    if (root->type == VALUE_MAP && strchr(format, '?') != NULL)
        assert_true(str_equal(root->map.pairs[0].key, s));
    arena_rewind(&arena, mark);
    buf_finish(&out);
    buf_finish(&scalar);
}

static void writes_plainly_where_it_can(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"data/x.csv", "data/x.csv"}, {"a-b_c@d+1=2", "a-b_c@d+1=2"}, {"../up", "../up"}, {"8f0e12ab", "8f0e12ab"},
        {"", "\"\""}, {"true", "\"true\""}, {"No", "\"No\""}, {"null", "\"null\""}, {"12", "\"12\""},
        {"1e5", "\"1e5\""}, {"0x1f", "\"0x1f\""}, {".inf", "\".inf\""}, {"1_0", "\"1_0\""},
        {"2020-01-01", "\"2020-01-01\""},
        {"-x", "\"-x\""}, {"a b", "\"a b\""}, {"a: b", "\"a: b\""}, {"#", "\"#\""}, {"~", "\"~\""}, {"..", "\"..\""},
        {"a\"b\\c\n", "\"a\\\"b\\\\c\\n\""}, {"\x1b\x7f", "\"\\x1b\\x7f\""}, {"\xc3\xa9", "\"\xc3\xa9\""},
        {"\xe2\x80\xa8", "\"\\u2028\""}, {"\xc2\x85", "\"\\x85\""}, {"\xff", "!bytes \"\\xff\""},
        {"a\xc3\xa9\xfe", "!bytes \"a\\xc3\\xa9\\xfe\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        yaml_append_string(&out, str_from(cases[i][0]));
        assert_string_equal(out.ptr, cases[i][1]);
        buf_finish(&out);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* A code point as UTF-8. */
static size_t encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00 >> len) | c);
    return len;
}

static const char *const places[] = {"%s", "k: %s", "[%s, x]", "{k: %s}", "- %s\n- y", "? %1$s\n: %1$s\n"};
enum { PLACE_COUNT = sizeof places / sizeof *places };

static void any_bytes_read_back(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        reads_back((struct str){&byte, 1}, places[c % PLACE_COUNT]);
    }
    for (int round = 0; round < 20000; round++) {
        char bytes[40];
        size_t len = next_random(&seed) % 20;
        for (size_t i = 0; i < len; i++) {
            static const char signs[] = " :-?#&*!|>'\"%@`{}[],~=<\n\t\r\\.0xeEnN";
            uint64_t r = next_random(&seed);
            bytes[i] = round % 3 == 0 ? (char)r : round % 3 == 1 ? signs[r % (sizeof signs - 1)] : (char)(r % 128);
        }
        reads_back((struct str){bytes, len}, places[round % PLACE_COUNT]);
    }
}

static void any_text_reads_back(void **state)
{
    (void)state;
    char text[16];
    for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x3000 || (c > 0xfe00 && c < 0x10100) ? 1 : c < 0x10000 ? 61 : 997) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        size_t len = encode(c, text);
        text[len] = 'x';
        reads_back((struct str){text, len + 1}, places[c % PLACE_COUNT]);
    }
}

/* libyaml takes keys of up to 1024 characters; longer ones need `? KEY` in a line of their own. */
static void long_keys_need_a_question_mark(void **state)
{
    (void)state;
    struct buf key = {0}, text = {0};
    while (key.len < 5000)
        buf_str(&key, STR("long "));
    buf_print(&text, "\"%s\": 1\n", key.ptr);
    refuses(buf_view(&text), 1, 5003, "broken YAML");
    reads_back(buf_view(&key), "? %1$s\n: %1$s\n");
    buf_finish(&key);
    buf_finish(&text);
}

/* ---- units ---- */

static void parses_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool (*parse)(struct str, uint64_t *);
        int64_t wanted; /* -1 = none */
    } cases[] = {
        {"0", parse_bytes, 0}, {"123", parse_bytes, 123}, {"512M", parse_bytes, 512 << 20},
        {"1.5G", parse_bytes, INT64_C(3) << 29}, {"64KiB", parse_bytes, 64 << 10},
        {"2 GB", parse_bytes, INT64_C(2) << 30},
        {"0.5k", parse_bytes, 512}, {"1T", parse_bytes, INT64_C(1) << 40}, {"7B", parse_bytes, 7},
        {"1.5", parse_bytes, -1}, {"-1M", parse_bytes, -1}, {"M", parse_bytes, -1}, {"", parse_bytes, -1},
        {"1X", parse_bytes, -1}, {"1.M", parse_bytes, -1}, {"1..5M", parse_bytes, -1}, {"1e3", parse_bytes, -1},
        {"99999999999999999999", parse_bytes, -1}, {"99999999999T", parse_bytes, -1}, {"0.1234567G", parse_bytes, -1},
        {"90", parse_duration_ms, 90000}, {"90s", parse_duration_ms, 90000}, {"1.5h", parse_duration_ms, 5400000},
        {"2d", parse_duration_ms, 172800000}, {"250ms", parse_duration_ms, 250}, {"15m", parse_duration_ms, 900000},
        {"0.5", parse_duration_ms, 500}, {"1w", parse_duration_ms, -1}, {"s", parse_duration_ms, -1},
        {"1", parse_milli, 1000}, {"0.5", parse_milli, 500}, {".25", parse_milli, 250}, {"1.500000", parse_milli, 1500},
        {"0.0005", parse_milli, -1}, {"-1", parse_milli, -1}, {"1k", parse_milli, -1}, {".", parse_milli, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t got = 0;
        bool good = cases[i].parse(str_from(cases[i].text), &got);
        if (good != (cases[i].wanted >= 0) || (good && got != (uint64_t)cases[i].wanted))
            fail_msg("`%s` gives %d, %llu", cases[i].text, good, (unsigned long long)got);
    }
}

static void parses_params_by_ending(void **state)
{
    (void)state;
    struct value *value;
    struct error err = {0};
    assert_int_equal(params_parse(&arena, STR("a: 1"), STR("p.yaml"), NULL, &value, &err), STATUS_OK);
    assert_int_equal(params_parse(&arena, STR("a: 1"), STR("x/p.yml"), NULL, &value, &err), STATUS_OK);
    assert_int_equal(params_parse(&arena, STR("{\"a\": 1}"), STR("p.json"), NULL, &value, &err), STATUS_OK);
    assert_int_equal(value_find(value, STR("a"))->integer, 1);
    assert_int_equal(params_parse(&arena, STR("a: 1"), STR("p.json"), NULL, &value, &err), STATUS_MANIFEST);
    assert_int_equal(params_parse(&arena, STR("a = 1"), STR("p.toml"), NULL, &value, &err), STATUS_MANIFEST);
    assert_string_equal(err.file, "p.toml");
    assert_non_null(strstr(err.message, ".yaml, .yml, .json, .toml and .py"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_as_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_of_scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_order_and_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resolves_aliases_and_merges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_with_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_nesting_and_aliases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_plainly_where_it_can, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_bytes_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_text_reads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_keys_need_a_question_mark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parses_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parses_params_by_ending, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
