/* Decimal text as doubles. Most is short: up to 19 digits and a small power of ten, which one correctly rounded
   operation makes exact (Clinger, How to read floating point numbers accurately, PLDI 1990). The rest is strtod's. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check/table.h"

enum { DIGITS_MAX = 19, POWER_MAX = 22, TEXT_MAX = 1100 }; /* no double needs more than some 770 digits */

static bool read_word(const char *p, size_t len, bool negative, double *out)
{
    if (len == 3 && strncasecmp(p, "nan", 3) == 0)
        *out = (double)NAN;
    else if ((len == 3 && strncasecmp(p, "inf", 3) == 0) || (len == 8 && strncasecmp(p, "infinity", 8) == 0))
        *out = negative ? -(double)INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

/* Text that is known to be a decimal number. */
static bool read_slowly(const char *p, size_t len, double *out)
{
    char near[TEXT_MAX], *text = len < sizeof near ? near : mem_alloc(len + 1);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    memcpy(text, p, len);
    text[len] = '\0';
    if (c != (locale_t)0) {
        *out = strtod_l(text, NULL, c);
        freelocale(c);
    }
    if (text != near)
        free(text);
    return c != (locale_t)0;
}

/* A decimal number, taken apart: digits * 10^power. */
struct decimal {
    uint64_t digits;
    int64_t power;
    uint32_t count; /* of significant digits */
};

static const char *read_digits(const char *p, const char *end, struct decimal *d, bool fraction)
{
    for (; p < end && (unsigned char)(*p - '0') < 10; p++) {
        if (d->count < DIGITS_MAX)
            d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        d->count += d->count > 0 || *p != '0';
        d->power -= fraction;
    }
    return p;
}

static const char *read_exponent(const char *p, const char *end, struct decimal *d)
{
    enum { EXPONENT_MAX = 1000000000 }; /* more than digits in a line can make up for */
    bool negative = p < end && *p == '-';
    int64_t exponent = 0;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *first = p;
    for (; p < end && (unsigned char)(*p - '0') < 10; p++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*p - '0');
    d->power += negative ? -exponent : exponent;
    return p > first ? p : NULL;
}

bool cell_number(const struct cell *cell, double *out)
{
    static const double powers[POWER_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *p = cell->ptr, *end = p + cell->len;
    struct decimal d = {0};
    if (cell->len == 0 || (cell->kind != CELL_TEXT && cell->kind != CELL_NUMBER))
        return false;
    bool negative = *p == '-';
    p += *p == '-' || *p == '+';
    const char *first = p;
    p = read_digits(p, end, &d, false);
    size_t seen = (size_t)(p - first);
    if (p < end && *p == '.') {
        const char *point = ++p;
        p = read_digits(p, end, &d, true);
        seen += (size_t)(p - point);
    }
    if (seen == 0)
        return read_word(first, (size_t)(end - first), negative, out);
    if (p < end && (*p == 'e' || *p == 'E'))
        p = read_exponent(p + 1, end, &d);
    if (p != end)
        return false;
    if (d.count > DIGITS_MAX || d.digits > 1ull << 53 || d.power > POWER_MAX || d.power < -POWER_MAX)
        return read_slowly(cell->ptr, cell->len, out);
    double value = (double)d.digits;
    value = d.power < 0 ? value / powers[-d.power] : value * powers[d.power];
    *out = negative ? -value : value;
    return true;
}
