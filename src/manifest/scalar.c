/* Scalars as people write them: the YAML 1.2 core schema (chapter 10.3 of the specification), sizes and durations. */
#include "manifest/scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "refit/manifest.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (str_is(text, *words))
            return true;
    return false;
}

/* Skips digits with single underscores between them; returns how many digits there were. */
static size_t skip_digits(struct str text, size_t *at)
{
    size_t count = 0;
    while (*at < text.len) {
        bool joined = text.ptr[*at] == '_' && count > 0 && *at + 1 < text.len && is_digit(text.ptr[*at + 1]);
        if (joined)
            ++*at;
        else if (!is_digit(text.ptr[*at]))
            break;
        ++*at;
        count++;
    }
    return count;
}

static bool is_sign(struct str text, size_t at)
{
    return at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-');
}

/* [-+]? [0-9]+ */
static bool is_decimal(struct str text)
{
    size_t at = is_sign(text, 0);
    return skip_digits(text, &at) > 0 && at == text.len;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(struct str text)
{
    size_t at = is_sign(text, 0);
    size_t digits = skip_digits(text, &at);
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        digits += skip_digits(text, &at);
    }
    if (digits == 0)
        return false;
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        at += is_sign(text, at);
        if (skip_digits(text, &at) == 0)
            return false;
    }
    return at == text.len;
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Spelled without underscores, strtod reads what is_float() allows. */
static void set_float(struct value *out)
{
    struct buf digits = {0};
    for (size_t i = 0; i < out->text.len; i++)
        if (out->text.ptr[i] != '_')
            buf_char(&digits, out->text.ptr[i]);
    out->type = VALUE_FLOAT;
    out->real = strtod(digits.ptr, NULL);
    buf_finish(&digits);
}

/* An integer in base 8, 10 or 16; one that does not fit becomes a number. False if a digit is none. */
static bool set_integer(struct value *out, struct str digits, unsigned base, bool negative)
{
    uint64_t magnitude = 0;
    double real = 0;
    bool fits = true;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] == '_' && base == 10)
            continue;
        unsigned digit = (unsigned)digit_value(digits.ptr[i]);
        if (digit >= base)
            return false;
        real = real * base + digit;
        fits = fits && !__builtin_mul_overflow(magnitude, (uint64_t)base, &magnitude) &&
               !__builtin_add_overflow(magnitude, (uint64_t)digit, &magnitude);
    }
    fits = fits && magnitude <= (uint64_t)INT64_MAX + negative;
    out->type = fits ? VALUE_INT : VALUE_FLOAT;
    if (fits)
        out->integer = (int64_t)(negative ? 0 - magnitude : magnitude);
    else if (base == 10)
        set_float(out);
    else
        out->real = real;
    return true;
}

static bool resolve_number(struct value *out)
{
    static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    struct str text = out->text;
    if (is_decimal(text)) {
        size_t sign = is_sign(text, 0);
        return set_integer(out, str_slice(text, sign, text.len), 10, text.ptr[0] == '-');
    }
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'o'))
        return set_integer(out, str_slice(text, 2, text.len), text.ptr[1] == 'x' ? 16 : 8, false);
    if (is_float(text)) {
        set_float(out);
        return true;
    }
    bool infinite = is_one_of(str_slice(text, is_sign(text, 0), text.len), infinities);
    if (!infinite && !is_one_of(text, nans))
        return false;
    out->type = VALUE_FLOAT;
    out->real = !infinite ? (double)NAN : text.ptr[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    return true;
}

