/* JSON: jansson reads, a writer of our own writes. Nothing of jansson leaves this file. */
#include <jansson.h> /* before our header, which gives two of its names to functions of ours */

#include "refit/base/json.h"

#include <assert.h>
#include <math.h>

#include "base/real.h"

/* ---- reading ---- */

static struct value *convert(struct arena *arena, const json_t *from);

static struct str text_of_number(struct arena *arena, const json_t *from)
{
    struct buf text = {0};
    if (json_is_integer(from))
        buf_print(&text, "%lld", (long long)json_integer_value(from));
    else
        real_append(&text, json_real_value(from));
    struct str result = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    return result;
}

static struct value *convert_object(struct arena *arena, const json_t *from)
{
    struct value *map = value_new(arena, VALUE_MAP, 0, 0);
    map->map.pairs = arena_array(arena, struct value_pair, json_object_size(from));
    void *at = json_object_iter((json_t *)from);
    for (; at != NULL; at = json_object_iter_next((json_t *)from, at)) {
        struct value_pair *pair = &map->map.pairs[map->map.count++];
        pair->key = str_dup(arena, str_from(json_object_iter_key(at)));
        pair->value = convert(arena, json_object_iter_value(at));
    }
    return map;
}

static struct value *convert_array(struct arena *arena, const json_t *from)
{
    struct value *list = value_new(arena, VALUE_LIST, 0, 0);
    size_t count = json_array_size(from);
    list->list.items = arena_array(arena, struct value *, count);
    for (size_t i = 0; i < count; i++)
        list->list.items[list->list.count++] = convert(arena, json_array_get(from, i));
    return list;
}

/* Recursion is bounded by jansson's own limit on nesting (2048). */
static struct value *convert(struct arena *arena, const json_t *from)
{
    struct value *value;
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return convert_object(arena, from);
    case JSON_ARRAY:
        return convert_array(arena, from);
    case JSON_STRING:
        value = value_new(arena, VALUE_STRING, 0, 0);
        value->text = str_dup(arena, (struct str){json_string_value(from), json_string_length(from)});
        return value;
    case JSON_INTEGER:
        value = value_new(arena, VALUE_INT, 0, 0);
        value->integer = json_integer_value(from);
        value->text = text_of_number(arena, from);
        return value;
    case JSON_REAL:
        value = value_new(arena, VALUE_FLOAT, 0, 0);
        value->real = json_real_value(from);
        value->text = text_of_number(arena, from);
        return value;
    case JSON_TRUE:
    case JSON_FALSE:
        value = value_new(arena, VALUE_BOOL, 0, 0);
        value->boolean = json_is_true(from);
        value->text = value->boolean ? STR("true") : STR("false");
        return value;
    default:
        value = value_new(arena, VALUE_NULL, 0, 0);
        value->text = STR("null");
        return value;
    }
}

enum status json_parse(struct arena *arena, struct str text, const char *file, struct value **out, struct error *err)
{
    json_error_t fault;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *root = json_loadb(text.ptr ? text.ptr : "", text.len, flags, &fault);
    if (root == NULL) {
        uint32_t line = fault.line > 0 ? (uint32_t)fault.line : 1;
        uint32_t column = fault.column > 0 ? (uint32_t)fault.column : 1;
        return error_at(err, STATUS_MANIFEST, file, line, column, "this is not JSON: %s", fault.text);
    }
    *out = convert(arena, root);
    json_decref(root);
    return STATUS_OK;
}

/* ---- writing ---- */

void json_init(struct json *j, struct buf *out)
{
    *j = (struct json){.out = out};
}

/* The comma before whatever comes next, unless it is the first at its depth or the value of a key. */
static void before_item(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->started >> j->depth & 1 && j->depth > 0)
        buf_char(j->out, ',');
    j->started |= UINT64_C(1) << j->depth;
}

static void open_nested(struct json *j, char bracket)
{
    before_item(j);
    assert(j->depth < 63);
    j->depth++;
    j->started &= ~(UINT64_C(1) << j->depth);
    buf_char(j->out, bracket);
}

static void close_nested(struct json *j, char bracket)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    buf_char(j->out, bracket);
}

void json_open_object(struct json *j)
{
    open_nested(j, '{');
}

