/* Values: canonical text, dotted lookup; JSON in and out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "refit/base/json.h"
#include "refit/manifest.h"
#include "in_arena.h"

static struct value *parse(const char *text)
{
    struct value *value = NULL;
    struct error err = {0};
    if (yaml_parse(&arena, str_from(text), STR("t.yaml"), &value, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static const char *canonical(const struct value *value)
{
    struct buf out = {0};
    value_canonical(value, &out);
    const char *text = str_terminated(&arena, buf_view(&out));
    buf_finish(&out);
    return text;
}

static void canonical_text_is_typed_and_sorted(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1", "1"},
        {"1.0", "1.0"},
        {"'1'", "\"1\""},
        {"0x10", "16"},
        {"1_000", "1000"},
        {"-0", "0"},
        {"0.1", "0.1"},
        {"1e-5", "1e-05"},
        {"1e5", "100000.0"},
        {"1e400", ".inf"},
        {"-.Inf", "-.inf"},
        {".NaN", ".nan"},
        {"123456789.123456789", "123456789.12345679"},
        {"~", "null"},
        {"", "null"},
        {"TRUE", "true"},
        {"yes", "\"yes\""},
        {"{b: 1, a: [x, {}], '': []}", "{\"\":[],\"a\":[\"x\",{}],\"b\":1}"},
        {"\"q\\\"\\\\\\n\\t\\x01\\x7f\"", "\"q\\\"\\\\\\n\\t\\u0001\\u007f\""},
        {"18446744073709551616", "18446744073709551616"},
        {"+0018_446744073709551617", "18446744073709551617"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-9223372036854775809", "-9223372036854775809"},
        {"0xFFFFFFFFFFFFFFFFF", "0xfffffffffffffffff"},
        {"!!float 1", "1.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(canonical(parse(cases[i][0])), cases[i][1]);
}

static void equality_is_of_meaning(void **state)
{
    (void)state;
    assert_true(value_equal(parse("{a: 1, b: [0x10, 2.50]}"), parse("b: [16, 2.5]\na: 1\n")));
    assert_false(value_equal(parse("1"), parse("1.0")));
    assert_false(value_equal(parse("'true'"), parse("true")));
    assert_false(value_equal(parse("18446744073709551616"), parse("18446744073709551617")));
}

/* Every double survives its canonical text. */
static void floats_survive(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        struct value value = {.type = VALUE_FLOAT, .text = STR("")};
        memcpy(&value.real, &bits, sizeof value.real);
        struct arena_mark mark = arena_get_mark(&arena);
        const struct value *back = parse(canonical(&value));
        assert_int_equal(back->type, VALUE_FLOAT);
        assert_true(back->real == value.real || (isnan(back->real) && isnan(value.real)));
        arena_rewind(&arena, mark);
    }
}