void scalar_resolve(struct value *out)
{
    static const char *const nulls[] = {"~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    struct str text = out->text;
    out->type = VALUE_STRING;
    if (text.len == 0) {
        out->type = VALUE_NULL;
        return;
    }
    char first = text.ptr[0];
    if (is_digit(first) || first == '.' || is_sign(text, 0)) {
        if (!resolve_number(out))
            out->type = VALUE_STRING;
        return;
    }
    if (text.len > 5 || strchr("~nNtTfF", first) == NULL)
        return;
    if (is_one_of(text, nulls)) {
        out->type = VALUE_NULL;
    } else if (is_one_of(text, trues) || is_one_of(text, falses)) {
        out->type = VALUE_BOOL;
        out->boolean = is_one_of(text, trues);
    }
}

/* ---- sizes and durations ---- */

/* A decimal number: `whole`, and up to 6 digits of fraction as millionths. What follows it is left in `rest`. */
static bool take_decimal(struct str text, uint64_t *whole, uint64_t *millionths, struct str *rest)
{
    size_t at = 0;
    *whole = *millionths = 0;
    for (; at < text.len && is_digit(text.ptr[at]); at++)
        if (__builtin_mul_overflow(*whole, UINT64_C(10), whole) ||
            __builtin_add_overflow(*whole, (uint64_t)(text.ptr[at] - '0'), whole))
            return false;
    size_t digits = at;
    if (at < text.len && text.ptr[at] == '.') {
        uint64_t place = 1000000;
        for (at++; at < text.len && is_digit(text.ptr[at]); at++, digits++) {
            place /= 10;
            if (place == 0)
                return false;
            *millionths += place * (uint64_t)(text.ptr[at] - '0');
        }
        if (text.ptr[at - 1] == '.')
            return false;
    }
    *rest = str_slice(text, at, text.len);
    return digits > 0;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit *find_unit(struct str name, const struct unit *units)
{
    for (; units->name != NULL; units++)
        if (str_is(name, units->name))
            return units;
    return NULL;
}

/* A decimal number times its unit, rounded down. A fraction without a unit that divides is refused. */
static bool parse_with_unit(struct str text, const struct unit *units, uint64_t *out)
{
    uint64_t whole, millionths;
    struct str rest;
    if (!take_decimal(text, &whole, &millionths, &rest))
        return false;
    if (rest.len > 0 && rest.ptr[0] == ' ')
        rest = str_slice(rest, 1, rest.len);
    const struct unit *unit = find_unit(rest, units);
    if (unit == NULL || (unit->factor == 1 && millionths != 0))
        return false;
    uint64_t product;
    if (__builtin_mul_overflow(whole, unit->factor, &product) ||
        __builtin_add_overflow(product, millionths * unit->factor / 1000000, &product))
        return false;
    *out = product;
    return true;
}

bool parse_bytes(struct str text, uint64_t *out)
{
    /* Up to 2^40, so that a fraction in millionths times the unit fits into 64 bits. */
    static const struct unit units[] = {
        {"", 1}, {"B", 1},
        {"K", 1 << 10}, {"k", 1 << 10}, {"KB", 1 << 10}, {"kB", 1 << 10}, {"KiB", 1 << 10}, {"Ki", 1 << 10},
        {"M", 1 << 20}, {"m", 1 << 20}, {"MB", 1 << 20}, {"MiB", 1 << 20}, {"Mi", 1 << 20},
        {"G", 1 << 30}, {"g", 1 << 30}, {"GB", 1 << 30}, {"GiB", 1 << 30}, {"Gi", 1 << 30},
        {"T", UINT64_C(1) << 40}, {"t", UINT64_C(1) << 40}, {"TB", UINT64_C(1) << 40}, {"TiB", UINT64_C(1) << 40},
        {"Ti", UINT64_C(1) << 40}, {NULL, 0},
    };
    return parse_with_unit(text, units, out);
}

bool parse_duration_ms(struct str text, uint64_t *out)
{
    static const struct unit units[] = {
        {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
    };
    return parse_with_unit(text, units, out);
}

bool parse_milli(struct str text, uint64_t *out)
{
    uint64_t whole, millionths, product;
    struct str rest;
    if (!take_decimal(text, &whole, &millionths, &rest) || rest.len > 0 || millionths % 1000 != 0)
        return false;
    if (__builtin_mul_overflow(whole, UINT64_C(1000), &product) ||
        __builtin_add_overflow(product, millionths / 1000, &product))
        return false;
    *out = product;
    return true;
}
