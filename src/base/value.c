/* Trees of typed values: looking things up, and the canonical text. */
#include "refit/base/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/real.h"

const char *value_type_name(enum value_type type)
{
    static const char *const names[] = {
        [VALUE_NULL] = "nothing",   [VALUE_BOOL] = "true or false", [VALUE_INT] = "an integer",
        [VALUE_FLOAT] = "a number", [VALUE_STRING] = "a string",    [VALUE_LIST] = "a list",
        [VALUE_MAP] = "a map",
    };
    return names[type];
}

struct value *value_new(struct arena *arena, enum value_type type, uint32_t line, uint32_t column)
{
    struct value *value = arena_new(arena, struct value);
    value->type = type;
    value->line = line;
    value->column = column;
    value->text = STR("");
    return value;
}

struct value *value_get(const struct value *map, struct str key)
{
    if (map == NULL || map->type != VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->map.count; i++)
        if (str_equal(map->map.pairs[i].key, key))
            return map->map.pairs[i].value;
    return NULL;
}

double value_number(const struct value *v)
{
    if (v == NULL)
        return (double)NAN;
    return v->type == VALUE_INT ? (double)v->integer : v->type == VALUE_FLOAT ? v->real : (double)NAN;
}

/* A list's item by its decimal index, written without superfluous zeros. */
static struct value *list_item(const struct value *list, struct str index)
{
    if (index.len == 0 || index.len > 9 || (index.len > 1 && index.ptr[0] == '0'))
        return NULL;
    uint32_t n = 0;
    for (size_t i = 0; i < index.len; i++) {
        if (index.ptr[i] < '0' || index.ptr[i] > '9')
            return NULL;
        n = n * 10 + (uint32_t)(index.ptr[i] - '0');
    }
    return n < list->list.count ? list->list.items[n] : NULL;
}

struct value *value_find(const struct value *root, struct str dotted)
{
    if (root == NULL || (root->type != VALUE_MAP && root->type != VALUE_LIST))
        return NULL;
    for (size_t end = 0; end <= dotted.len; end++) {
        if (end < dotted.len && dotted.ptr[end] != '.')
            continue;
        struct str first = str_slice(dotted, 0, end);
        struct value *found = root->type == VALUE_MAP ? value_get(root, first) : list_item(root, first);
        if (found != NULL && end < dotted.len)
            found = value_find(found, str_slice(dotted, end + 1, dotted.len));
        if (found != NULL)
            return found;
    }
    return NULL;
}

void real_append(struct buf *out, double real)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    buf_str(out, str_from(text));
    if (strpbrk(text, ".e") == NULL)
        buf_str(out, STR(".0"));
}

void quoted_append(struct buf *out, struct str s)
{
    size_t done = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        buf_str(out, str_slice(s, done, i));
        done = i + 1;
        char letter = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\r' ? 'r' : c == '"' || c == '\\' ? (char)c : '\0';
        if (letter == '\0')
            buf_print(out, "\\u%04x", c);
        else
            buf_print(out, "\\%c", letter);
    }
    buf_str(out, str_slice(s, done, s.len));
}

/*
 * An integer that int64_t cannot hold is kept as a rounded number with its text. Two such integers that round to the
 * same number are different all the same, so the canonical text is their digits. False if `value` is not one.
 */
static bool append_large_integer(const struct value *value, struct buf *out)
{
    struct str text = value->text;
    if (fabs(value->real) < 0x1p63 || text.len == 0)
        return false;
    bool negative = text.ptr[0] == '-';
    bool prefixed = text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'o');
    size_t start = prefixed ? 2 : negative || text.ptr[0] == '+';
    size_t before = out->len;
    buf_print(out, "%s", negative ? "-" : prefixed ? text.ptr[1] == 'x' ? "0x" : "0o" : "");
    size_t digits = out->len;
    for (size_t i = start; i < text.len; i++) {
        char c = text.ptr[i];
        bool hex = prefixed && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
        if (!hex && c != '_' && (c < '0' || c > '9')) {
            out->len = before;
            return false;
        }
        if (c != '_' && (c != '0' || out->len > digits))
            buf_char(out, hex ? (char)(c | 0x20) : c);
    }
    return true;
}

static void append_float(const struct value *value, struct buf *out)
{
    if (isnan(value->real))
        buf_str(out, STR(".nan"));
    else if (append_large_integer(value, out))
        return;
    else if (isinf(value->real))
        buf_str(out, value->real < 0 ? STR("-.inf") : STR(".inf"));
    else
        real_append(out, value->real);
}

static void append_quoted(struct str s, struct buf *out)
{
    buf_char(out, '"');
    quoted_append(out, s);
    buf_char(out, '"');
}

static int compare_pairs(const void *a, const void *b)
{
    const struct value_pair *const *x = a, *const *y = b;
    return str_compare((*x)->key, (*y)->key);
}

static void append_map(const struct value *map, struct buf *out)
{
    uint32_t count = map->map.count;
    const struct value_pair **sorted = mem_alloc(mem_product(count, sizeof *sorted));
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &map->map.pairs[i];
    qsort(sorted, count, sizeof *sorted, compare_pairs);
    buf_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(out, ',');
        append_quoted(sorted[i]->key, out);
        buf_char(out, ':');
        value_canonical(sorted[i]->value, out);
    }
    buf_char(out, '}');
    free(sorted);
}

static void append_list(const struct value *list, struct buf *out)
{
    buf_char(out, '[');
    for (uint32_t i = 0; i < list->list.count; i++) {
        if (i > 0)
            buf_char(out, ',');
        value_canonical(list->list.items[i], out);
    }
    buf_char(out, ']');
}

void value_canonical(const struct value *value, struct buf *out)
{
    switch (value->type) {
    case VALUE_NULL:
        buf_str(out, STR("null"));
        return;
    case VALUE_BOOL:
        buf_str(out, value->boolean ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_print(out, "%lld", (long long)value->integer);
        return;
    case VALUE_FLOAT:
        append_float(value, out);
        return;
    case VALUE_STRING:
        append_quoted(value->text, out);
        return;
    case VALUE_LIST:
        append_list(value, out);
        return;
    case VALUE_MAP:
        append_map(value, out);
        return;
    }
}

bool value_equal(const struct value *a, const struct value *b)
{
    struct buf x = {0}, y = {0};
    value_canonical(a, &x);
    value_canonical(b, &y);
    bool equal = str_equal(buf_view(&x), buf_view(&y));
    buf_finish(&x);
    buf_finish(&y);
    return equal;
}