static void finds_dotted_paths(void **state)
{
    (void)state;
    const struct value *root = parse("train: {lr: 0.1, 'a.b': 2}\nlayers: [{size: 3}]\n"
                                     "x.y: {z: 4}\nx: {y: 5}\nk: {}\n");
    assert_string_equal(canonical(value_find(root, STR("train.lr"))), "0.1");
    assert_string_equal(canonical(value_find(root, STR("train.a.b"))), "2");
    assert_string_equal(canonical(value_find(root, STR("layers.0.size"))), "3");
    assert_string_equal(canonical(value_find(root, STR("x.y"))), "5"); /* the shorter split first */
    assert_string_equal(canonical(value_find(root, STR("x.y.z"))), "4");
    static const char *const absent[] = {"", "train.", ".lr", "layers.1", "layers.00", "layers.-1", "layers.size",
                                         "train.lr.x", "k.", "layers.99999999999"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_null(value_find(root, str_from(absent[i])));
    assert_null(value_get(value_get(root, STR("layers")), STR("size")));
    assert_null(value_get(NULL, STR("x")));
}

/* ---- JSON ---- */

static void reads_json(void **state)
{
    (void)state;
    struct error err;
    struct value *value;
    struct str text = STR("{\"b\": [1, 2.0, -3e2, true, false, null], \"a\": {\"s\": \"x\\u0000\\u00e9\"}}");
    assert_int_equal(json_parse(&arena, text, "p.json", &value, &err), STATUS_OK);
    assert_string_equal(canonical(value),
                        "{\"a\":{\"s\":\"x\\u0000\xc3\xa9\"},\"b\":[1,2.0,-300.0,true,false,null]}");
    assert_true(str_is(value->map.pairs[0].key, "b")); /* in the order of the file */
    assert_int_equal(value->line, 0);
    assert_true(value_equal(value, parse("a: {s: \"x\\0\\xe9\"}\nb: [1, 2.0, -300.0, true, false, ~]\n")));
}

static void json_faults_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *part;
    } cases[] = {
        {"{\"a\": 1,\n \"a\": 2}", 2, "duplicate object key"},
        {"{\"a\": 1}\nx", 2, "end of file expected"},
        {"", 1, "JSON"},
        {"[1,\n2,\n", 3, "']'"},
        {"\"\xff\"", 1, "unable to decode byte 0xff"},
        {"[123456789012345678901234567890]", 1, "too big"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct value *value;
        assert_int_equal(json_parse(&arena, str_from(cases[i].text), "p.json", &value, &err), STATUS_MANIFEST);
        assert_string_equal(err.file, "p.json");
        assert_int_equal(err.line, cases[i].line);
        assert_true(err.column >= 1);
        if (strstr(err.message, cases[i].part) == NULL)
            fail_msg("%s: %s", cases[i].text, err.message);
    }
}

static void writes_json(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json j;
    json_init(&j, &out);
    json_open_object(&j);
    json_key(&j, "i");
    json_int(&j, INT64_MIN);
    json_key_str(&j, STR("k\xff"));
    json_open_array(&j);
    json_real(&j, 0.1);
    json_real(&j, NAN);
    json_real(&j, -INFINITY);
    json_bool(&j, true);
    json_null(&j);
    json_str(&j, STR("a\"b\n\xc3\xa9\xc3(\xe2\x82\x1b\\"));
    json_open_object(&j);
    json_close_object(&j);
    json_open_array(&j);
    json_close_array(&j);
    json_path_item(&j, STR("x/y"));
    json_path_item(&j, STR("\xff\n"));
    json_close_array(&j);
    json_path(&j, "out", STR("p"));
    json_path(&j, "dep", STR("p\xfe"));
    json_key(&j, "v");
    json_value(&j, parse("{b: [1, .nan, 1.5, ~, s], a: {}, c: []}"));
    json_close_object(&j);
    assert_string_equal(out.ptr, "{\"i\":-9223372036854775808,\"k\xef\xbf\xbd\":[0.1,null,null,true,null,"
                                 "\"a\\\"b\\n\xc3\xa9\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\\u001b\\\\\",{},[],"
                                 "\"x/y\",{\"path_hex\":\"ff0a\"}],\"out\":\"p\",\"dep_hex\":\"70fe\","
                                 "\"v\":{\"b\":[1,null,1.5,null,\"s\"],\"a\":{},\"c\":[]}}");
    struct value *back;
    struct error err;
    assert_int_equal(json_parse(&arena, buf_view(&out), "out", &back, &err), STATUS_OK);
    buf_finish(&out);
}

/* Values nested deeper than the writer counts. */
static void writes_deep_values(void **state)
{
    (void)state;
    struct buf text = {0}, out = {0};
    for (int i = 0; i < 1000; i++)
        buf_char(&text, '[');
    for (int i = 0; i < 1000; i++)
        buf_char(&text, ']');
    struct value *deep;
    struct error err;
    assert_int_equal(json_parse(&arena, buf_view(&text), "deep", &deep, &err), STATUS_OK);
    struct json j;
    json_init(&j, &out);
    json_value(&j, deep);
    assert_true(str_equal(buf_view(&out), buf_view(&text)));
    buf_finish(&text);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canonical_text_is_typed_and_sorted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equality_is_of_meaning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floats_survive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_dotted_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_faults_have_a_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_deep_values, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
