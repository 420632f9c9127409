/* Kinds of values. */
#include "check/value_kind.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static bool read_digits(const char **p, const char *end, int count, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (*p == end || **p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (*(*p)++ - '0');
    }
    return true;
}

static bool take(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    (*p)++;
    return true;
}

/* Days since 1970-01-01 (Hinnant, chrono-compatible low-level date algorithms). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_date(const char **p, const char *end, int64_t *days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day;
    if (!read_digits(p, end, 4, &year) || !take(p, end, '-') || !read_digits(p, end, 2, &month) ||
        !take(p, end, '-') || !read_digits(p, end, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *days = days_of(year, month, day);
    return day <= lengths[month - 1] + (month == 2 && leap);
}

/* *fraction: the digits behind the point, without zeros at their end. */
static bool read_clock(const char **p, const char *end, int64_t *out_s, struct str *fraction)
{
    int64_t hour, minute, second = 0;
    if (!read_digits(p, end, 2, &hour) || !take(p, end, ':') || !read_digits(p, end, 2, &minute))
        return false;
    if (take(p, end, ':')) {
        if (!read_digits(p, end, 2, &second))
            return false;
        if (take(p, end, '.')) {
            const char *first = *p;
            while (*p < end && **p >= '0' && **p <= '9')
                (*p)++;
            if (*p == first)
                return false;
            *fraction = (struct str){first, (size_t)(*p - first)};
            while (fraction->len > 0 && fraction->ptr[fraction->len - 1] == '0')
                fraction->len--;
        }
    }
    *out_s = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second <= 60;
}

static bool read_zone(const char **p, const char *end, int64_t *offset_s)
{
    int64_t hour, minute = 0;
    *offset_s = 0;
    if (*p == end || take(p, end, 'Z') || take(p, end, 'z'))
        return true;
    bool west = **p == '-';
    if (!take(p, end, '+') && !take(p, end, '-'))
        return false;
    if (!read_digits(p, end, 2, &hour))
        return false;
    take(p, end, ':');
    if (*p < end && !read_digits(p, end, 2, &minute))
        return false;
    *offset_s = (hour * 3600 + minute * 60) * (west ? -1 : 1);
    return hour < 24 && minute < 60;
}

static bool read_moment(const struct cell *cell, bool *has_clock, int64_t *out_s, struct str *fraction)
{
    *fraction = STR("");
    const char *p = cell->ptr, *end = p + cell->len;
    int64_t days, clock_s = 0, offset_s = 0;
    if ((cell->kind != CELL_TEXT && cell->kind != CELL_STRING) || !read_date(&p, end, &days))
        return false;
    *has_clock = p < end;
    if (*has_clock) {
        if (!take(&p, end, 'T') && !take(&p, end, 't') && !take(&p, end, ' '))
            return false;
        if (!read_clock(&p, end, &clock_s, fraction) || !read_zone(&p, end, &offset_s))
            return false;
    }
    *out_s = days * 86400 + clock_s - offset_s;
    return p == end;
}

bool cell_time(const struct cell *cell, bool *has_clock, int64_t *out_s)
{
    struct str fraction;
    return read_moment(cell, has_clock, out_s, &fraction);
}

static bool is_integer(const struct cell *cell)
{
    uint32_t i = cell->len > 0 && (cell->ptr[0] == '-' || cell->ptr[0] == '+');
    if (i == cell->len || (cell->kind != CELL_TEXT && cell->kind != CELL_NUMBER))
        return false;
    for (; i < cell->len; i++)
        if (cell->ptr[i] < '0' || cell->ptr[i] > '9')
            return false;
    return true;
}

/* ---- order ---- */

static bool take_whole(struct str *digits, bool *negative)
{
    struct cell cell = {digits->ptr, (uint32_t)digits->len, CELL_TEXT};
    if (digits->len > UINT32_MAX || !is_integer(&cell))
        return false;
    *negative = digits->ptr[0] == '-';
    size_t from = *negative || digits->ptr[0] == '+';
    while (from + 1 < digits->len && digits->ptr[from] == '0')
        from++;
    *digits = str_slice(*digits, from, digits->len);
    *negative = *negative && !str_is(*digits, "0");
    return true;
}

int order_whole(struct str a, struct str b)
{
    bool minus_a, minus_b;
    if (!take_whole(&a, &minus_a) || !take_whole(&b, &minus_b))
        return 0;
    if (minus_a != minus_b)
        return minus_a ? -1 : 1;
    int order = a.len != b.len ? (a.len < b.len ? -1 : 1) : str_compare(a, b);
    return minus_a ? -order : order;
}

int order_numbers(const struct cell *a, double x, const struct cell *b, double y)
{
    if (x != y || fabs(x) < WHOLE_DOUBLE_MAX)
        return (x > y) - (x < y);
    return order_whole((struct str){a->ptr, a->len}, (struct str){b->ptr, b->len});
}

int order_values(const struct cell *a, const struct cell *b)
{
    bool clock_a, clock_b;
    int64_t a_s, b_s;
    struct str fraction_a, fraction_b;
    if (read_moment(a, &clock_a, &a_s, &fraction_a) && read_moment(b, &clock_b, &b_s, &fraction_b) &&
        clock_a == clock_b)
        return a_s != b_s ? (a_s < b_s ? -1 : 1) : str_compare(fraction_a, fraction_b);
    return str_compare((struct str){a->ptr, a->len}, (struct str){b->ptr, b->len});
}

static bool is_boolean(const struct cell *cell)
{
    return cell->kind == CELL_BOOL ||
           (cell->kind == CELL_TEXT && ((cell->len == 4 && strncasecmp(cell->ptr, "true", 4) == 0) ||
                                        (cell->len == 5 && strncasecmp(cell->ptr, "false", 5) == 0)));
}

bool value_is_kind(const struct cell *cell, enum value_kind kind)
{
    double number;
    bool clock;
    int64_t at_s;
    switch (kind) {
    case KIND_INTEGER:
        return is_integer(cell);
    case KIND_NUMBER:
        return cell->kind != CELL_STRING && cell_number(cell, &number);
    case KIND_BOOLEAN:
        return is_boolean(cell);
    case KIND_DATE:
        return cell_time(cell, &clock, &at_s) && !clock;
    case KIND_TIMESTAMP:
        return cell_time(cell, &clock, &at_s);
    case KIND_STRING:
        return cell->kind == CELL_TEXT || cell->kind == CELL_STRING;
    }
    return false;
}

bool data_time_parse(struct str text, int64_t *out_s)
{
    bool has_clock;
    struct cell cell = {text.ptr, (uint32_t)text.len, CELL_TEXT};
    return text.len <= UINT32_MAX && cell_time(&cell, &has_clock, out_s);
}
