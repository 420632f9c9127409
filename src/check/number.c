/* Decimal text as doubles. Most is short: up to 19 digits and a small power of ten, which one correctly rounded
   operation makes exact (Clinger, How to read floating point numbers accurately, PLDI 1990). The rest is strtod's.
   Of whole columns, up to 16 digits are read at once, where the processor can: the point is shuffled out, the digits
   to the right, and neighbours are added up three times (after Langdale, Lemire, Parsing gigabytes of JSON per second,
   VLDB Journal 2019). */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#ifdef __x86_64__
#include <smmintrin.h>
#endif

#include "check/table.h"

enum { DIGITS_MAX = 19, POWER_MAX = 22, TEXT_MAX = 1100 }; /* no double needs more than some 770 digits */
#define INTEGER_MAX (1ll << 53) /* up to which each integer is a double */

static const double powers[POWER_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A string of JSON, too, where a rule asks for a number: the rule `type` is there to tell them apart. */
static inline bool may_be_number(const struct cell *cell)
{
    return cell->kind >= CELL_TEXT && cell->kind <= CELL_NUMBER;
}

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
    const char *p = cell->ptr, *end = p + cell->len;
    struct decimal d = {0};
    if (cell->len == 0 || !may_be_number(cell))
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
    if (d.count > DIGITS_MAX || d.digits > (uint64_t)INTEGER_MAX || d.power > POWER_MAX || d.power < -POWER_MAX)
        return read_slowly(cell->ptr, cell->len, out);
    double value = (double)d.digits;
    value = d.power < 0 ? value / powers[-d.power] : value * powers[d.power];
    *out = negative ? -value : value;
    return true;
}

static void read_each(const struct cell *cells, uint32_t count, double *values, bool *good)
{
    for (uint32_t i = 0; i < count; i++)
        good[i] = cell_number(&cells[i], &values[i]);
}

#ifdef __x86_64__
enum { LANES = 16 };

/* As a shuffle from its n-th byte on: n bytes from the left go to the right, behind zeros. */
static const uint8_t nothing_and_all[2 * LANES] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15};

/* By the sign and the number of digits behind the point; half of all signs would be predicted wrongly. */
static const double scales[2][LANES] = {
    {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15},
    {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13, -1e14, -1e15}};

/* Digits with at most one point among them, after the sign. False = another way is needed. */
__attribute__((target("sse4.1"))) static inline bool read_plain(const char *p, uint32_t len, bool negative, double *out)
{
    const __m128i order = _mm_loadu_si128((const __m128i *)(const void *)(nothing_and_all + LANES));
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    uint32_t all = (1u << len) - 1;
    uint32_t are_digits = all & (uint32_t)_mm_movemask_epi8(
                                    _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
    uint32_t points = all & ~are_digits;
    if ((points & (points - 1)) != 0 || are_digits == 0)
        return false;
    uint32_t point = points != 0 ? (uint32_t)__builtin_ctz(points) : len;
    uint32_t count = len - (points != 0), behind = count - point;
    if (points != 0 && p[point] != '.')
        return false;
    /* bytes from the point on come from one further */
    __m128i further = _mm_cmpgt_epi8(order, _mm_set1_epi8((char)(point - 1)));
    digits = _mm_shuffle_epi8(digits, _mm_sub_epi8(order, further));
    digits = _mm_shuffle_epi8(digits, _mm_loadu_si128((const __m128i *)(const void *)(nothing_and_all + count)));
    __m128i by2 = _mm_maddubs_epi16(digits, _mm_set1_epi16(10 | 1 << 8));
    __m128i by4 = _mm_madd_epi16(by2, _mm_set1_epi32(100 | 1 << 16));
    __m128i by8 = _mm_madd_epi16(_mm_packus_epi32(by4, by4), _mm_set1_epi32(10000 | 1 << 16));
    uint64_t halves = (uint64_t)_mm_cvtsi128_si64(by8);
    int64_t integer = (int64_t)((halves & UINT32_MAX) * 100000000 + (halves >> 32));
    *out = (double)integer / scales[negative][behind];
    return integer <= INTEGER_MAX;
}

__attribute__((target("sse4.1"))) static void read_at_once(const struct cell *cells, uint32_t count, double *values,
                                                           bool *good)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct cell *cell = &cells[i];
        bool negative = cell->len > 0 && *cell->ptr == '-';
        uint32_t len = cell->len - negative;
        good[i] = (len - 1 < LANES && may_be_number(cell) &&
                   read_plain(cell->ptr + negative, len, negative, &values[i])) ||
                  cell_number(cell, &values[i]);
    }
}

void cells_read_numbers(const struct cell *cells, uint32_t count, double *values, bool *good)
{
    (__builtin_cpu_supports("sse4.1") ? read_at_once : read_each)(cells, count, values, good);
}
#else
void cells_read_numbers(const struct cell *cells, uint32_t count, double *values, bool *good)
{
    read_each(cells, count, values, good);
}
#endif
