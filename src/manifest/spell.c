/* How values read inside a string: as Python prints them, which is how DVC does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/spell.h"

/* The shortest decimal that reads back the same, in Python's layout: 1.0, 0.0001, 1e-05, 1e+16. */
static void spell_real(struct buf *out, double real)
{
    char text[40];
    int digits = 1;
    do
        snprintf(text, sizeof text, "%.*e", digits - 1, real);
    while (strtod(text, NULL) != real && ++digits <= 17);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 16) {
        buf_str(out, str_from(text));
        return;
    }
    snprintf(text, sizeof text, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 1, real);
    buf_str(out, str_from(text));
}

/* Multiplies a decimal number (least digit first) and adds. */
static void digits_add(struct buf *digits, unsigned base, unsigned more)
{
    for (size_t i = 0; i < digits->len; i++) {
        unsigned sum = (unsigned)(digits->ptr[i] - '0') * base + more;
        digits->ptr[i] = (char)('0' + sum % 10);
        more = sum / 10;
    }
    for (; more > 0; more /= 10)
        buf_char(digits, (char)('0' + more % 10));
}

static void spell_prefixed(struct buf *out, struct str text)
{
    struct buf digits = {0};
    bool hex = text.ptr[1] == 'x';
    for (size_t i = 2; i < text.len; i++) {
        char c = text.ptr[i];
        digits_add(&digits, hex ? 16 : 8, (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10));
    }
    while (digits.len > 0)
        buf_char(out, digits.ptr[--digits.len]);
    buf_finish(&digits);
}

/* An integer that int64_t cannot hold is kept as a rounded number, with its text. False if `value` is not one. */
static bool spell_large_integer(struct buf *out, const struct value *value)
{
    struct str text = value->text;
    if (fabs(value->real) < 0x1p63)
        return false;
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'o')) {
        spell_prefixed(out, text);
        return true;
    }
    size_t at = 0;
    while (at < text.len && strchr("+-0123456789_", text.ptr[at]) != NULL)
        at++;
    if (text.len == 0 || at < text.len)
        return false;
    bool begun = false;
    for (at = 0; at < text.len; at++) {
        char c = text.ptr[at];
        begun |= c >= '1' && c <= '9';
        if (c == '-' || (begun && c != '_'))
            buf_char(out, c);
    }
    return true;
}

void spell_scalar(struct buf *out, const struct value *scalar)
{
    switch (scalar->type) {
    case VALUE_NULL:
        buf_str(out, STR("None"));
        return;
    case VALUE_BOOL:
        buf_str(out, scalar->boolean ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_print(out, "%lld", (long long)scalar->integer);
        return;
    case VALUE_FLOAT:
        if (isnan(scalar->real))
            buf_str(out, STR("nan"));
        else if (spell_large_integer(out, scalar))
            return;
        else if (isinf(scalar->real))
            buf_str(out, scalar->real < 0 ? STR("-inf") : STR("inf"));
        else
            spell_real(out, scalar->real);
        return;
    case VALUE_STRING:
        buf_str(out, scalar->text);
        return;
    case VALUE_LIST:
    case VALUE_MAP:
        return;
    }
}

/* ---- options of a command ---- */

/* As a word of the shell: bare if it needs no quotes, as Python's shlex.quote has it. */
static void spell_word(struct buf *out, struct str text)
{
    bool bare = text.len > 0;
    for (size_t i = 0; i < text.len && bare; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bare = letter || (c != '\0' && strchr("@%+=:,./-_", c) != NULL);
    }
    if (bare) {
        buf_str(out, text);
        return;
    }
    buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            buf_str(out, STR("'\"'\"'"));
        else
            buf_char(out, text.ptr[i]);
    }
    buf_char(out, '\'');
}

/* An item of a list among options: booleans keep Python's spelling there. */
static void spell_item(struct buf *out, const struct value *item)
{
    if (item->type == VALUE_STRING)
        spell_word(out, item->text);
    else if (item->type == VALUE_BOOL)
        buf_str(out, item->boolean ? STR("True") : STR("False"));
    else
        spell_scalar(out, item);
}

static void begin_option(struct buf *out, size_t start, struct str name)
{
    if (out->len > start)
        buf_char(out, ' ');
    buf_str(out, STR("--"));
    buf_str(out, name);
}

static bool spell_list(struct buf *out, size_t start, struct str name, const struct value *list)
{
    for (uint32_t i = 0; i < list->list.count; i++) {
        const struct value *item = list->list.items[i];
        if (item->type == VALUE_LIST || item->type == VALUE_MAP)
            return false;
        if (i == 0)
            begin_option(out, start, name);
        buf_char(out, ' ');
        spell_item(out, item);
    }
    return true;
}

/* Everything in a map, names joined by dots. `name` has the names so far. */
static bool spell_map(struct buf *out, size_t start, struct buf *name, const struct value *map, uint64_t *nodes)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        const struct value *v = pair->value;
        size_t before = name->len;
        if (before > 0)
            buf_char(name, '.');
        buf_str(name, pair->key);
        ++*nodes;
        bool fine = true;
        if (v->type == VALUE_MAP) {
            fine = *nodes <= SPELL_NODES_MAX && spell_map(out, start, name, v, nodes);
        } else if (v->type == VALUE_LIST) {
            *nodes += v->list.count;
            fine = spell_list(out, start, buf_view(name), v);
        } else if (v->type != VALUE_BOOL || v->boolean) {
            begin_option(out, start, buf_view(name));
            if (v->type != VALUE_BOOL)
                buf_char(out, ' ');
            if (v->type == VALUE_STRING)
                spell_word(out, v->text);
            else if (v->type != VALUE_BOOL)
                spell_scalar(out, v);
        }
        if (!fine)
            return false;
        name->len = before;
    }
    return true;
}

bool spell_options(struct buf *out, const struct value *map, struct buf *name, uint64_t *nodes)
{
    buf_clear(name);
    return spell_map(out, out->len, name, map, nodes);
}