void json_close_object(struct json *j)
{
    close_nested(j, '}');
}

void json_open_array(struct json *j)
{
    open_nested(j, '[');
}

void json_close_array(struct json *j)
{
    close_nested(j, ']');
}

/* A JSON string; what is not UTF-8 becomes U+FFFD, one for each byte. */
static void append_string(struct buf *out, struct str s)
{
    buf_char(out, '"');
    size_t at = str_is_utf8(s) ? s.len : 0, done = 0;
    while (at < s.len) {
        unsigned char c = (unsigned char)s.ptr[at];
        size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (len <= s.len - at && str_is_utf8(str_slice(s, at, at + len))) {
            at += len;
            continue;
        }
        quoted_append(out, str_slice(s, done, at));
        buf_str(out, STR("\xef\xbf\xbd"));
        done = ++at;
    }
    quoted_append(out, str_slice(s, done, s.len));
    buf_char(out, '"');
}

void json_key_str(struct json *j, struct str key)
{
    assert(!j->after_key && j->depth > 0);
    before_item(j);
    append_string(j->out, key);
    buf_char(j->out, ':');
    j->after_key = true;
}

void json_key(struct json *j, const char *key)
{
    json_key_str(j, str_from(key));
}

void json_str(struct json *j, struct str s)
{
    before_item(j);
    append_string(j->out, s);
}

void json_int(struct json *j, int64_t v)
{
    before_item(j);
    buf_print(j->out, "%lld", (long long)v);
}

static void append_real(struct buf *out, double v)
{
    if (isfinite(v))
        real_append(out, v);
    else
        buf_str(out, STR("null"));
}

void json_real(struct json *j, double v)
{
    before_item(j);
    append_real(j->out, v);
}

void json_bool(struct json *j, bool v)
{
    before_item(j);
    buf_str(j->out, v ? STR("true") : STR("false"));
}

void json_null(struct json *j)
{
    before_item(j);
    buf_str(j->out, STR("null"));
}

/* A value may be nested deeper than the writer counts, so this keeps track of its commas itself. */
static void append_value(struct buf *out, const struct value *v)
{
    switch (v->type) {
    case VALUE_STRING:
        append_string(out, v->text);
        return;
    case VALUE_FLOAT:
        append_real(out, v->real);
        return;
    case VALUE_LIST:
        for (uint32_t i = 0; i < v->list.count; i++) {
            buf_char(out, i > 0 ? ',' : '[');
            append_value(out, v->list.items[i]);
        }
        buf_str(out, v->list.count > 0 ? STR("]") : STR("[]"));
        return;
    case VALUE_MAP:
        for (uint32_t i = 0; i < v->map.count; i++) {
            buf_char(out, i > 0 ? ',' : '{');
            append_string(out, v->map.pairs[i].key);
            buf_char(out, ':');
            append_value(out, v->map.pairs[i].value);
        }
        buf_str(out, v->map.count > 0 ? STR("}") : STR("{}"));
        return;
    default:
        value_canonical(v, out);
    }
}

void json_value(struct json *j, const struct value *v)
{
    before_item(j);
    append_value(j->out, v);
}

static void append_hex(struct buf *out, struct str bytes)
{
    buf_char(out, '"');
    for (size_t i = 0; i < bytes.len; i++)
        buf_print(out, "%02x", (unsigned char)bytes.ptr[i]);
    buf_char(out, '"');
}

void json_put_str(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    json_str(j, s);
}

void json_put_str_or_null(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    if (s.len > 0)
        json_str(j, s);
    else
        json_null(j);
}

void json_put_count(struct json *j, const char *key, uint64_t count)
{
    json_key(j, key);
    json_int(j, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

void json_path(struct json *j, const char *key, struct str path)
{
    if (str_is_utf8(path)) {
        json_key(j, key);
        json_str(j, path);
        return;
    }
    before_item(j);
    buf_print(j->out, "\"%s_hex\":", key);
    append_hex(j->out, path);
}

void json_path_item(struct json *j, struct str path)
{
    if (str_is_utf8(path)) {
        json_str(j, path);
        return;
    }
    json_open_object(j);
    json_path(j, "path", path);
    json_close_object(j);
}
